"""A pause stops each kind of claim, costs nothing that was paid for, and work goes on by itself when it ends."""

from dataclasses import replace

import pytest
from at_work import start
from jobs import collect, job
from operating import Initiator, trigger_org
from sqlalchemy import text

from senso.db import transaction
from senso.errors import ConfigError, NotFound
from senso.policy import POLICY
from senso.queries import invariants, job_places, sweep, workers
from senso.queries.models import by_reader
from senso.queries.workers import DUE_EVALUATIONS
from senso.reads import waiting
from senso.states import StopScope
from senso.tasks import canvas
from senso.tasks.periodic import admit
from senso.tasks.stages import ask_batch, extract, find_names, open_batch, read, submit_snapshot
from senso.workflows import reading_models, recovery, stopping

ME = Initiator("mara")


def calls(make) -> int:
    return make.one("SELECT count(*) FROM llm_calls")


def sent(make, monkeypatch) -> list:
    """What the tick for due work sends."""
    found: list = []
    monkeypatch.setattr(canvas, "send_groups", lambda name, ids: found.extend((name, one) for one in ids))
    monkeypatch.setattr(canvas, "send_each", lambda name, ids: found.extend((name, one) for one in ids))
    recovery.send_due(canvas)
    return found


def lost(make) -> dict:
    with transaction() as db:
        return sweep.find_lost(db, 0, 500, reading_models.readers_if_right(db))


@pytest.mark.parametrize("said", [None, "openai", "gpt-6.1-terra", "PARTNER"])
def test_no_question_is_asked_while_it_is_paused_and_all_are_due_when_it_goes_on(make, sandbox, monkeypatch, said):
    org = make.org(questions=3)
    batch = make.batch(org)
    wanted = str(org.partner) if said == "PARTNER" else said
    assert stopping.pause(wanted, "mara", None).changed

    read(*map(str, make.runs(batch)))

    assert calls(make) == 0
    assert lost(make) == {"lost runs": 0, "lost evaluations": 0}
    assert sent(make, monkeypatch) == []
    rows = make.sql("SELECT state, lease_owner, failures, fence FROM question_runs WHERE batch_id = :b", b=batch)
    assert {tuple(one.values()) for one in rows} == {("planned", None, 0, 0)}
    assert stopping.resume(wanted, "mara").freed == 3
    assert len(sent(make, monkeypatch)) == 3
    read(*map(str, make.runs(batch)))
    assert make.one("SELECT count(*) FROM evaluations WHERE state = 'done'") == 3


def test_an_answer_that_was_paid_for_is_saved_and_only_its_reading_waits(make, sandbox, monkeypatch):
    batch = make.batch(questions=2)
    reader = reading_models.supplied.reading_models()[0]
    monkeypatch.setattr("senso.workflows.asking.ask_now", paused_by(reader, monkeypatch))

    read(*map(str, make.runs(batch)))

    states = make.sql("SELECT r.state, e.state AS reading FROM question_runs r JOIN evaluations e ON e.run_id = r.id")
    assert {(one["state"], one["reading"]) for one in states} == {("answered", "pending")}
    assert lost(make)["lost evaluations"] == 0
    assert sent(make, monkeypatch) == []
    assert stopping.resume(f"model:{reader}", "mara").freed == 2
    assert {name for name, _ in sent(make, monkeypatch)} == {"extract"}
    extract(*map(str, make.runs(batch)))
    assert make.one("SELECT count(*) FROM evaluations WHERE state = 'done'") == 2
    assert calls(make) == 4


def paused_by(reader, monkeypatch):
    """Asks, and pauses the reading model while the calls are under way."""
    from senso.workflows import asking  # noqa: PLC0415  as it is before it is replaced

    before = asking.ask_now

    async def ask(work):
        answer = await before(work)
        stopping.pause(f"model:{reader}", "mara", None)
        return answer

    return ask


def test_names_are_not_asked_for(make, sandbox):
    batch = trigger_org(make.org().id, ME).batch.id
    admit()
    open_batch(str(batch))
    stopping.pause(None, "mara", None)

    find_names(str(batch))
    ask_batch(str(batch))

    assert calls(make) == 0
    waits = make.one("SELECT extract(epoch FROM not_before - now()) FROM outbox WHERE key LIKE 'prepare:%'")
    assert waits > 20
    stopping.resume(None, "mara")
    assert make.one("SELECT published_at FROM outbox WHERE key LIKE 'prepare:%'")
    find_names(str(batch))
    assert calls(make) == 1


