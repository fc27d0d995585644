"""What a day may cost: exact among claims at the same moment, and work goes on when there is room again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
import reading_jobs
from jobs import job

from senso import supplied
from senso.db import at_once, transaction
from senso.policy import POLICY
from senso.queries import ceilings as rows
from senso.queries import invariants, stops, sweep
from senso.settings import settings
from senso.tasks.stages import find_names, read, submit_snapshot
from senso.workflows import ceilings, claiming, reading_models

DOLLAR = 1_000_000


@pytest.fixture
def may_cost(environment, monkeypatch):
    """`may_cost(2.5)`: dollars a day; a question costs one, a reading a tenth."""
    ceilings.known.clear()
    prices = {("ask", "openai", "gpt-6.1-terra"): DOLLAR}
    monkeypatch.setattr(rows, "means", lambda _: prices | dict.fromkeys(READINGS, DOLLAR // 10))

    def set_(dollars: float | None) -> None:
        if dollars is None:
            environment.delenv("MAX_DAILY_COST", raising=False)
        else:
            environment.setenv("MAX_DAILY_COST", str(dollars))
        settings.cache_clear()

    yield set_
    ceilings.known.clear()


READINGS = [("read", "openai", name) for name in ("gpt-6-luna", "gpt-6.1-terra", "gpt-5.4-mini")]


def lift() -> None:
    ceilings.lift_all(settings().max_daily_microusd)


def claim_runs(runs):
    with at_once() as db:
        works, _ = claiming.claim_runs(db, runs)
    return works


def claimed(make) -> int:
    return make.one("SELECT count(*) FROM question_runs WHERE state = 'asking'")


def test_claims_of_the_same_moment_take_no_more_than_fits(make, may_cost):
    may_cost(7.5)
    runs = [make.runs(make.batch(questions=10)) for _ in range(3)]
    parts = [some[start : start + 2] for some in runs for start in range(0, 10, 2)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(claim_runs, parts))

    assert claimed(make) == 7
    assert make.one("SELECT sum(estimate_microusd)::int FROM llm_calls") == 7 * DOLLAR
    (stop,) = make.sql("SELECT partner_id, ceiling_microusd, spent_microusd, lifted_at FROM cost_stops")
    assert stop == {"partner_id": None, "ceiling_microusd": 7_500_000, "spent_microusd": 7 * DOLLAR, "lifted_at": None}
    with transaction() as db:
        assert not invariants.broken(db, POLICY, 500)
        assert sweep.find_lost(db, 0, 500, reading_models.readers_if_right(db))["lost runs"] == 0
        (said,) = [one.said for one in stops.in_force(db)]
    assert said == "today's cost of $7.00 has reached MAX_DAILY_COST $7.50; goes on at 00:00 UTC or when raised"


def test_what_a_call_really_cost_replaces_its_estimate_and_one_that_never_reports_keeps_it(make, may_cost):
    may_cost(10)
    batch = make.batch(questions=3)
    claim_runs(make.runs(batch))
    calls = [one["id"] for one in make.sql("SELECT id FROM llm_calls ORDER BY id")]
    make.sql("UPDATE llm_calls SET outcome = 'answered', cost_microusd = 200000 WHERE id = :id", id=calls[0])
    make.sql("UPDATE llm_calls SET outcome = 'unavailable', cost_microusd = NULL WHERE id = :id", id=calls[1])

    assert spent(make) == 200_000 + 2 * DOLLAR
    make.sql("UPDATE llm_calls SET outcome = NULL, cost_microusd = NULL WHERE id = :id", id=calls[0])
    assert spent(make) == 3 * DOLLAR


def spent(make) -> int:
    with transaction() as db:
        return next(one.microusd for one in rows.standing(db, None) if one.partner_id is None)


def test_a_higher_ceiling_lets_the_same_runs_go_on_by_themselves(make, sandbox, may_cost):
    may_cost(1.5)
    batch = make.batch(questions=2)
    assert len(claim_runs(make.runs(batch))) == 1
    lift()
    assert make.one("SELECT lifted_at FROM cost_stops") is None

    may_cost(5)
    lift()

    assert make.one("SELECT lifted_at IS NOT NULL FROM cost_stops")
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'planned' AND next_at <= now()") == 1
    read(*map(str, make.runs(batch)))
    assert make.one("SELECT count(*) FROM evaluations WHERE state = 'done'") == 1


def test_the_next_day_begins_with_nothing_spent(make, may_cost):
    may_cost(1.5)
    batch = make.batch(questions=2)
    claim_runs(make.runs(batch))
    assert claimed(make) == 1
    make.sql("UPDATE cost_stops SET day = day - 1")
    make.sql("UPDATE llm_calls SET started_at = started_at - interval '1 day'")
    make.sql("UPDATE cost_moves SET day = day - 1")
    make.sql("DELETE FROM cost_days")

    lift()
    claim_runs(make.runs(batch))

    assert claimed(make) == 2


def test_a_partner_that_has_reached_its_ceiling_leaves_others_alone(make, may_cost):
    may_cost(None)
    poor, other = make.org(questions=3), make.org(questions=3)
    make.sql("UPDATE partners SET max_daily_cost_microusd = 2000000 WHERE id = :id", id=poor.partner)
    runs = make.runs(make.batch(poor)) + make.runs(make.batch(other))

    works = claim_runs(runs)

    assert len(works) == 5
    assert make.one("SELECT partner_id FROM cost_stops") == poor.partner
    assert claim_runs(runs) == []
    make.sql("UPDATE partners SET max_daily_cost_microusd = NULL WHERE id = :id", id=poor.partner)
    lift()
    assert len(claim_runs(runs)) == 1


def test_an_answer_that_was_paid_for_is_kept_when_its_reading_does_not_fit(make, sandbox, may_cost):
    may_cost(1.05)
    batch = make.batch(questions=1)
    sandbox_cost(make)

    read(*map(str, make.runs(batch)))

    row = make.sql("SELECT r.state, e.state AS reading FROM question_runs r JOIN evaluations e ON e.run_id = r.id")
    assert row == [{"state": "answered", "reading": "pending"}]
    may_cost(2)
    lift()
    assert make.one("SELECT count(*) FROM evaluations WHERE next_at <= now()") == 1


def sandbox_cost(make) -> None:
    """Answers of the model cost about what is estimated here."""
    make.sql("""UPDATE models SET prices = prices || '{"token_in": 0, "token_out": 0, "search": 1000000}'
        WHERE slug = 'gpt-6.1-terra'""")
    make.sql("""UPDATE models SET prices = prices || '{"record": null}' WHERE slug = 'gpt-6.1-terra'""")
    reading_models.cached.clear()


def test_a_job_is_submitted_whole_or_not_at_all(make, sandbox, may_cost, monkeypatch):
    monkeypatch.setattr(rows, "means", lambda _: {("ask", "brightdata", "chatgpt"): DOLLAR})
    make.sql("UPDATE models SET name = 'chatgpt' WHERE slug = 'chatgpt'")
    may_cost(2.5)
    snapshot = job(make)

    submit_snapshot(snapshot)
    assert make.one("SELECT count(*) FROM llm_calls") == 0
    assert make.one("SELECT failures + fence FROM vendor_jobs") == 0

    may_cost(3.5)
    lift()
    with suppress(Exception):
        submit_snapshot(snapshot)
    assert make.one("SELECT sum(estimate_microusd)::int FROM llm_calls") == 3 * DOLLAR


def test_names_are_estimated_too(make, may_cost, monkeypatch):
    naming = supplied.names_model()
    monkeypatch.setattr(rows, "means", lambda _: {("names", "openai", naming): DOLLAR})
    may_cost(0.5)
    org = make.org()
    batch = make.queued(org)
    make.sql("UPDATE batches SET state = 'running', started_at = now()")
    find_names(str(batch))
    assert make.one("SELECT count(*) FROM llm_calls") == 0
    assert make.one("SELECT count(*) FROM cost_stops") == 1


def test_what_was_claimed_before_there_was_a_ceiling_counts_by_its_cost(make, may_cost):
    may_cost(None)
    batch = make.batch(questions=3)
    make.answered(make.runs(batch)[0])
    make.sql("UPDATE llm_calls SET cost_microusd = 1900000")

    may_cost(2.5)

    assert claim_runs(make.runs(batch)) == []
    assert make.one("SELECT spent_microusd FROM cost_stops") == 1_900_000


def test_without_a_ceiling_nothing_is_counted(make, sandbox, may_cost):
    may_cost(None)
    read(*map(str, make.runs(make.batch(questions=2))))

    assert make.one("SELECT count(estimate_microusd) FROM llm_calls") == 0
    assert make.one("SELECT (SELECT count(*) FROM cost_moves) + (SELECT count(*) FROM cost_days)") == 0


def test_jobs_that_have_no_place_yet_do_not_reach_a_ceiling(make, sandbox, may_cost, monkeypatch):
    """Only what could be sent now is added up."""
    monkeypatch.setattr(rows, "means", lambda _: {("ask", "brightdata", "chatgpt"): DOLLAR})
    monkeypatch.setattr(claiming, "POLICY", replace(POLICY, jobs_at_a_time=1))
    make.sql("UPDATE models SET name = 'chatgpt' WHERE slug = 'chatgpt'")
    may_cost(1.5)
    make.batch(questions=1, models=("chatgpt",), countries=("US", "CA", "GB"))
    jobs = [one["id"] for one in make.sql("SELECT id FROM vendor_jobs")]

    with transaction() as db:
        works = claiming.claim_jobs(db, jobs, {})

    assert len(works) == 1
    assert make.one("SELECT count(*) FROM cost_stops") == 0


@pytest.mark.usefixtures("in_batches")
def test_a_file_that_costs_more_than_a_day_may_is_read_by_calls(make, sandbox, may_cost):
    """It would never be sent, and nothing else begin as long as it waits."""
    batch = reading_jobs.answered(make, questions=3)
    may_cost(0.25)

    reading_jobs.work(make)

    assert make.one("SELECT count(*) FROM cost_stops") == 0
    assert make.one("SELECT state FROM vendor_jobs") == "failed"
    reading_jobs.read_rest(make, batch)
    assert reading_jobs.states(make)["done"] >= 2
