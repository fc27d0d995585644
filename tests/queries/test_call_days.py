"""The calls of a day are the same figures before they are counted, half-way, and once all are."""

from dataclasses import asdict

import pytest

from senso.db import looking
from senso.reads import provider_calls
from senso.workflows.totals import count


@pytest.fixture
def call(make):
    def made(outcome=None, days_ago=0, **columns):
        values = {"purpose": "ask", "provider": "openai", "model": "m", "fence": 1, "outcome": outcome} | columns
        names = ", ".join(values)
        return make.one(
            f"INSERT INTO llm_calls (started_at, {names}) VALUES (now() - make_interval(days => :days_ago), "
            f"{', '.join(f':{name}' for name in values)}) RETURNING id",
            days_ago=days_ago,
            **values,
        )

    return made


def days(partner=None, most=7):
    """Newest first, without what is zero."""
    with looking() as db:
        found = [asdict(one) for one in provider_calls.days(db, most, partner)]
    return [{name: value for name, value in one.items() if value and name != "day"} for one in found]


def partner_of(make, run):
    return make.one(
        "SELECT partner_id FROM orgs o JOIN question_runs r ON r.subject_id = o.id WHERE r.id = :run", run=run
    )


def test_figures_are_the_same_before_and_after_they_are_counted(make, call):
    run = make.run()
    make.sql("DELETE FROM llm_calls")
    org = make.one("SELECT subject_id FROM question_runs WHERE id = :run", run=run)
    about = {"run_id": run, "org_id": org}
    call("unavailable", 1, cost_microusd=5, **about)
    call("rate limited", cost_microusd=0, **about)
    call("answered", cost_microusd=30, **about)
    call("failed", purpose="read", **about)
    call(purpose="read", **about)
    whole = call("read", purpose="read", provider="gemini", cost_microusd=7)
    call("read", purpose="read", provider="gemini", cost_microusd=8, shared_id=whole)
    today = {"provider": "openai", "calls": 4, "useful": 1, "tried_again": 2, "rate_limited": 1, "failed": 1}
    today |= {"open": 1, "cost_microusd": 30, "unknown_cost": 1}
    expected = [
        {"provider": "gemini", "calls": 1, "useful": 1, "cost_microusd": 15},
        today,
        {"provider": "openai", "calls": 1, "tried_again": 1, "unavailable": 1, "cost_microusd": 5},
    ]

    assert days() == expected
    count()
    count()
    assert make.one("SELECT sum(calls)::int FROM call_days") == 5  # without the open one
    assert days() == expected
    call("answered", purpose="read", cost_microusd=1, **about)  # the open one has not reported, yet its run goes on
    assert days()[1] == today | {"calls": 5, "useful": 2, "cost_microusd": 31}
    make.sql("DELETE FROM llm_calls WHERE outcome IS NOT NULL")
    assert days(partner_of(make, run))[0]["useful"] == 1


def test_each_partner_has_its_own_and_a_network_what_was_asked_for_it(make, call):
    org, other = make.org(), make.org()
    network = make.network(org)
    batch = make.one(
        "INSERT INTO batches (id, kind, network_id, batch_date, credits_per_evaluation, triggered_by) "
        "VALUES (gen_random_uuid(), 'network', :network, current_date, 1, 'test') RETURNING id",
        network=network,
    )
    call("answered", batch_id=batch)
    call("read", purpose="read", batch_id=batch, org_id=other.id)

    for _ in range(2):
        assert [sum(one["calls"] for one in days(partner)) for partner in (org.partner, other.partner, None)] == [
            1,
            1,
            2,
        ]
        count()
        count()
    assert make.one("SELECT count(*) FROM call_days") == 2
