import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ground import forget_limits
from jobs import rested
from sqlalchemy import text

from senso.db import transaction
from senso.extraction import READING_VERSION
from senso.providers import Answer
from senso.sandbox.world import World
from senso.settings import settings
from senso.tasks.periodic import admit, due, poll, reap, relay
from senso.tasks.stages import ask_batch, extract, find_names, finish_batch, open_batch, read, submit_snapshot
from senso.workflows import asking

# As senso.db sets it.
LOCK_TIMEOUT_SECONDS = 5


def test_a_run_is_asked_read_and_counted_down(make, sandbox):
    run = make.run()

    read(str(run))

    (row,) = make.sql("SELECT * FROM question_runs")
    (evaluation,) = make.sql("SELECT * FROM evaluations")
    assert (row["state"], row["searched"], row["model_version"]) == (
        "answered",
        "yes",
        "senso-sandbox/gpt-6.1-terra-2026-11-04",
    )
    assert (evaluation["state"], evaluation["prompt_version"]) == ("done", READING_VERSION)
    assert make.one("SELECT remaining FROM batches") == 0
    assert [key for key in make.unpublished() if key.startswith("finish")]


def test_asking_twice_makes_no_second_call(make, sandbox):
    run = make.run()
    read(str(run))
    before = make.everything(), len(sandbox.calls())

    read(str(run))
    extract(str(run))

    assert (make.everything(), len(sandbox.calls())) == before


def test_a_call_is_written_down_before_it_is_made(make, sandbox, monkeypatch):
    run = make.run()
    seen = []

    async def look(work):
        seen.extend(make.sql("SELECT * FROM llm_calls"))
        return Answer(work.run.number, text="An answer.")

    monkeypatch.setattr("senso.workflows.asking.ask_now", look)

    read(str(run))

    (call,) = seen
    assert (call["purpose"], call["run_id"], call["outcome"]) == ("ask", run, None)


@pytest.mark.parametrize(
    ("kind", "state", "words"),
    [
        ("refusal", "failed", "refused"),
        ("400", "failed", "400"),
        ("401", "failed", "OPENAI_API_KEY"),
        ("429-quota", "failed", "quota"),
        ("empty", "planned", "empty"),
        ("length", "planned", "incomplete"),
        ("malformed", "planned", "not JSON"),
        ("500", "planned", "500"),
        ("503", "planned", "503"),
        ("drop", "planned", "connection"),
        ("429", "planned", "429"),
    ],
)
def test_a_failed_call_ends_the_run_or_is_due_again(make, sandbox, kind, state, words):
    run = make.run()
    sandbox.fault("openai.responses", kind, share=1, **{"retry_after": 30} if kind == "429" else {})

    read(str(run))

    (row,) = make.sql("SELECT *, next_at > now() AS later FROM question_runs")
    assert row["state"] == state
    assert words in row["error"]
    assert bool(row["later"]) == (state == "planned")


def test_a_failed_run_takes_its_evaluation_with_it_in_the_same_statement(make, sandbox):
    batch = make.batch(questions=2)
    first, _second = make.runs(batch)
    sandbox.fault("openai.responses", "400", times=1)

    read(str(first))

    states = make.sql(
        "SELECT r.state AS run, e.state FROM question_runs r JOIN evaluations e ON e.run_id = r.id ORDER BY r.number"
    )
    assert [tuple(row.values()) for row in states] == [("failed", "failed"), ("planned", "pending")]
    assert make.state(batch)["remaining"] == 1


def test_being_asked_to_wait_is_no_failure_and_an_outage_is_one(make, sandbox):
    run = make.run()
    sandbox.fault("openai.responses", "429", times=1, retry_after=30)
    read(str(run))
    waited = make.one("SELECT failures FROM question_runs")
    make.sql("UPDATE question_runs SET next_at = now()")
    forget_limits()  # the 30 seconds are over
    sandbox.heal()
    sandbox.fault("openai.responses", "500", share=1)

    read(str(run))

    assert (waited, make.one("SELECT failures FROM question_runs")) == (0, 1)


@pytest.mark.parametrize(
    ("kind", "tries", "words"),
    [("500", 5, "500"), ("empty", 3, "empty"), ("length", 2, "incomplete"), ("malformed", 3, "not JSON")],
)
def test_a_run_is_given_up_after_five_failures_or_three_answers_of_no_use(make, sandbox, kind, tries, words):
    run = make.run()
    sandbox.fault("openai.responses", kind, share=1)

    for _ in range(7):
        read(str(run))
        make.sql("UPDATE question_runs SET next_at = now() WHERE state = 'planned'")

    (row,) = make.sql("SELECT state, error FROM question_runs")
    assert (row["state"], words in row["error"]) == ("failed", True)
    assert len(sandbox.calls("openai.responses")) == tries
    assert make.one("SELECT remaining FROM batches") == 0