def test_a_job_is_not_submitted_and_one_at_the_vendor_is_collected(make, sandbox):
    submitted = job(make)
    submit_snapshot(submitted)
    waiting = [str(one["id"]) for one in planned(make)]
    stopping.pause("brightdata", "mara", None)

    submit_snapshot(*waiting)
    collect(make)

    states = {str(one["id"]): one["state"] for one in make.sql("SELECT id, state FROM vendor_jobs")}
    assert states == {submitted: "collected"} | dict.fromkeys(waiting, "submitting")
    stopping.resume("brightdata", "mara")
    assert make.one("SELECT next_poll_at <= now() FROM vendor_jobs WHERE state = 'submitting'")


def planned(make) -> list:
    batch = make.batch(questions=1, models=("chatgpt",))
    return make.sql("SELECT id FROM vendor_jobs WHERE batch_id = :b", b=batch)


def test_a_batch_is_neither_admitted_nor_opened_and_others_are(make):
    paused, other = make.org(), make.org()
    held, free = (trigger_org(one.id, ME).batch.id for one in (paused, other))
    stopping.pause(str(paused.partner), "mara", "they asked")

    admit()

    assert (make.state(held)["state"], make.state(free)["state"]) == ("queued", "running")
    stopping.resume(str(paused.partner), "mara")
    admit()
    stopping.pause(None, "mara", None)
    open_batch(str(held))
    assert make.state(held)["remaining"] is None
    stopping.resume(None, "mara")
    assert f"start:{held}:1" in make.sql("SELECT string_agg(key, ' ') AS keys FROM outbox")[0]["keys"]
    open_batch(str(held))
    assert make.state(held)["remaining"] == 2


def test_a_paused_model_does_not_keep_the_others_of_its_batch_waiting(make, sandbox):
    make.names(org := make.org(questions=150, models=("gpt-6.1-terra", "gpt-6-luna")))
    batch = trigger_org(org.id, ME).batch.id
    admit()
    open_batch(str(batch))
    stopping.pause("gpt-6-luna", "mara", None)

    ask_batch(str(batch))

    handed = make.sql(
        "SELECT m.slug, count(*) AS n FROM question_runs r JOIN models m ON m.id = r.model_id "
        "WHERE sent_at IS NOT NULL GROUP BY 1"
    )
    assert handed == [{"slug": "gpt-6.1-terra", "n": 100}]


def test_the_sweep_leaves_what_is_paused_and_no_promise_is_broken(make, sandbox):
    batch = make.batch(questions=2)
    make.later(hours=0.2)
    stopping.pause(None, "mara", None)
    read(*map(str, make.runs(batch)))

    with transaction() as db:
        assert sweep.restart_idle(db, 60) == {"idle batches": 0}
        assert not invariants.broken(db, POLICY, 500)


def test_two_pauses_hold_until_both_have_ended(make, sandbox):
    batch = make.batch(questions=1)
    assert [stopping.pause(None, "mara", None).changed for _ in range(5)] == [True] + [False] * 4
    stopping.pause("openai", "otto", None)
    read(*map(str, make.runs(batch)))

    assert stopping.resume(None, "mara").freed == 0
    assert [one.scope for one in stopping.resume("openai", "mara").in_force] == []
    assert make.one("SELECT count(*) FROM question_runs WHERE next_at <= now()") == 1
    audited = make.sql("SELECT action, actor, subject FROM audit WHERE action IN ('pause', 'resume') ORDER BY id")
    assert [one["subject"] for one in audited] == ["all", "provider:openai", "all", "provider:openai"]


def test_a_name_of_nothing_says_what_there_is_and_one_of_two_things_which(make):
    with pytest.raises(NotFound, match=r"providers: .*openai.*; models: .*gpt-6-luna"):
        stopping.pause("opnai", "mara", None)
    with pytest.raises(ConfigError, match="say provider:perplexity or model:perplexity"):
        stopping.pause("perplexity", "mara", None)
    assert stopping.pause("model:perplexity", "mara", None).subject.scope is StopScope.MODEL


