"""Both calls for one run may have succeeded where the first one's worker was taken for dead, and nowhere else."""

import pytest

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.tasks.stages import read

BOUGHT = "I6 what was bought once is not bought again"
BOUGHT_BEFORE = (
    "INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, outcome, latency_ms, tokens_in, "
    "tokens_cached, tokens_out, cost_microusd, started_at) SELECT purpose, batch_id, run_id, org_id, fence, provider, "
    "model, outcome, latency_ms, tokens_in, tokens_cached, tokens_out, cost_microusd, started_at - interval '1 minute' "
    "FROM llm_calls WHERE purpose = 'ask'"
)
TAKEN_FOR_DEAD = (
    "INSERT INTO repairs (kind, count, at) VALUES ('reaped workers', 1, now() - make_interval(secs => :ago))"
)


def broken() -> set[str]:
    with transaction() as db:
        return set(invariants.broken(db, POLICY, 500))


def test_an_answer_that_was_bought_again_without_a_dead_worker_is_told(make):
    make.run(answered=True)
    make.sql(BOUGHT_BEFORE)

    assert BOUGHT in broken()


def test_an_answer_that_was_bought_again_after_its_worker_was_taken_for_dead_is_not(make):
    make.run(answered=True)
    make.sql(BOUGHT_BEFORE)
    make.sql(TAKEN_FOR_DEAD, ago=30)

    assert BOUGHT not in broken()


def test_a_worker_that_was_taken_for_dead_before_the_first_call_excuses_nothing(make):
    make.run(answered=True)
    make.sql(BOUGHT_BEFORE)
    make.sql(TAKEN_FOR_DEAD, ago=90)

    assert BOUGHT in broken()


FENCE = "I6 a fence rises with a claim or an end, and with nothing else"
ENDED = {"runs": ("question_runs", "answered_at"), "evaluations": ("evaluations", "ended_at")}
one_failure_more = pytest.mark.parametrize("kind", ENDED)


def taken_back(make, kind: str, seconds_before_its_end: float) -> None:
    table, ended = ENDED[kind]
    make.sql(f"UPDATE {table} SET failures = failures + 1")
    make.sql(
        f"INSERT INTO repairs (kind, count, at) SELECT :kind, 1, {ended} - make_interval(secs => :before) FROM {table}",
        kind=f"reaped {kind}",
        before=seconds_before_its_end,
    )


@one_failure_more
def test_a_result_of_a_slow_owner_whose_claim_was_taken_back_is_not_told(make, sandbox, kind):
    read_a_minute_ago(make)

    taken_back(make, kind, 10)

    assert FENCE not in broken()


@one_failure_more
def test_a_failure_too_many_without_anything_taken_back_in_that_time_is_told(make, sandbox, kind):
    read_a_minute_ago(make)

    taken_back(make, kind, 120)

    assert FENCE in broken()


@one_failure_more
def test_what_was_taken_back_once_excuses_one_failure_and_no_second(make, sandbox, kind):
    read_a_minute_ago(make)
    taken_back(make, kind, 10)

    make.sql(f"UPDATE {ENDED[kind][0]} SET failures = failures + 1")

    assert FENCE in broken()


def read_a_minute_ago(make) -> None:
    """One run, asked and read by calls of half a minute."""
    read(str(make.run()))
    make.sql("UPDATE llm_calls SET started_at = started_at - interval '30 seconds'")


NAMES = "I6 names are asked for once, and as often as tries failed"
NAMES_FOUND = (
    "INSERT INTO llm_calls (purpose, batch_id, org_id, fence, provider, model, prompt_version, outcome, cost_microusd, "
    "started_at) SELECT 'names', id, org_id, :fence, 'openai', 'gpt-6-luna', 'v1', 'found', 0, "
    "now() - make_interval(secs => :ago) FROM batches"
)


def names_found_twice(make) -> None:
    make.run()
    for fence, ago in ((1, 60), (2, 10)):
        make.sql(NAMES_FOUND, fence=fence, ago=ago)
    make.sql("UPDATE name_variations SET fence = 2, expires_at = now() + interval '30 days'")


def test_names_that_were_found_twice_are_told(make):
    names_found_twice(make)

    assert NAMES in broken()


def test_names_that_were_found_again_after_their_first_worker_was_taken_for_dead_are_not(make):
    names_found_twice(make)
    make.sql(TAKEN_FOR_DEAD, ago=30)

    assert NAMES not in broken()


def test_an_answer_that_came_late_to_an_overtaken_claim_was_of_no_use_and_its_failure_is_one(make):
    """Frozen, killed, and asked a third time: two failures, although the first call brought an answer in the end."""
    make.run()
    for fence, outcome in ((1, "answered"), (2, None), (3, None)):
        make.sql(
            "INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, outcome, cost_microusd) "
            "SELECT 'ask', b.id, r.id, b.org_id, :fence, 'openai', 'gpt-6.1-terra', :outcome, 0 "
            "FROM question_runs r JOIN batches b ON b.id = r.batch_id",
            fence=fence,
            outcome=outcome,
        )
    asking = "state = 'asking', fence = 3, lease_owner = 'me', lease_until = now() + interval '1 minute'"
    make.sql(f"UPDATE question_runs SET {asking}, failures = 2")
    before = broken()
    make.sql("UPDATE question_runs SET failures = 3")

    assert FENCE not in before
    assert FENCE in broken()


MOMENTS = "I2 the moments of a batch, its runs and its readings follow each other"


@pytest.mark.parametrize(("failures", "is_told"), [(0, True), (1, False)])
def test_an_answer_that_nobody_was_sent_for_is_told_unless_it_was_taken_back_before_it_came(make, failures, is_told):
    """Who takes a run back notes that nobody is sent for it; its slow owner may still save."""
    make.run(answered=True)
    make.sql("UPDATE question_runs SET sent_at = NULL, failures = :failures", failures=failures)

    assert (MOMENTS in broken()) is is_told
