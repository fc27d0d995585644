"""Calls that keep to the limits of their models: what waits is a row, costs nothing, and has not failed."""

import socket
import time
from uuid import UUID

import pytest
from ground import forget_limits
from shell import Shell

from senso import supplied
from senso.db import transaction
from senso.errors import Unavailable
from senso.limits import redis_scripts, script
from senso.limits.allowance import Allowance
from senso.limits.outcomes import ended
from senso.limits.process import allowances
from senso.policy import POLICY
from senso.queries import runs as run_rows
from senso.registry import JOB_PROVIDERS
from senso.settings import settings
from senso.tasks.periodic import admit, due
from senso.tasks.stages import ask_batch, extract, find_names, open_batch, read
from senso.workflows import breakers, limiting, reading_models, stopping

ASKED = "gpt-6.1-terra"
READS = "gpt-6-luna"


def limit(make, model=ASKED, **limits):
    """With a state of its own that knows of no lost one: as if it had been used little for a minute."""
    for column, value in limits.items():
        make.sql(f"UPDATE models SET {column} = :value WHERE slug = :model", value=value, model=model)
    provider, name = make.sql("SELECT provider, name FROM models WHERE slug = :model", model=model)[0].values()
    minute_ago = round((float(redis_scripts.client().time()[0]) - 61) * 1e6)
    script.run({"provider": provider, "model": name, "owner": "before", "now": minute_ago})
    return provider, name


def states(make):
    return [row["state"] for row in make.sql("SELECT state FROM question_runs ORDER BY number")]


def asked(make, batch):
    read(*map(str, make.runs(batch)))


def test_what_is_beyond_the_limit_waits_in_its_row_without_a_claim(make, sandbox):
    limit(make, rpm=3)
    batch = make.batch(questions=5)

    asked(make, batch)

    late = make.sql(
        "SELECT fence, failures, lease_owner, error, next_at > now() AS later FROM question_runs "
        "WHERE state = 'planned'"
    )
    assert [tuple(row.values()) for row in late] == [
        (0, 0, None, f"waits for openai {ASKED}, 3 requests a minute", True)
    ] * 2
    assert (
        len(sandbox.calls("openai.responses")) == make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'ask'") == 3
    )


def test_it_is_sent_again_when_its_time_has_come(make, sandbox, messages):
    limit(make, rpm=1)
    batch = make.batch(questions=2)
    asked(make, batch)
    messages.clear()
    due()
    early = messages("ask")
    make.sql("UPDATE question_runs SET next_at = now() WHERE state = 'planned'")
    forget_limits()
    limit(make, rpm=1)

    due()
    (sent,) = messages("ask")
    asked(make, batch)

    assert (early, sent[0], states(make)) == ([], "senso.read", ["answered", "answered"])


def test_other_models_go_on(make, sandbox):
    limit(make, rpm=1)
    batch = make.batch(questions=3, models=(ASKED, "gpt-6-luna"))

    asked(make, batch)

    assert sorted(states(make)) == ["answered"] * 4 + ["planned"] * 2


def test_a_vendors_429_with_a_time_holds_for_all_runs_of_the_model(make, sandbox):
    sandbox.fault("openai.responses", "429", times=1, retry_after=30)
    batch = make.batch(questions=3)
    first, *others = make.runs(batch)
    read(str(first))

    read(*map(str, others))

    rows = make.sql(
        "SELECT failures, next_at > now() + interval '20 s' AS later, error FROM question_runs ORDER BY number"
    )
    assert [(row["failures"], row["later"]) for row in rows] == [(0, True)] * 3
    assert rows[1]["error"] == f"waits for openai {ASKED}, which asked to be left alone"
    assert len(sandbox.calls("openai.responses")) == 1