def test_what_is_paused_past_its_deadline_ends_as_ever(make, sandbox):
    from senso.tasks.stages import finish_batch  # noqa: PLC0415

    batch = make.batch(questions=1)
    stopping.pause(None, "mara", None)
    make.sql("UPDATE batches SET deadline = now() - interval '1 second'")

    finish_batch(str(batch), "sweep")

    assert make.state(batch)["state"] == "failed"


def test_a_run_may_be_paused_while_another_process_starts_it(make, sandbox):
    """Started from nothing: the whole pipeline under a pause changes no row of the batch's work."""
    stopping.pause(None, "mara", None)
    batch = trigger_org(make.org().id, ME).batch.id
    start(batch)
    assert make.state(batch)["state"] == "queued"
    assert calls(make) == 0


def test_doctor_does_not_call_broken_what_is_paused_for_an_hour(make, sandbox):
    batch = make.batch(questions=3)
    first, second, third = make.runs(batch)
    make.answered(third)
    make.sql("UPDATE question_runs SET next_at = now() WHERE id = :id", id=second)
    make.queued()
    stopping.pause(None, "mara", None)
    read(str(first))
    make.later(hours=1)
    make.sql("INSERT INTO workers (id) VALUES ('here:1:1')")

    with transaction() as db:
        assert not {name for name in invariants.broken(db, POLICY, 500) if name[:2] in {"I7", "I8"}} - OUTBOX
    stopping.resume(None, "mara")
    with transaction() as db:
        assert {name[:2] for name in invariants.broken(db, POLICY, 500)} >= {"I8"}


OUTBOX = {"I7 the outbox drains"}  # its rows were moved, too


def test_a_paused_partners_jobs_leave_their_places_to_others(make):
    poor = make.org(questions=1, models=("chatgpt",), countries=("US", "CA", "GB"))
    held = vendor_jobs(make, make.batch(poor))
    admitted(held, 2)
    others = vendor_jobs(make, make.batch(questions=1, models=("chatgpt",)))
    stopping.pause(str(poor.partner), "mara", None)

    assert admitted([*held, *others], 2) == set(others)
    stopping.resume(str(poor.partner), "mara")
    assert len(admitted(held, 2) - set(others)) == 1


def vendor_jobs(make, batch) -> list:
    found = make.sql("SELECT id FROM vendor_jobs WHERE batch_id = :b ORDER BY created_at, id", b=batch)
    return [one["id"] for one in found]


def admitted(jobs, most) -> set:
    with transaction() as db:
        return set(job_places.admit(db, jobs, replace(POLICY, jobs_at_a_time=most)))


def test_a_paused_job_without_a_place_is_told_as_paused(make, sandbox):
    batch = make.batch(questions=1, models=("chatgpt",))
    stopping.pause("brightdata", "mara", None)
    submit_snapshot(*map(str, vendor_jobs(make, batch)))
    make.sql("UPDATE vendor_jobs SET next_poll_at = now() - interval '1 second'")
    with transaction() as db:
        workers.beat(db, "living")
        found = waiting.waits(db, [batch], POLICY, each=True, reader="gpt-6-luna")

    assert [one.what for one in found] == ["stopped"]


@pytest.mark.parametrize("said", ["gpt-6-luna", "openai", "PARTNER"])
def test_the_tick_for_due_work_looks_up_stops_once_and_not_for_each_row_that_they_hold(make, said):
    org = make.org(questions=30)
    batch = make.batch(org)
    for run in make.runs(batch):
        make.answered(run)
    make.sql("UPDATE evaluations SET next_at = now() - interval '1 second'")
    assert due_readings()[0] == 30
    stopping.pause(str(org.partner) if said == "PARTNER" else said, "mara", None)

    found, looks = due_readings()

    assert found == 0
    assert looks <= 1


def due_readings() -> tuple[int, int]:
    """How many there are, and how often the statement looked into a table of stops at most. Changes nothing."""
    with transaction() as db:
        values = {"most": 5} | by_reader(reading_models.readers_if_right(db))
        before = db.begin_nested()
        (found,) = db.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {DUE_EVALUATIONS.text}"), values).scalar_one()
        before.rollback()
    looks = [one["Actual Loops"] for one in nodes(found["Plan"]) if one.get("Relation Name") in STOPS]
    return int(found["Plan"]["Actual Rows"]), int(max(looks))


STOPS = {"pauses", "cost_stops"}


def nodes(plan: dict) -> list[dict]:
    return [plan, *(one for part in plan.get("Plans", ()) for one in nodes(part))]
