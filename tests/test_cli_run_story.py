"""`runs`, `show`, `status`: a batch that failed is explained from the command line alone."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest
from at_work import start, work_off
from shell import Shell

from senso import extraction
from senso.cli.answering import marked, spans
from senso.cli.run_story import key
from senso.errors import ConfigError
from senso.extraction import claims, competitors, judging
from senso.extraction.claims import verdicts
from senso.extraction.prompts import reply
from senso.reads.mark_words import MARKS
from senso.states import Verdict
from senso.tasks.stages import finish_batch, read, submit_snapshot

MODULES = (claims, competitors, extraction, judging, verdicts)


def test_each_run_is_listed_with_the_vendors_reason_its_tries_and_its_cost(senso, make, sandbox):
    batch = make.queued(questions=2)
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batch)

    every, failed = senso("runs", batch, "--json").json, senso("runs", batch, "--failed", "--json").json

    assert [one["state"] for one in every] == ["failed", "answered"]
    assert failed == every[:1]
    told = "Invalid value for 'input': the request is one that the sandbox was told to refuse."
    assert failed[0]["reason"] == f"openai 400: {told}"
    assert (failed[0]["tries"], every[1]["tries"], every[1]["evaluation"]) == (1, 2, "done")
    assert every[1]["cost_microusd"] == make.one(
        "SELECT sum(cost_microusd)::bigint FROM llm_calls WHERE run_id = :r", r=every[1]["id"]
    )
    assert (every[0]["model"], every[0]["location"]) == ("gpt-6.1-terra", "US")


def test_a_run_that_was_answered_but_not_read_is_among_the_failed(senso, make, sandbox):
    batch = make.batch(questions=1)
    (run,) = make.runs(batch)
    sandbox.fault("openai.chat", "refusal", times=1)
    read(str(run))

    (one,) = senso("runs", batch, "--failed", "--json").json
    said = senso("runs", batch, "--failed").out

    assert (one["state"], one["evaluation"]) == ("answered", "failed")
    assert "refus" in one["reason"]
    assert "answered, reading failed" in said


@pytest.mark.parametrize("columns", [60, 100])
def test_a_question_is_shortened_for_the_terminal_and_whole_in_json(senso, make, columns):
    senso.columns(columns)
    text = "Which of the many lenders in this town, " + "small or large, " * 12 + "is best?\nSay why."
    batch = make.batch(texts=[text])

    said = senso("runs", batch).out
    (one,) = senso("runs", batch, "--json").json

    assert one["question"] == text
    assert max(map(len, said.splitlines())) <= columns
    assert "..." in said


def test_a_batch_without_runs_says_why(senso, make):
    batch = make.queued(questions=3, available=2)
    make.sql("UPDATE batches SET state = 'blocked', error = '3 credits are needed'")

    assert "blocked: 3 credits are needed" in senso("runs", batch).out
    assert senso("runs", batch, "--json").json == []


def test_a_run_is_shown_from_its_first_claim_to_its_sources(senso, make, sandbox):
    run = make.run()
    sandbox.fault("openai.responses", "500", times=1)
    read(str(run))
    make.sql("UPDATE question_runs SET next_at = now()")
    read(str(run))

    found = senso("show", run, "--json").json
    said = senso("show", found["number"]).out

    assert [(call["purpose"], call["outcome"]) for call in found["calls"]] == [
        ("ask", "unavailable"),
        ("ask", "answered"),
        ("read", "read"),
    ]
    assert [call["fence"] for call in found["calls"]] == [1, 2, 1]
    assert found["calls"][1]["tokens_in"] > 0
    assert found["evaluations"][0]["state"] == "done"
    for words in ("call 1: ask, openai gpt-6.1-terra: unavailable", "call 2: ask", "tokens in", "the answer was saved"):
        assert words in said
    assert found["id"] in said


def test_mentions_are_marked_in_the_answer(senso, make, sandbox):
    run = make.run(answered=True)
    make.sql(
        "UPDATE evaluations SET state = 'done', mentioned = true, mention_text = '**Larch Hill Credit Union** is a "
        "good choice.', sentiment = 'positive', rank = 1, share_of_text = 0.7"
    )

    said = senso("show", run).out

    assert "»**Larch Hill Credit Union** is a good choice.« Vantry is another." in said
    assert "yes, positive, rank 1, 70% of the text" in said


def test_quotes_that_overlap_are_marked_once_and_control_characters_are_taken_out():
    answer = "A is good. A is cheap. \x1b[2J[red]B[/red]"

    shown = marked(answer, ["A is good. A", "A is cheap.", "", "nowhere"])

    assert shown.plain == "»A is good. A is cheap.« �[2J[red]B[/red]"
    assert spans("aXa", ["a"]) == [(0, 1), (2, 3)]
    assert [answer[start:end] for start, end in spans(answer, ["A is good. A", "A is cheap."])] == [answer[:22]]


def test_what_was_dropped_or_corrected_is_said_with_its_reason(senso, make):
    run = make.run(answered=True)
    marks = [
        {"field": "mentioned", "kind": "other-entity", "value": "Acme Bank of Larch is cheap."},
        {"field": "competitors", "kind": "competitor-not-in-answer", "value": "Globex"},
        {"field": "rank", "kind": "of tomorrow", "value": "9"},
    ]
    make.sql("UPDATE evaluations SET state = 'done', mentioned = false, marks = CAST(:m AS jsonb)", m=json.dumps(marks))
    make.sql("INSERT INTO competitors (evaluation_id, name) SELECT id, 'Vantry' FROM evaluations")

    said = " ".join(senso("show", run).out.split())

    assert "the model says that it means another: Acme Bank of Larch is cheap." in said
    assert "competitors dropped: this name does not stand in the answer: Globex" in said
    assert "rank of tomorrow: 9" in said
    assert "competitors: Vantry" in said


def test_every_mark_of_the_extraction_has_its_sentence():
    source = "".join(Path(module.__file__).read_text() for module in MODULES)

    of_places = set(get_args(reply.Verdict)) - {reply.NAMED}

    assert set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source)) - set(Verdict) | of_places == set(MARKS)


def test_sources_are_judged_for_the_org(senso, make):
    run = make.run(answered=True)
    add = (
        "INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, title, position, cited) "
        "VALUES (:run, :url, :url, :host, :host, 'A page', :position, :cited)"
    )
    make.sql(add, run=run, url="https://larchhill.example/rates", host="larchhill.example", position=1, cited=True)
    make.sql(add, run=run, url="https://news.example/x", host="news.example", position=2, cited=False)

    found = senso("show", run, "--json").json
    said = senso("show", run).out

    assert [list(one["whose"].values()) for one in found["citations"]] == [["primary"], ["secondary"]]
    assert "1 primary: A page (own)" in said
    assert "2 secondary, only offered: A page (other)" in said
    assert "https://larchhill.example/rates" in said


def test_a_call_that_never_reported_back_is_maybe_paid(senso, make):
    run = make.run()
    make.sql(
        "INSERT INTO llm_calls (purpose, batch_id, run_id, fence, provider, model) "
        "SELECT 'ask', batch_id, id, 1, 'openai', 'gpt-6.1-terra' FROM question_runs WHERE id = :run",
        run=run,
    )
    make.sql(
        "UPDATE question_runs SET state = 'asking', fence = 1, lease_owner = 'w', "
        "lease_until = now() + interval '1 minute'"
    )
    holding = senso("show", run).out
    make.sql("UPDATE question_runs SET state = 'planned', lease_owner = NULL, lease_until = NULL")

    lost = senso("show", run).out

    assert "under way" in holding
    assert "held by    w until" in holding
    assert "maybe paid" not in holding
    assert "it never reported back, maybe paid" in lost
    assert "cost       $0.0000 and 1 call of unknown cost\n" in lost
    assert "1 call, $0.0000 and 1 call of unknown cost\n" in senso("runs", make.one("SELECT id FROM batches")).out


def test_a_snapshot_is_shown_with_its_name_at_the_vendor(senso, make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    batch = make.batch(models=("chatgpt",))
    submit_snapshot(str(make.one("SELECT id FROM vendor_jobs")))

    found = senso("show", make.runs(batch)[0], "--json").json
    said = senso("show", found["number"]).out

    assert found["snapshot"]["external_id"].startswith("s_")
    assert (found["snapshot"]["state"], found["snapshot"]["runs"]) == ("running", 2)
    assert f"snapshot {found['snapshot']['external_id']} is running" in " ".join(said.split())
    assert "under way" in said
    assert "maybe paid" not in said


def test_show_takes_a_batch_for_what_it_is(senso, make):
    batch = make.batch()

    assert senso("show", batch, "--json").json["id"] == str(batch)
    assert "2 planned" in senso("show", batch).out


def test_the_audit_of_a_batch_says_who_did_what_when(senso, make, sandbox):
    org = make.org(questions=1)
    senso("credits", org.partner, "--grant", 5, "--ref", "invoice 7")
    opened = senso("trigger", "org", org.id, "--triggered-by", "ticket 9", "--user-id", "u-1", "--json").json
    senso("cancel", opened["id"])
    senso("retry", opened["id"])
    other = make.org()
    senso("credits", other.partner, "--grant", 5, "--ref", "invoice 8")

    found = senso("show", opened["id"], "--audit", "--json").json
    said = senso("show", opened["id"], "--audit").out

    assert [one["action"] for one in found] == ["grant", "trigger", "cancel", "retry"]
    assert found[0]["details"] == {"credits": 5, "ref": "invoice 7"}
    details = {"outcome": "opened", "reason": "ticket 9", "user_id": "u-1", "credits_per_evaluation": 1}
    assert found[1]["details"] == details
    assert len({one["actor"] for one in found}) == 1
    assert "reason ticket 9" in said
    row = make.state(opened["id"])
    assert (row["triggered_by"], row["user_id"]) == ("ticket 9", "u-1")


def test_an_audit_is_of_a_batch(senso, make):
    run = make.run()

    done = senso("show", run, "--audit")

    assert (done.code, done.err.count("\n"), "--audit is for batches" in done.err) == (2, 1, True)


def test_status_chooses_by_state_and_by_time(senso, make, sandbox):
    failed, running, old = make.queued(questions=1), make.queued(), make.queued()
    sandbox.fault("openai.responses", "401", times=1)
    work_off(make, failed)
    make.sql("UPDATE batches SET state = 'completed', ended_at = now() - interval '3 hours' WHERE id = :id", id=old)

    def chosen(*arguments) -> set[str]:
        return {one["id"] for one in senso("status", *arguments, "--json").json}

    everything = {str(failed), str(running), str(old)}
    today = (datetime.now(UTC) - timedelta(hours=23)).date().isoformat()
    assert chosen("--state", "failed") == {str(failed)}
    assert chosen("--state", "failed", "--state", "completed") == {str(failed), str(old)}
    assert chosen("--since", "2h") == everything - {str(old)}
    assert chosen("--since", "4h") == chosen("--since", f"{today}T00:00+00:00") == chosen() == everything
    assert chosen("--since", "2h", "--state", "completed") == set()
    assert "No such batches." in senso("status", "--state", "partial").out


def test_no_id_is_cut_in_a_terminal_of_sixty_columns(senso, make, sandbox):
    senso.columns(60)
    batch = make.queued(models=("gpt-6.1-terra", "chatgpt"), questions=3)
    sandbox.fault("openai.responses", "400", times=2)
    work_off(make, batch)
    run = make.runs(batch)[0]
    partner = make.one("SELECT id FROM partners")

    for arguments in (["status"], ["status", batch], ["show", run], ["ledger", partner], ["credits", partner]):
        said = senso(*arguments).out
        wanted = run if arguments[0] == "show" else partner if arguments[0] == "credits" else batch
        assert str(wanted) in said
        assert "\x1b" not in said
    for arguments in (["runs", batch], ["models"], ["show", batch, "--audit"]):
        assert max(map(len, senso(*arguments).out.splitlines())) <= 60


def test_a_batch_is_cancelled_and_retried_from_the_command_line(senso, make, sandbox):
    batch = make.batch(questions=2)
    read(str(make.runs(batch)[0]))

    cancelled = senso("cancel", batch)
    again = senso("cancel", batch, "--json").json
    retried = senso("retry", batch)
    refused = senso("retry", batch)
    work_off(make, batch)
    completed = senso("cancel", batch)

    assert f"Batch {batch} is cancelled: charged now for 1 answer that had been read" in cancelled.out
    assert (again["outcome"], again["state"], again["charged"]) == ("already", "cancelled", 1)
    assert "1 answered, 1 evaluated, 0 failed, 1 cancelled" in cancelled.out
    assert f"Batch {batch} is queued again, as episode 2: 1 run will be asked again." in retried.out
    assert "2 planned, 1 evaluated before, 1 to be asked or read again" in retried.out
    assert "a worker: none is running" in retried.out
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert (completed.code, "has ended as completed" in completed.err) == (2, True)


def test_a_finished_batch_that_had_failures_names_its_retry(senso, make, sandbox):
    org = make.org(questions=1)
    batch = make.queued(org)
    sandbox.fault("openai.responses", "401", times=1)
    work_off(make, batch)
    finish_batch(str(batch), "rows")

    assert f"senso retry {batch}" in senso("trigger", "org", org.id).out


def test_a_batch_that_did_not_end_well_names_the_command_that_comes_next(senso, make, sandbox):
    org = make.org(questions=3, available=2)
    blocked = make.queued(org)
    start(blocked)
    other = make.batch(questions=2)
    senso("cancel", other)

    said = senso("status", blocked)

    assert f"({org.partner}), 2 credits available" in said.out
    assert f"senso credits {org.partner} --grant N --ref REF" in said.err
    assert f"senso trigger org {org.id}" in said.err
    assert f"senso retry {other}" in senso("status", other).err


def test_a_run_without_an_answer_is_not_said_to_have_been_read(senso, make, sandbox):
    batch = make.queued(questions=1)
    sandbox.fault("openai.responses", "refusal")
    work_off(make, batch)

    said = senso("show", make.runs(batch)[0]).out

    assert "failed, 1 call" in said
    assert "the run, which has no answer, ended: failed" in said
    assert "Read for" not in said


def test_a_reading_that_is_no_json_is_said_to_be_that(senso, make, sandbox):
    run = make.run()
    sandbox.fault("openai.chat", "malformed")
    read(str(run))

    assert "answer_reading: the reply is not JSON" in senso("show", run).out


@pytest.mark.parametrize("columns", [60, 100, 119, 120, 160])
def test_no_figure_is_cut_at_any_width(senso, make, sandbox, columns):
    senso.columns(columns)
    batch = make.queued(questions=1)
    work_off(make, batch)
    make.sql("UPDATE orgs SET name = 'The Very Long Name of a Credit Union That Merged Twice'")

    said = senso("status").out

    assert max(map(len, said.splitlines())) <= columns
    assert re.search(r"\$0\.\d{4}", said)
    assert "charged" in said


def test_a_long_value_goes_on_below_itself(senso, make, sandbox):
    senso.columns(60)
    batch = make.queued(questions=1)
    make.sql("UPDATE batches SET error = 'one of many words, ' || repeat('and then another, ', 8)")

    lines = senso("status", batch).out.splitlines()

    (first,) = (number for number, line in enumerate(lines) if line.startswith("error      one"))
    assert all(line.startswith(" " * 11) for line in lines[first + 1 :])
    assert max(map(len, lines[first:])) <= 60


def test_models_say_what_can_be_asked(senso, make, environment):
    found = {one["slug"]: one for one in senso("models", "--json").json}

    assert found["gpt-4.1"] == {
        "slug": "gpt-4.1",
        "provider": "openai",
        "name": "gpt-4.1",
        "surface": "api",
        "deadline_seconds": 90,
        "supported": True,
        "key_variable": "OPENAI_API_KEY",
        "key_set": True,
        "price_known": True,
        "question_microusd": 13_000 * 2 + 800 * 8 + 10_000,
        "parameters": {
            "temperature": True,
            "reasoning_effort": [],
            "max_output_tokens": 32_768,
            "source": "OpenAI's guides and litellm 1.109.1",
            "read_on": "2026-11-28",
        },
        "prices": {
            "batch_factor": 0.5,
            "token_in": 2.0,
            "token_cached": 0.5,
            "token_out": 8.0,
            "search": 10_000,
            "source": "litellm 1.109.1 and the vendors' price pages",
            "read_on": "2026-11-21",
        },
        "retirement": {
            "on": "2027-01-14",
            "source": "developers.openai.com/api/docs/deprecations",
            "read_on": "2026-11-28",
        },
    }
    said = senso("models").out
    assert "gpt-6-luna" in said
    assert "Retired by their provider on 2027-01-14: gpt-4.1, gpt-4.1-mini, gpt-4o, gpt-4o-mini." in said


def test_numbers_and_ids_of_runs_do_not_meet():
    run = uuid4()
    assert (key("12"), key(str(run)), key(run.hex)) == (12, run, run)
    with pytest.raises(ConfigError):
        key("²")


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)