def test_an_answer_is_saved_although_its_reading_has_to_wait(make, sandbox):
    limit(make, READS, rpm=1)
    batch = make.batch(questions=3, models=("gpt-6.1-terra",))

    asked(make, batch)

    rows = make.sql(
        "SELECT e.state, e.failures, e.next_at > now() AS later, e.error FROM evaluations e "
        "JOIN question_runs r ON r.id = e.run_id ORDER BY e.state"
    )
    assert states(make) == ["answered"] * 3
    assert [row["state"] for row in rows] == ["done", "pending", "pending"]
    assert [(row["failures"], row["later"]) for row in rows[1:]] == [(0, True)] * 2
    assert rows[1]["error"] == f"waits for openai {READS}, 1 requests a minute"


def test_a_reading_that_waited_is_put_off_again_and_read_in_its_turn(make, sandbox):
    limit(make, READS, rpm=1)
    batch = make.batch(questions=2)
    asked(make, batch)
    make.sql("UPDATE evaluations SET next_at = now() WHERE state = 'pending'")

    extract(*map(str, make.runs(batch)))
    again = make.sql("SELECT state FROM evaluations WHERE next_at > now()")
    make.sql("UPDATE evaluations SET next_at = now() WHERE state = 'pending'")
    forget_limits()
    limit(make, READS, rpm=1)
    extract(*map(str, make.runs(batch)))

    assert len(again) == 1
    assert make.one("SELECT count(*) FROM evaluations WHERE state = 'done'") == 2


def test_of_a_scarce_model_a_batch_has_a_window_in_line_and_hands_out_its_other_runs(make):
    batch = make.batch(questions=150, models=(ASKED, "gpt-6-luna"))
    make.sql("UPDATE question_runs SET sent_at = NULL WHERE batch_id = :b", b=batch)
    scarce = "(SELECT id FROM models WHERE slug = 'gpt-6.1-terra')"
    make.sql(
        "UPDATE question_runs SET sent_at = now() - interval '1 s', next_at = now() + interval '1 hour' WHERE id IN "
        f"(SELECT id FROM question_runs WHERE model_id = {scarce} ORDER BY number LIMIT 100)"
    )

    with transaction() as db:
        run_rows.hand_out(db, batch, 1, JOB_PROVIDERS, POLICY.window)

    begun = make.sql(
        "SELECT m.slug, count(*) FROM question_runs r JOIN models m ON m.id = r.model_id WHERE sent_at IS NOT NULL "
        "GROUP BY m.slug ORDER BY m.slug"
    )
    assert {row["slug"]: row["count"] for row in begun} == {"gpt-6-luna": 100, ASKED: 100}


def test_when_runs_that_waited_are_sent_their_batch_hands_out_more_a_little_later(make, messages):
    batch = make.batch(questions=101)
    make.sql("UPDATE outbox SET published_at = now()")
    make.sql("UPDATE question_runs SET next_at = now(), sent_at = now() - interval '1 s' WHERE sent_at IS NOT NULL")

    due()

    (later,) = make.sql("SELECT pipeline, ids, not_before > now() AS later FROM outbox WHERE published_at IS NULL")
    assert later == {"pipeline": "ask", "ids": [str(batch)], "later": True}


def failed(provider, model, times=10):
    """As many calls of another process."""
    one = allowances.of(provider, model)
    for permit in one.take("ask", [0] * times, one.limits).permits:
        one.settle(permit, ended(Unavailable("openai", "down", status=500)))
    one.tell(anyway=True)


def test_an_open_breaker_puts_runs_off(make, sandbox):
    batch = make.batch(questions=3)
    failed("openai", ASKED)

    asked(make, batch)

    found = make.sql("SELECT DISTINCT error, failures FROM question_runs")
    assert [tuple(row.values()) for row in found] == [(f"waits for openai {ASKED}, whose breaker is open", 0)]
    assert sandbox.calls("openai.responses") == []


def test_one_run_tries_for_all_and_its_failure_is_the_vendors(make, sandbox):
    batch = make.batch(questions=3)
    opened_for(0.05)
    time.sleep(0.06)
    sandbox.fault("openai.responses", "500", share=1)

    asked(make, batch)
    allowances.tell()

    assert len(sandbox.calls("openai.responses")) == 1
    assert make.one("SELECT max(failures) FROM question_runs") == 0
    assert {row["state"] for row in make.sql("SELECT state FROM question_runs")} == {"planned"}