def test_a_run_that_waits_is_sent_again_when_its_time_has_come(make, sandbox, messages):
    run = make.run()
    sandbox.fault("openai.responses", "500", times=1)
    read(str(run))
    messages.clear()
    due()
    early = messages("ask")
    make.sql("UPDATE question_runs SET next_at = now()")

    due()
    due()

    assert early == []
    assert messages("ask") == [("senso.read", [str(run)])]


def test_a_late_answer_changes_no_row_once_another_claimed_the_run(make, sandbox, monkeypatch):
    run = make.run()
    make.sql("UPDATE question_runs SET sent_at = now()")
    real = asking.ask_now

    async def overtaken(work):
        answer = await real(work)
        make.sql("UPDATE question_runs SET fence = fence + 1, lease_owner = 'another'")
        return answer

    monkeypatch.setattr("senso.workflows.asking.ask_now", overtaken)

    read(str(run))

    (row,) = make.sql("SELECT * FROM question_runs")
    (call,) = make.sql("SELECT * FROM llm_calls")
    assert (row["state"], row["answer_text"], row["lease_owner"]) == ("asking", None, "another")
    assert call["outcome"] == "answered"
    assert call["cost_microusd"] > 0


def test_a_mistake_of_ours_ends_the_run_and_is_not_paid_for_again(make, sandbox, monkeypatch):
    run = make.run()
    monkeypatch.setattr("senso.providers.wire.openai.read_answer", lambda *_: {}["nothing"])

    read(str(run))
    read(str(run))

    assert make.one("SELECT error FROM question_runs") == "openai: internal error: KeyError"
    assert len(sandbox.calls("openai.responses")) == 1


def test_work_of_a_silent_worker_is_taken_back_and_sent_again(make, messages):
    run = make.run()
    make.sql("INSERT INTO workers (id, heartbeat_at) VALUES ('dead', now() - interval '11 seconds')")
    make.sql("UPDATE question_runs SET state = 'asking', lease_owner = 'dead', lease_until = now() + interval '1 hour'")
    messages.clear()

    reap()

    (row,) = make.sql("SELECT * FROM question_runs")
    assert (row["state"], row["failures"], row["lease_owner"]) == ("planned", 1, None)
    assert messages("ask") == [("senso.read", [str(run)])]


def test_what_a_frozen_worker_has_locked_holds_up_nothing_else_that_is_to_be_taken_back(make, messages):
    first, second = make.runs(make.batch(questions=2))
    make.sql(
        "UPDATE question_runs SET state = 'asking', lease_owner = 'frozen', lease_until = now() + interval '1 hour'"
    )
    messages.clear()

    with transaction() as frozen:
        frozen.execute(text("SELECT FROM question_runs WHERE id = :id FOR UPDATE"), {"id": first})
        reap()
    taken = [runs for name, runs in messages("ask") if name == "senso.read"]
    reap()

    assert taken == [[str(second)]]
    assert {row["state"] for row in make.sql("SELECT state FROM question_runs")} == {"planned"}


def test_what_died_with_its_worker_before_goes_by_itself_and_at_a_moment_of_its_own(make, messages):
    """One of a handful takes the worker down, and would take the others with it until all are given up."""
    batch = make.batch(questions=12)
    first, second, *_ = make.runs(batch)
    make.sql("UPDATE question_runs SET state = 'asking', lease_owner = 'dead', sent_at = NULL")
    make.sql("UPDATE question_runs SET failures = 1 WHERE id IN (:first, :second)", first=first, second=second)
    messages.clear()

    reap()
    at_once = [runs for name, runs in messages("ask") if name == "senso.read"]
    later = make.sql("SELECT id, failures, next_at > now() AS later FROM question_runs WHERE failures = 2")
    messages.clear()
    make.sql("UPDATE question_runs SET next_at = now() WHERE failures = 2")
    due()

    assert sorted(len(runs) for runs in at_once) == [1] * 10
    assert [row["later"] for row in later] == [True, True]
    assert sorted(runs for _, runs in messages("ask")) == sorted([[str(first)], [str(second)]])


def test_a_batch_whose_opening_died_with_its_worker_is_started_again_by_the_reaper(make, messages):
    batch = make.queued()
    admit()
    messages.clear()
    make.sql("UPDATE batches SET started_at = now() - interval '30 seconds'")
    make.sql("INSERT INTO workers (id, heartbeat_at) VALUES ('gone', now() - interval '1 minute')")

    reap()

    assert make.unpublished() == [f"start:{batch}:1"]
    assert make.one("SELECT sum(count) FROM repairs WHERE kind = 'idle batches'") == 1


