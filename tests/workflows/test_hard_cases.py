"""What a close look found to be wrong once, each with the promise that it broke."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import pytest
from claims import READER, READERS
from ground import NOWHERE
from operating import Initiator, trigger_org
from sqlalchemy.exc import TimeoutError as PoolTimeout

from senso.db import at_once, transaction
from senso.errors import ConfigError, Unreachable
from senso.extraction.citations import cite
from senso.http import Response, failure
from senso.policy import POLICY
from senso.providers import Answer, Source, Usage
from senso.queries import evaluations, invariants, outbox, runs
from senso.queries import names as name_rows
from senso.queries.outbox import Pipeline, enqueue_later
from senso.queries.prompts import alone
from senso.queries.runs import Report
from senso.records import storable
from senso.runtime.heartbeat import Heartbeat, worker_id
from senso.settings import settings
from senso.tasks.canvas import send
from senso.tasks.periodic import admit, poll, reap
from senso.tasks.stages import ask_batch, find_names, finish_batch, open_batch, read, submit_snapshot
from senso.workflows import asking, finishing, recovery
from senso.workflows.vendor_jobs import collecting

ME = Initiator("test")


def test_a_batch_of_jobs_that_failed_can_be_opened_again(make, sandbox):
    org = make.org(models=("chatgpt",))
    batch = make.batch(org)
    make.sql("UPDATE batches SET deadline = now() - interval '1 second'")
    finish_batch(str(batch), "sweep")
    make.sql("UPDATE batches SET state = 'cancelled'")
    trigger_org(org.id, ME, reopen=True)
    admit()
    open_batch(str(batch))

    ask_batch(str(batch))

    assert make.one("SELECT count(*) FROM vendor_jobs WHERE state = 'submitting'") == 1
    assert (
        make.one(
            "SELECT count(*) FROM question_runs r JOIN vendor_jobs s ON s.id = snapshot_id WHERE s.state = 'submitting'"
        )
        == 2
    )


def test_a_heart_goes_on_beating_whatever_goes_wrong(make, monkeypatch):
    def no_connection():
        raise PoolTimeout

    heart = Heartbeat()
    heart.started = True
    monkeypatch.setattr("senso.runtime.heartbeat.own_engine", no_connection)
    heart.beat()
    in_trouble = heart.steady(0)
    monkeypatch.undo()

    heart.beat()

    assert (in_trouble, heart.steady(0), heart.steady(60)) == (False, True, False)


def test_who_has_just_come_back_does_not_judge_others(make, monkeypatch):
    make.run()
    make.sql(
        "UPDATE question_runs SET state = 'asking', lease_owner = 'living', lease_until = now() + interval '1 hour'"
    )
    monkeypatch.setattr(recovery.heartbeat, "started", True)
    monkeypatch.setattr(recovery.heartbeat, "steady_since", time.monotonic() - 5)
    reap()
    soon = make.one("SELECT state FROM question_runs")
    monkeypatch.setattr(recovery.heartbeat, "steady_since", time.monotonic() - 20)

    reap()

    assert (soon, make.one("SELECT state FROM question_runs")) == ("asking", "planned")


def test_no_free_connection_is_a_server_out_of_reach(make, monkeypatch):
    class Full:
        def begin(self):
            raise PoolTimeout

    monkeypatch.setattr("senso.db.connections.engine", Full)

    with pytest.raises(Unreachable, match="no connection became free"), transaction():
        pass


@pytest.mark.parametrize("text", ["a \x00 b", "half \ud83d of a pair"])
def test_text_that_postgres_cannot_store_is_made_storable_at_the_border(make, text):
    cleaned = storable({"deep": [text]})["deep"][0]

    assert make.one("SELECT CAST(:text AS text)", text=cleaned) == cleaned


def test_an_answer_that_cannot_be_stored_ends_its_run_and_is_not_bought_again(make, sandbox, monkeypatch):
    run = make.run()
    calls = []

    async def poison(work):
        calls.append(work.id)
        return Answer(work.run.number, text="a \x00 b", usage=Usage(tokens_in=10))

    monkeypatch.setattr(asking, "ask_now", poison)

    for _ in range(3):
        read(str(run))

    assert len(calls) == 1
    assert make.one("SELECT state FROM question_runs") == "failed"
    assert "cannot be stored" in make.one("SELECT error FROM question_runs")


def test_an_endless_address_is_no_citation(make, sandbox, monkeypatch):
    run = make.run()
    source = Source("https://example.com/" + "x" * 9000, "long", 1, cited=True)

    async def answer(work):
        return Answer(work.run.number, text="An answer.", sources=(source,))

    monkeypatch.setattr(asking, "ask_now", answer)

    read(str(run))

    assert make.one("SELECT state FROM question_runs") == "answered"
    assert make.sql("SELECT * FROM citations") == []


def test_one_record_that_cannot_be_stored_costs_the_others_nothing(make, sandbox, monkeypatch):
    make.batch(questions=3, models=("chatgpt",))
    real = collecting.row

    def row(work, answer):
        if answer.number == work.runs[1].number:
            raise ValueError
        return real(work, answer)

    monkeypatch.setattr(collecting, "row", row)
    for row in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(row["id"]))

    for _ in range(5):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
        poll()

    states = make.sql("SELECT state FROM question_runs ORDER BY number")
    assert [row["state"] for row in states] == ["answered", "failed", "answered"]


def test_one_question_that_is_too_long_fails_alone(make, sandbox):
    make.batch(texts=["Which lender?", "why? " * 1000, "Which bank?"], models=("chatgpt",))

    for row in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(row["id"]))

    states = make.sql("SELECT state, error FROM question_runs ORDER BY number")
    assert [row["state"] for row in states] == ["asking", "failed", "asking"]
    assert "longer than 4096 characters" in states[1]["error"]


@pytest.mark.parametrize("kind", ["malformed", "500", "401"])
def test_a_look_that_fails_is_free_and_does_not_end_a_job_that_is_paid_for(make, sandbox, kind):
    make.batch(questions=2, models=("chatgpt",))
    for row in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(row["id"]))
    sandbox.fault("brightdata.progress", kind, times=1)

    for _ in range(6):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
        poll()

    assert make.one("SELECT state FROM vendor_jobs") == "collected"


def test_a_jobs_time_starts_when_it_is_submitted(make, sandbox):
    make.batch(questions=1, models=("chatgpt",))
    before = make.one("SELECT deadline > now() + interval '1 hour' FROM vendor_jobs")
    for row in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(row["id"]))

    assert before
    assert make.one(
        "SELECT deadline BETWEEN now() + interval '19 minutes' AND now() + interval '21 minutes' FROM vendor_jobs"
    )


def test_the_first_triggers_of_an_org_may_come_at_the_same_moment(make):
    for org in [make.org() for _ in range(10)]:
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda _, org=org: trigger_org(org.id, ME).outcome, range(8)))

        assert sorted(outcomes) == ["attached"] * 7 + ["opened"]


def test_one_idempotency_key_for_two_requests_at_once_opens_one(make):
    orgs = [make.org(), make.org()]

    def attempt(org):
        try:
            return trigger_org(org.id, ME, idempotency_key="same").outcome
        except ConfigError:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(attempt, orgs))

    assert outcomes == ["opened", "refused"]
    assert make.one("SELECT count(*) FROM batches") == 1


def test_an_intent_that_is_written_again_while_it_is_sent_is_not_lost(make):
    batch = uuid4()
    with transaction() as db:
        enqueue_later(db, Pipeline.SWEEP_FINISH, batch, ids=[batch], batch=None, seconds=0)
        before = outbox.take_due(db)
    make.sql("UPDATE outbox SET published_at = now()")
    with transaction() as db:
        enqueue_later(db, Pipeline.SWEEP_FINISH, batch, ids=[batch], batch=None, seconds=3)

    send(before)

    assert make.unpublished() == [f"sweep:{batch}"]


def test_more_runs_under_way_than_the_window_hand_out_none(make, sandbox):
    batch = make.batch(questions=130)
    make.sql("UPDATE question_runs SET sent_at = now()")
    make.sql("UPDATE question_runs SET sent_at = NULL WHERE number = (SELECT max(number) FROM question_runs)")

    ask_batch(str(batch))

    assert make.one("SELECT count(*) FROM question_runs WHERE sent_at IS NULL") == 1


def test_being_asked_to_wait_for_names_is_no_failure(make, sandbox):
    batch = make.queued(questions=1)
    sandbox.fault("openai.chat", "429", times=1, retry_after=30)
    admit()
    open_batch(str(batch))

    find_names(str(batch))
    find_names(str(batch))

    (row,) = make.sql(
        "SELECT failures, names, lease_until > now() + interval '20 seconds' AS waits FROM name_variations"
    )
    assert tuple(row.values()) == (0, None, True)
    assert len(sandbox.calls("openai.chat")) == 1


def test_a_missing_key_of_a_worker_does_not_hold_up_the_names(make, sandbox, environment):
    batch = make.queued(questions=1)
    admit()
    open_batch(str(batch))
    environment.delenv("OPENAI_API_KEY")
    settings.cache_clear()

    find_names(str(batch))

    assert make.one("SELECT is_fallback FROM name_variations") is True


def test_an_end_that_was_decided_before_a_retry_does_not_end_the_next_episode(make, sandbox, monkeypatch):
    batch = make.batch(questions=1)
    (run,) = make.runs(batch)
    read(str(run))
    real = finishing.batches.load

    def overtaken(db, batch_id, *, lock=False):
        if lock:
            make.sql("UPDATE batches SET episode = 2, remaining = 1")
        return real(db, batch_id, lock=lock)

    monkeypatch.setattr("senso.queries.batches.load", overtaken)

    finish_batch(str(batch), "rows")

    assert make.state(batch)["state"] == "running"


def test_a_push_to_an_address_at_which_nobody_listens_is_tried_again_and_says_why(make, sandbox, environment):
    batch = make.batch(questions=1)
    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "rows")
    environment.setenv("APPLICATION_API_URL", NOWHERE)
    settings.cache_clear()

    from senso.tasks.stages import push  # noqa: PLC0415

    push(f"push:{batch}:1")

    (row,) = make.sql("SELECT status, tries, error FROM pushes")
    assert (row["status"], row["tries"]) == ("pending", 1)
    assert row["error"].startswith("application: ")


def test_the_promises_notice_an_answer_that_was_bought_twice(make, sandbox):
    batch = make.batch(questions=1)
    for run in make.runs(batch):
        read(str(run))
    make.sql(
        "INSERT INTO llm_calls (purpose, batch_id, run_id, fence, provider, model, outcome) "
        "SELECT purpose, batch_id, run_id, fence, provider, model, outcome FROM llm_calls"
    )

    with transaction() as db:
        broken = invariants.broken(db, POLICY, 500)

    assert [name for name in broken if name.startswith("I6")]


def endless() -> Source:
    """Within the length of an address, and nine times as long once it is written as browsers send it."""
    chance = random.Random(7)
    return Source(
        "https://example.com/" + "".join(chr(chance.randint(0x4E00, 0x9FFF)) for _ in range(1500)), "", 1, True
    )


ODD_ANSWERS = {
    "an address that no index takes": {"sources": (endless(),)},
    "an address that is no text": {"sources": (Source({"href": "https://example.com"}, None, 1, cited=True),)},  # type: ignore[arg-type]
    "a title that is no text": {"sources": (Source("https://example.com/a", {"en": "a"}, 1, cited=True),)},  # type: ignore[arg-type]
    "a model version that is no text": {"model_version": {"slug": "gpt"}},
    "no count of tokens": {"usage": Usage(tokens_in=None)},  # type: ignore[arg-type]
}


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=list(ODD_ANSWERS))
def test_whatever_is_odd_about_an_answer_it_is_bought_once(make, sandbox, monkeypatch, odd):
    run = make.run()
    calls = []

    async def answer(work):
        calls.append(work.id)
        return Answer(work.run.number, **{"text": "An answer."} | odd)

    monkeypatch.setattr(asking, "ask_now", answer)

    for _ in range(3):
        with suppress(Exception):
            read(str(run))
        make.sql("UPDATE question_runs SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")

    assert (len(calls), make.one("SELECT state FROM question_runs")) in [(1, "failed"), (1, "answered")]


@pytest.mark.parametrize("odd", [o for o in ODD_ANSWERS.values() if "usage" not in o], ids=list(ODD_ANSWERS)[:4])
def test_whatever_is_odd_about_a_record_it_costs_the_others_nothing(make, sandbox, monkeypatch, odd):
    make.batch(questions=3, models=("chatgpt",))
    real = collecting.collect

    def with_an_odd_one(db, brought):
        ((work, answers),) = brought
        return real(db, [(work, [answers[0], replace(answers[1], **odd), answers[2]])])

    monkeypatch.setattr(collecting, "collect", with_an_odd_one)
    for row in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(row["id"]))

    for _ in range(5):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
        poll()

    states = [row["state"] for row in make.sql("SELECT state FROM question_runs ORDER BY number")]
    assert (states[0], states[2]) == ("answered", "answered")
    assert states[1] in {"answered", "failed"}


@pytest.mark.parametrize(("lasts", "state"), [(False, "planned"), (True, "failed")])
def test_a_reason_that_cannot_be_stored_costs_the_others_nothing(make, sandbox, monkeypatch, lasts, state):
    make.batch(questions=2, models=("chatgpt",))
    real = collecting.collect

    def with_an_odd_refusal(db, brought):
        ((work, answers),) = brought
        return real(db, [(work, [answers[0], replace(answers[1], text=None, error="not \x00 today", lasts=lasts)])])

    monkeypatch.setattr(collecting, "collect", with_an_odd_refusal)
    for row in make.sql("SELECT id FROM vendor_jobs"):
        submit_snapshot(str(row["id"]))

    for _ in range(5):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
        poll()

    assert [tuple(row.values()) for row in make.sql("SELECT state, error FROM question_runs ORDER BY number")] == [
        ("answered", None),
        (state, "brightdata: not  today"),
    ]


def test_an_answer_whose_saving_was_not_confirmed_is_read_at_once_and_once(make, sandbox, monkeypatch):
    """Saved and claimed, and the connection lost before the reply."""
    run = make.run()
    real, saved = asking.answer_saver.change, []

    def unconfirmed(db, bought):
        saved.append(real(db, bought))
        if len(saved) == 1:
            raise Unreachable("Postgres: the connection was lost")
        return saved[-1]

    monkeypatch.setattr(asking.answer_saver, "change", unconfirmed)

    read(str(run))

    assert make.sql("SELECT state, failures FROM evaluations") == [{"state": "done", "failures": 0}]
    calls = make.sql("SELECT purpose, outcome FROM llm_calls WHERE purpose <> 'names' ORDER BY id")
    assert [tuple(call.values()) for call in calls] == [("ask", "answered"), ("read", "read")]


def test_a_claim_that_another_made_since_is_left_to_him(make, sandbox, monkeypatch):
    run = make.run()
    real, saved = asking.answer_saver.change, []

    def long_unconfirmed(db, bought):
        saved.append(real(db, bought))
        if len(saved) == 1:
            make.sql("UPDATE evaluations SET lease_until = now() - interval '1 second'")
            with at_once() as link:
                evaluations.claim(link, [run], worker_id(), POLICY, readers=READERS, prompts=alone("1"))
            raise Unreachable("Postgres: the connection was lost")
        return saved[-1]

    monkeypatch.setattr(asking.answer_saver, "change", long_unconfirmed)

    read(str(run))

    assert (len(saved[0][0]), saved[1]) == (1, [[]])
    assert make.one("SELECT state FROM evaluations") == "extracting"


def test_a_failed_names_call_that_is_noted_twice_counts_once(make):
    """The first note was committed, and its reply lost with the connection."""
    org = make.org()
    batch = make.queued(org)
    with transaction() as db:
        work = name_rows.claim(db, org.id, "mark", "me", POLICY, batch=batch, model=READER, prompt_version="1")
    for _ in range(2):
        with transaction() as db:
            name_rows.put_back(db, work, Report("unavailable", Usage(), None, 5), seconds=1, counts_as_failure=True)

    assert make.one("SELECT failures FROM name_variations") == 1


def test_words_of_a_vendor_that_cannot_be_stored_do_not_have_it_asked_again(make, sandbox, monkeypatch):
    """They were the reason of a refusal; the run was left to its lease, and asked five times."""
    run = make.run()
    real = asking.ask_now

    async def refused(work):
        await real(work)
        raise failure("openai", Response(400, {}, b"no such \x00 model"))

    monkeypatch.setattr("senso.workflows.asking.ask_now", refused)

    read(str(run))

    assert make.one("SELECT error FROM question_runs WHERE state = 'failed'") == "openai 400: no such model"


def test_a_run_whose_two_claims_end_together_is_saved_and_read_once(make, sandbox):
    """Its first claim ran out, its second was by the same process: both answers are in one statement."""
    run = make.run()
    with at_once() as db:
        (first,) = runs.claim(db, [run], worker_id(), POLICY)
        make.sql("UPDATE question_runs SET lease_until = now() - interval '1 second'")
        (second,) = runs.claim(db, [run], worker_id(), POLICY)
    asked, again = bought(first, "https://first.example/"), bought(second, "https://second.example/")

    with at_once() as db:
        to_read = evaluations.save_answers_and_claim(
            db, [again, asked], worker_id(), POLICY, readers=READERS, prompts=alone("1")
        )

    assert [len(one) for one in to_read] == [1, 0]
    assert make.one("SELECT url FROM citations") == "https://second.example/"
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'ask' AND outcome = 'answered'") == 2


def bought(work, url):
    answer, cited = Answer(work.run.number, text=f"From {url}"), cite([Source(url, None, 1, cited=True)])
    return runs.answer_row(work, answer, cited.citations, Report("answered", Usage(), 0, 1))


def test_runs_that_are_claimed_are_asked_although_others_of_their_message_cannot_be_read(make, sandbox, monkeypatch):
    batch = make.batch(questions=3)
    done, *open_ones = make.runs(batch)
    make.answered(done)

    def away(*_, **__):
        raise Unreachable("Postgres is away")

    monkeypatch.setattr(evaluations, "claim", away)

    read(*map(str, (done, *open_ones)))

    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 3
    with pytest.raises(Unreachable):
        read(str(done))


def test_an_address_that_no_index_can_hold_does_not_cost_the_answer(make, sandbox, monkeypatch):
    """Each letter of another script is nine in the canonical address."""
    letters = random.Random(7)
    long = "https://example.com/" + "".join(chr(letters.randrange(0x4E00, 0x9FA0)) for _ in range(1500))
    run = make.run()

    async def asked(work):
        return Answer(work.run.number, text="An answer.", sources=(Source(long, None, 1, cited=True),))

    monkeypatch.setattr("senso.workflows.asking.ask_now", asked)

    read(str(run))

    assert make.one("SELECT state FROM question_runs") == "answered"