def test_work_goes_on_when_the_one_that_tried_was_answered(make, sandbox):
    batch = make.batch(questions=3)
    opened_for(0.05)
    time.sleep(0.06)
    asked(make, batch)
    first = sorted(states(make))
    allowances.tell()
    make.sql("UPDATE question_runs SET next_at = now() WHERE state = 'planned'")

    asked(make, batch)

    assert (first, states(make)) == (["answered", "planned", "planned"], ["answered"] * 3)
    breakers.record()
    assert [row["event"] for row in make.sql("SELECT event FROM breaker_events ORDER BY id")] == [
        *("opened", "probing"),
        "closed",
    ]


def opened_for(seconds):
    """The breaker of the model that is asked, as if ten calls of another process had failed."""
    asks = {"provider": "openai", "model": ASKED, "owner": "other"}
    told = {"calls": 10, "failures": 10, "error": "Unavailable", "epoch": script.run(asks)["epoch"]}
    assert script.run(asks | {"told": told, "times": {"open": round(seconds * 1e6)}})["state"] == "open"


def test_what_breakers_did_is_written_down_once(make):
    failed("openai", "some-model")

    counts = [breakers.record(), breakers.record()]

    (row,) = make.sql("SELECT provider, model, event, calls, failures, error, open_seconds FROM breaker_events")
    (audited,) = make.sql("SELECT action, actor, subject, details FROM audit WHERE action = 'breaker'")
    assert counts == [1, 0]
    assert tuple(row.values()) == ("openai", "some-model", "opened", 10, 10, "Unavailable", 30)
    assert (audited["actor"], audited["subject"], audited["details"]["event"]) == (
        "senso",
        "model:openai/some-model",
        "opened",
    )


def test_an_event_that_was_stored_and_not_forgotten_is_not_stored_again(make, monkeypatch):
    failed("openai", "some-model")
    monkeypatch.setattr("senso.limits.events.forget", lambda _: None)

    assert [breakers.record(), breakers.record()] == [1, 0]


@pytest.mark.parametrize("how", ["refuses", "is silent"])
def test_without_redis_a_process_goes_on_at_a_small_rate(make, sandbox, monkeypatch, how):
    make.sql("UPDATE models SET rpm = 60 WHERE slug = :model", model=ASKED)
    batch = make.batch(questions=4)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = 9 if how == "refuses" else silent.getsockname()[1]
        monkeypatch.setattr(supplied.redis_url, "find", lambda: f"redis://127.0.0.1:{port}/0")
        allowances.forget()

        asked(make, batch)

    assert sorted(states(make)) == ["answered", "planned", "planned", "planned"]
    assert make.one("SELECT max(failures) FROM question_runs") == 0
    monkeypatch.undo()
    allowances.forget()


@pytest.mark.parametrize("lost", ["script", "state"])
def test_a_redis_that_has_forgotten_is_told_again(make, sandbox, lost):
    limit(make, rpm=1000)
    batch = make.batch(questions=4)
    first, *others = make.runs(batch)
    read(str(first))
    if lost == "script":
        redis_scripts.client().script_flush()
    else:
        for key in redis_scripts.client().scan_iter(f"{redis_scripts.PREFIX}*"):
            redis_scripts.client().delete(key)
    allowances.forget()

    read(*map(str, others))

    assert states(make) == ["answered"] * 4


def test_providers_shows_limits_use_and_breaker(make, sandbox, monkeypatch, capsys):
    limit(make, rpm=3, tpm=1_000_000, max_in_flight=40)
    batch = make.batch(questions=5)
    asked(make, batch)
    allowances.tell()
    allowances.of("openai", ASKED).tell(anyway=True)
    senso = Shell(monkeypatch, capsys)

    shown = senso("providers", "--json").json
    said = senso("providers").out

    model = next(one for one in shown["models"] if one["model"] == ASKED)
    assert (model["rpm"], model["requests_used"], model["breaker"], model["waits"]) == (3, 3, "closed", 2)
    assert model["tokens_used"] > 0
    assert "3 of 3" in said