def test_work_of_a_living_worker_is_left_alone(make):
    make.run()
    make.sql("INSERT INTO workers (id) VALUES ('alive')")
    make.sql(
        "UPDATE question_runs SET state = 'asking', lease_owner = 'alive', lease_until = now() + interval '1 hour'"
    )

    reap()

    assert make.one("SELECT state FROM question_runs") == "asking"


def test_an_answer_that_its_caller_never_came_to_read_is_read_by_another(make, messages):
    run = make.run(answered=True)
    make.sql("UPDATE evaluations SET lease_owner = 'dead', sent_at = now()")

    reap()

    assert messages("extract") == [("senso.extract", [str(run)])]
    assert make.one("SELECT failures FROM evaluations") == 0


def test_no_more_than_a_window_of_runs_is_handed_out_at_a_time(make, sandbox):
    batch = make.batch(questions=130)
    sent = make.one("SELECT count(*) FROM question_runs WHERE sent_at IS NOT NULL")

    ask_batch(str(batch))

    again = make.one("SELECT count(*) FROM question_runs WHERE sent_at IS NOT NULL")
    assert (sent, again) == (100, 100)


def collected(make) -> list[str]:
    """Submits what is planned and looks until it is collected; returns the states of all jobs, in the order of plan."""
    for row in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(row["id"]))
    for _ in range(5):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
        poll()
    return job_states(make)


def job_states(make) -> list[str]:
    return [row["state"] for row in make.sql("SELECT state FROM vendor_jobs ORDER BY created_at")]


def test_a_batch_whose_row_is_locked_for_longer_than_a_statement_waits_is_handed_out_all_the_same(make, sandbox):
    batch = make.queued(make.org())
    admit()
    open_batch(str(batch))
    find_names(str(batch))
    locked, free = threading.Event(), threading.Event()

    def lock():
        with transaction() as db:
            db.execute(text("SELECT 1 FROM batches FOR UPDATE"))
            locked.set()
            free.wait(LOCK_TIMEOUT_SECONDS + 1)

    with ThreadPoolExecutor(1) as beside:
        beside.submit(lock)
        assert locked.wait(5)
        ask_batch(str(batch))

    assert make.one("SELECT count(*) FROM question_runs WHERE sent_at IS NOT NULL") == 2


def test_one_job_collects_all_questions_of_a_model_and_place(make, sandbox):
    make.batch(questions=3, models=("chatgpt",), countries=("US", "CA"))

    snapshots = make.sql("SELECT count(*) AS runs FROM question_runs GROUP BY snapshot_id ORDER BY 1")

    assert [row["runs"] for row in snapshots] == [3, 3]


def test_answers_of_a_job_are_joined_by_number_and_sent_to_be_read(make, sandbox):
    make.batch(questions=4, models=("chatgpt",))

    states = collected(make)

    answered = make.sql(
        "SELECT q.text, r.answer_text FROM question_runs r JOIN questions q ON q.id = r.question_id "
        "WHERE r.state = 'answered'"
    )
    assert states == ["collected"]
    assert len(answered) == 4
    assert len(sandbox.calls("brightdata.trigger")) == 1
    assert make.one("SELECT jsonb_array_length(ids) FROM outbox WHERE pipeline = 'extract'") == 4


def test_answers_are_joined_by_number_also_where_an_earlier_record_is_missing(make, sandbox):
    make.batch(texts=["good question one", "bad question two", "good question three"], models=("chatgpt",))
    sandbox.fault("brightdata.snapshot", "missing-records", share=1, match="bad question")

    collected(make)

    found = make.sql(
        "SELECT q.text, r.state FROM question_runs r JOIN questions q ON q.id = r.question_id ORDER BY r.number"
    )
    assert [row["state"] for row in found if row["text"].startswith("good")] == ["answered", "answered"]
    assert [row["state"] for row in found if row["text"].startswith("bad")] == ["planned"]


@pytest.mark.parametrize(
    ("kind", "reasons"),
    [
        ("missing-records", ["no record came back", "Snapshot is empty", "Snapshot is empty"]),
        ("error-records", ["timeout: Crawler error"] * 3),
    ],
)
def test_a_missing_or_failed_record_fails_its_run_with_the_reason_once_three_jobs_brought_none(
    make, sandbox, kind, reasons
):
    make.batch(texts=["good question one", "bad question two", "good question three"], models=("chatgpt",))
    sandbox.fault("brightdata.snapshot", kind, share=1, match="bad question")
    found = []

    for _ in range(3):
        collected(make)
        found.append(make.sql("SELECT r.state, r.error, r.cost_microusd FROM question_runs r ORDER BY r.number"))

    assert [[row["state"] for row in rows] for rows in found] == [
        ["answered", "planned", "answered"],
        ["answered", "planned", "answered"],
        ["answered", "failed", "answered"],
    ]
    assert [reason in rows[1]["error"] for reason, rows in zip(reasons, found, strict=True)] == [True] * 3
    assert [row["cost_microusd"] for row in found[-1]] == [1500, 0, 1500]
    assert [len(call["inputs"]) for call in sandbox.calls("brightdata.trigger")] == [3, 1, 1]


