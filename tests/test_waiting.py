"""What batches wait for: told from rows, for one of them or for many together."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from at_work import start, work_off
from jobs import age, job

from senso.cli.wait_reasons import lines
from senso.db import transaction
from senso.policy import POLICY
from senso.queries import workers
from senso.reads import waiting
from senso.reads.wait_words import WORDS, clock, span
from senso.tasks.periodic import admit
from senso.tasks.stages import find_names, open_batch, push, read, submit_snapshot


@pytest.fixture
def works(make):
    """A worker that lives."""
    with transaction() as db:
        workers.beat(db, "living")


def waits(*batches, each=True):
    with transaction() as db:
        return waiting.waits(db, batches, POLICY, each=each, reader="gpt-6-luna")


def words(*batches):
    found = waits(*batches)
    return lines(found, found[0].seen_at)


def kinds(*batches, each=True):
    return [(one.what, one.stage, one.count) for one in waits(*batches, each=each)]


def test_a_batch_that_nobody_works_on_waits_for_a_worker_and_says_when_the_last_was_seen(make):
    batch = make.queued()
    with transaction() as db:
        workers.beat(db, "gone")
        workers.leave(db, "gone")

    (first, *_) = words(batch)

    assert re.fullmatch(
        r"a worker: none is running, the last was seen at \d\d:\d\d:\d\d UTC; start them: senso up", first
    )


@pytest.mark.usefixtures("works")
def test_a_queued_batch_says_how_many_are_ahead(make):
    running, first, second = make.batch(), make.queued(), make.queued()

    assert kinds(first) == [("turn", None, 0)]
    assert words(second) == ["a turn: 1 batch is ahead, and 1 of at most 500 at work"]
    assert waits(running, each=False)[0].what == "place"


@pytest.mark.usefixtures("works")
def test_many_queued_batches_are_counted_together_and_none_is_said_to_be_ahead(make):
    found = waits(make.queued(), make.queued(), each=False)

    assert lines(found, found[0].seen_at) == ["a turn: 2 batches, 0 of at most 500 at work"]


@pytest.mark.usefixtures("works")
def test_runs_that_were_handed_out_wait_for_a_worker_with_room_and_the_others_for_their_turn(make):
    batch = make.batch(questions=102)

    assert kinds(batch) == [("place", "ask", 100), ("window", "ask", 2)]


@pytest.mark.usefixtures("works")
def test_a_rate_limit_says_who_asked_to_wait_until_when_since_when_and_why(make, sandbox):
    batch = make.batch(questions=3)
    sandbox.fault("openai.responses", "429", retry_after=30)
    read(*map(str, make.runs(batch)))

    (one,) = waits(batch)

    assert (one.what, one.stage, one.count, one.provider, one.model) == (
        "rate limit",
        "ask",
        3,
        "openai",
        "gpt-6.1-terra",
    )
    assert one.reason.startswith("openai 429: ")
    assert one.since <= one.seen_at < one.next <= one.until
    assert one.until - one.seen_at < timedelta(seconds=40)
    (said,) = words(batch)
    assert said.startswith(f"the rate limit of openai until {one.until:%H:%M:%S} UTC: 3 runs to be asked, next try in ")
    assert re.search(r"limited for \d s\. openai 429: ", said)


@pytest.mark.usefixtures("works")
def test_a_limit_of_ours_says_which(make, sandbox):
    make.sql("UPDATE models SET rpm = 1 WHERE slug = 'gpt-6.1-terra'")
    batch = make.batch(questions=3)
    read(*map(str, make.runs(batch)))
    # So that none is due meanwhile, however slow the machine is.
    make.sql("UPDATE question_runs SET next_at = next_at + interval '1 minute' WHERE next_at IS NOT NULL")

    (one,) = waits(batch)
    (said,) = words(batch)

    assert (one.what, one.stage, one.count, one.tries) == ("limit", "ask", 3, 0)
    assert said.startswith("openai gpt-6.1-terra, 1 requests a minute: 3 runs to be asked, next try in ")


@pytest.mark.usefixtures("works")
def test_another_failure_says_when_the_next_try_is_and_how_many_have_failed(make, sandbox):
    batch = make.batch(questions=2)
    sandbox.fault("openai.responses", "500")
    for _ in range(2):
        make.sql("UPDATE question_runs SET next_at = now() WHERE next_at IS NOT NULL")
        read(*map(str, make.runs(batch)))

    (one,) = waits(batch)
    (said,) = words(batch)

    assert (one.what, one.stage, one.count, one.tries) == ("next try", "ask", 2, 2)
    assert said.startswith("another try at openai: 2 runs to be asked, next in ")
    assert "2 of 5 failures at most, failing for " in said
    assert ". openai 500: " in said


@pytest.mark.usefixtures("works")
def test_readings_that_are_put_back_are_told_apart_from_asking(make, sandbox):
    batch = make.batch(questions=2)
    sandbox.fault("openai.chat", "429", retry_after=20)
    read(*map(str, make.runs(batch)))

    assert kinds(batch) == [("rate limit", "extract", 2)]
    assert "2 answers to be read" in words(batch)[0]


@pytest.mark.usefixtures("works")
def test_names_that_are_put_back_hold_the_whole_batch_and_say_so_first(make, sandbox):
    batch = make.queued(questions=3)
    sandbox.fault("openai.chat", "429", retry_after=30)
    start(batch)

    first, *others = waits(batch)

    assert (first.what, first.stage, first.reason) == ("rate limit", "names", "rate limited")
    assert [(one.what, one.count) for one in others] == [("window", 3)]
    assert "1 org's names to be asked for, next try in " in words(batch)[0]


@pytest.mark.usefixtures("works")
def test_calls_in_flight_are_counted_by_provider_with_the_age_of_the_oldest(make):
    batch = make.batch(questions=2)
    make.sql(
        "UPDATE question_runs SET state = 'asking', lease_owner = 'living', "
        "lease_until = now() + interval '150 seconds' - interval '20 seconds'"
    )

    assert words(batch) == ["2 calls to openai (gpt-6.1-terra), the oldest for 20 s"]


@pytest.mark.usefixtures("works")
def test_what_a_silent_worker_holds_is_told_with_the_time_at_which_it_is_taken_back(make):
    batch = make.batch(questions=2)
    with transaction() as db:
        workers.beat(db, "silent")
    make.sql("UPDATE workers SET heartbeat_at = now() - interval '8 seconds' WHERE id = 'silent'")
    make.sql(
        "UPDATE question_runs SET state = 'asking', lease_owner = 'silent', lease_until = now() + interval '2 minutes'"
    )

    (one,) = waits(batch)
    (said,) = words(batch)

    assert (one.what, one.count) == ("silent worker", 2)
    assert said.startswith("a worker silent for 8 s, which holds 2 runs to be asked: taken back in 2 s, at ")


@pytest.mark.usefixtures("works")
def test_a_job_at_a_vendor_is_told_with_its_age_its_next_look_and_its_deadline(make, sandbox):
    snapshot = job(make)
    batch = make.one("SELECT batch_id FROM vendor_jobs")
    assert words(batch) == ["a worker with room: 1 job to be handed over, handed out 0 s ago"]

    submit_snapshot(snapshot)
    make.sql(
        "UPDATE vendor_jobs SET submitted_at = now() - interval '130 seconds', "
        "next_poll_at = now() + interval '4 seconds', deadline = now() + interval '10 minutes'"
    )

    (one,) = waits(batch)
    assert (one.what, one.count, one.runs, one.provider, one.model) == ("job", 1, 3, "brightdata", "chatgpt")
    until = clock(one.until, datetime.now(UTC))  # with its date in the last minutes of a day
    assert words(batch) == [
        f"1 job at brightdata (3 runs; chatgpt) for 2 min 10 s: next look in 4 s, given up at {until}"
    ]


@pytest.mark.usefixtures("works")
def test_a_job_that_may_have_been_submitted_is_told_as_that(make, sandbox):
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", "drop-after", times=1)
    submit_snapshot(snapshot)
    age(make, 5)

    (said,) = words(make.one("SELECT batch_id FROM vendor_jobs"))

    assert said.startswith(
        "1 job (3 runs) that brightdata may have, sent 5 s ago: looked up there now, sent again after "
    )


@pytest.mark.usefixtures("works")
def test_a_job_that_was_refused_for_the_moment_says_when_it_is_submitted_again(make, sandbox):
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", "429", retry_after=25, times=1)
    submit_snapshot(snapshot)

    (said,) = words(make.one("SELECT batch_id FROM vendor_jobs"))

    assert said.startswith("the rate limit of brightdata until ")
    assert "1 job to be handed over, next try in " in said


@pytest.mark.usefixtures("works")
def test_a_batch_is_told_to_be_opening_and_of_which_all_is_read_to_be_ending(make):
    opening, ending = make.queued(), make.batch()
    admit()
    make.sql("UPDATE batches SET remaining = 0 WHERE id = :b", b=ending)

    assert [line.split(", ")[0] for line in words(opening)] == ["1 batch being opened for 0 s"]
    assert words(ending) == ["1 batch of which all is read: scored and charged now"]


@pytest.mark.usefixtures("works")
def test_a_blocked_batch_waits_for_credits_and_an_ended_one_for_nothing_but_its_push(make, sandbox):
    blocked, ended = make.queued(questions=3, available=2), make.queued(questions=1)
    admit()
    open_batch(str(blocked))
    work_off(make, ended)
    assert words(ended) == ["the application: the numbers are on their way"]
    make.sql("UPDATE pushes SET tries = 1, lease_until = now() + interval '1 minute'")
    assert words(ended) == ["the application: the numbers are on their way"]
    make.sql("UPDATE pushes SET tries = 0, lease_until = NULL")

    sandbox.fault("application", "500", times=1)
    push(make.one("SELECT key FROM pushes"))

    assert words(blocked) == ["credits: 3 credits needed"]
    (said,) = words(ended)
    assert said.startswith("the application: 1 try has failed, the next is in ")
    assert "500" in said
    push(make.one("UPDATE pushes SET next_at = now() RETURNING key"))
    assert waits(ended) == []


@pytest.mark.usefixtures("works")
def test_many_batches_are_told_in_one_statement_and_together(make, sandbox):
    batches = [make.batch(questions=2) for _ in range(3)]
    make.queued()
    make.queued()
    sandbox.fault("openai.responses", "429", retry_after=30, times=2)
    read(*map(str, make.runs(batches[0])))

    together = kinds(*batches, each=False)

    assert together == [("rate limit", "ask", 2), ("place", "ask", 4)]
    assert {one.batch_id for one in waits(*batches)} == set(batches)
    assert waits(each=False) == []


def test_everything_that_can_be_waited_for_has_its_words():
    assert set(WORDS) == set(waiting.ORDER)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (130, "2 min 10 s"),
        (3700, "1 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds, said):
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)

    assert span(now, now + timedelta(seconds=seconds)) == said


@pytest.mark.usefixtures("works")
def test_names_being_asked_for_are_told(make, sandbox):
    batch = make.queued()
    admit()
    open_batch(str(batch))
    sandbox.timing(reading_seconds=0)
    find_names(str(batch))
    make.sql("UPDATE name_variations SET lease_owner = 'living', lease_until = now() + interval '148 seconds'")

    assert words(batch)[0] == "1 org's names being asked of openai (gpt-6-luna) for 2 s"