def test_names_are_not_asked_of_a_model_that_is_away_and_after_a_while_done_without(make, sandbox):
    batch = make.queued()
    admit()
    open_batch(str(batch))
    failed("openai", READS)
    find_names(str(batch))
    ask_batch(str(batch))
    early = make.one("SELECT count(*) FROM name_variations"), make.unpublished()
    make.sql("UPDATE batches SET started_at = now() - interval '1 hour'")

    find_names(str(batch))
    ask_batch(str(batch))

    assert (early[0], [key for key in early[1] if key.startswith("prepare")]) == (0, [f"prepare:{batch}:1"])
    assert make.one("SELECT is_fallback FROM name_variations") is True
    assert make.one("SELECT count(*) FROM question_runs WHERE sent_at IS NULL") == 0
    assert make.one("SELECT count(*) FROM llm_calls") == 0


OTHER = "gpt-5.4-mini"


@pytest.fixture
def two_readers(environment):
    environment.setenv("READING_MODELS", f"{READS},{OTHER}")
    settings.cache_clear()
    reading_models.cached.clear()
    yield
    reading_models.cached.clear()


def answered_for_two(make) -> UUID:
    """An answer that waits to be read by the first reader for one org, and by the second for another."""
    run, *_ = make.runs(make.batch(questions=1))
    make.answered(run)
    make.sql("UPDATE evaluations SET next_at = now(), reader = 0 WHERE run_id = :run", run=run)
    org = make.org()
    make.sql(
        "INSERT INTO evaluations (id, run_id, org_id, batch_id, reader, next_at) "
        "SELECT gen_random_uuid(), run_id, :org, batch_id, :place, now() FROM evaluations WHERE run_id = :run",
        org=org.id,
        run=run,
        place=place_of_other(),
    )
    make.sql("UPDATE batches SET planned = 2, remaining = 2")
    return run


def place_of_other() -> int:
    with transaction() as db:
        return next(at for at, one in enumerate(reading_models.readers(db)) if one.model.name == OTHER)


@pytest.mark.usefixtures("two_readers")
def test_the_breaker_of_the_second_reader_holds_although_the_first_is_well(make, sandbox):
    run = answered_for_two(make)
    failed("openai", OTHER)

    extract(str(run))

    assert sandbox.calls("openai.chat") == []
    assert make.sql("SELECT DISTINCT state, error, failures FROM evaluations") == [
        {"state": "pending", "error": f"waits for openai {OTHER}, whose breaker is open", "failures": 0}
    ]
    assert not allowances.of("openai", READS).flying


@pytest.mark.usefixtures("two_readers")
def test_the_breaker_of_the_second_reader_holds_although_the_first_is_paused(make, sandbox):
    run = answered_for_two(make)
    stopping.pause(f"model:{READS}", "mara", None)
    failed("openai", OTHER)

    extract(str(run))

    assert sandbox.calls("openai.chat") == []


@pytest.mark.usefixtures("two_readers")
def test_each_reader_counts_its_own_calls(make, sandbox, monkeypatch):
    run = answered_for_two(make)
    settled = []
    monkeypatch.setattr(allowances, "settle", lambda allowance, *_: settled.append(allowance.model))
    monkeypatch.setattr(Allowance, "overdraw", None)

    extract(str(run))

    assert sorted(settled) == [OTHER, READS]
    assert kept_for(run) == []


def kept_for(run) -> list:
    return [one for one in limiting.hand.permits if one[1] == run]


def test_what_cannot_be_read_at_all_returns_its_place_at_once(make, sandbox):
    run, *_ = make.runs(make.batch(questions=1))
    make.answered(run, "   ")
    make.sql("UPDATE evaluations SET next_at = now()")

    extract(str(run))

    assert sandbox.calls("openai.chat") == []
    assert not allowances.of("openai", READS).flying
    assert kept_for(run) == []
