"""Both calls for one run may have succeeded where the first one's worker was taken for dead, and nowhere else."""

from senso.db import transaction
from senso.queries import invariants

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
        return set(invariants.broken(db))


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