@pytest.mark.parametrize("engine", ["chatgpt", "perplexity", "gemini"])
def test_every_engine_of_the_vendor_is_asked_and_answers_with_its_sources(make, sandbox, engine):
    asked = World(7, orgs=1, questions=2).import_document([engine], [{"country": "US"}])["orgs"][0]["questions"]
    make.batch(texts=[question["text"] for question in asked], models=(engine,))

    states = collected(make)

    assert states == ["collected"]
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 2
    assert make.one("SELECT count(DISTINCT run_id) FROM citations") == 2


def test_records_without_a_number_are_joined_by_their_input(make, sandbox):
    make.batch(questions=3, models=("chatgpt",))
    sandbox.fault("brightdata.snapshot", "null-index", share=1)

    collected(make)

    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 3


def test_a_job_past_its_deadline_is_given_up_and_cancelled_at_the_vendor(make, sandbox):
    make.batch(questions=2, models=("chatgpt",))
    sandbox.fault("brightdata.progress", "never-ready", share=1)
    found = []

    for _ in range(3):
        (row,) = make.sql("SELECT id FROM vendor_jobs WHERE state = 'submitting'")
        submit_snapshot(str(row["id"]))
        make.sql("UPDATE vendor_jobs SET deadline = now() - interval '1 second', next_poll_at = now()")
        poll()
        found.append((job_states(make), make.one("SELECT remaining FROM batches"), reasons(make)))

    told = {"brightdata: no answer within 0 minutes"}
    assert found == [
        (["failed", "submitting"], 2, told),
        (["failed", "failed", "submitting"], 2, told),
        (["failed", "failed", "failed"], 0, told),
    ]
    assert len(sandbox.calls("brightdata.cancel")) == 3


def reasons(make) -> set[str]:
    return {row["error"] for row in make.sql("SELECT error FROM question_runs")}


def test_a_job_that_failed_as_a_whole_fails_its_runs_with_the_vendors_reason(make, sandbox):
    make.batch(questions=2, models=("chatgpt",))
    sandbox.fault("brightdata.progress", "snapshot-failed", share=1)

    asked_again = collected(make), make.one("SELECT remaining FROM batches"), reasons(make)
    collected(make)

    assert asked_again == (["failed", "submitting"], 2, {"brightdata: Failed to trigger collector"})
    assert collected(make) == ["failed", "failed", "failed"]
    assert make.one("SELECT remaining FROM batches") == 0
    assert make.sql("SELECT DISTINCT state FROM question_runs") == [{"state": "failed"}]
    assert reasons(make) == {"brightdata: Failed to trigger collector"}


def test_a_job_that_is_refused_for_now_is_submitted_again(make, sandbox):
    make.batch(questions=2, models=("chatgpt",))
    sandbox.fault("brightdata.trigger", "429", times=1)
    (row,) = make.sql("SELECT id FROM vendor_jobs")
    submit_snapshot(str(row["id"]))
    waiting = make.one("SELECT state FROM vendor_jobs"), make.one("SELECT failures FROM vendor_jobs")
    rested(make)
    make.sql("UPDATE vendor_jobs SET next_poll_at = now()")

    assert collected(make) == ["collected"]
    assert waiting == ("submitting", 0)
    assert len(sandbox.calls("brightdata.trigger")) == 2


def test_a_question_too_long_for_the_vendor_fails_with_its_words(make, sandbox):
    make.batch(texts=["why? " * 1000], models=("chatgpt",))

    for row in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(row["id"]))

    assert make.one("SELECT state FROM question_runs") == "failed"


def test_a_push_whose_message_still_waits_is_not_sent_again(make, messages, environment):
    """With a thousand of them behind a slow application each relay would send all that are due once more."""
    environment.setenv("APPLICATION_API_URL", "http://127.0.0.1:9")
    settings.cache_clear()
    batch = make.batch(questions=1)
    for run in make.runs(batch):
        make.answered(run)
    make.sql("UPDATE evaluations SET state = 'done', mentioned = false")
    make.sql("UPDATE batches SET remaining = 0")
    finish_batch(str(batch), "chord")
    messages.clear()

    relay()
    relay()

    assert [name for name, _ in messages("push")] == ["senso.push"]


def test_the_relay_sends_what_was_committed_and_never_published(make, messages):
    batch = make.batch(questions=12)
    make.sql("UPDATE outbox SET published_at = NULL, not_before = now() WHERE pipeline = 'read'")
    messages.clear()

    relay()

    assert [name for name, _ in messages("ask")] == ["senso.read", "senso.read"]
    assert not [key for key in make.unpublished() if key.startswith("read")]
    assert make.state(batch)["state"] == "running"
