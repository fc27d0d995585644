"""A dry run says what a trigger would do and cost, and writes nothing."""

import pytest
from at_work import work_off
from operating import Initiator, cancel
from shell import Shell

from senso.cli.terms import terms
from senso.db import transaction
from senso.queries import estimates
from senso.settings import settings
from senso.tables import Base
from senso.tasks.stages import read
from senso.workflows.estimating import TriggerEstimate, estimate_triggers

ME = Initiator("test")


def foreseen(*orgs, reopen: bool = False) -> list[TriggerEstimate]:
    with transaction() as db:
        return estimate_triggers(db, [org.id for org in orgs], terms(reopen=reopen))


def everything(make) -> dict:
    return {
        table.name: make.sql(f"SELECT * FROM {table.name} t ORDER BY t::text")
        for table in Base.metadata.tables.values()
    }


def test_a_dry_run_writes_to_no_table_and_calls_nobody(senso, make, sandbox, messages):
    org, blocked = make.org(models=("gpt-6.1-terra", "chatgpt")), make.org(questions=3, available=2)
    work_off(make, make.queued(blocked))
    messages.clear()
    before, calls = everything(make), len(sandbox.calls())

    for arguments in (["--json"], [], ["--wait"], ["--idempotency-key", "k-1"], ["--reopen"]):
        assert senso("trigger", "org", org.id, "--dry-run", *arguments).code == 0
    assert senso("trigger", "org", org.id, blocked.id, "--dry-run").code == 0

    assert everything(make) == before
    assert len(before) > 30
    assert (len(sandbox.calls()), messages("control"), messages("batch")) == (calls, [], [])


def test_the_transaction_of_a_dry_run_refuses_to_write(make):
    with transaction() as db:
        estimates.read_only(db)
        with pytest.raises(Exception, match="read-only"):
            db.exec_driver_sql("DELETE FROM ledger")


def test_without_history_the_price_table_and_stated_assumptions_speak(senso, make):
    org = make.org(questions=3, models=("gpt-6.1-terra", "chatgpt"), countries=("US", "CA"))

    found = senso("trigger", "org", org.id, "--dry-run", "--json").json

    (one,) = found["orgs"]
    asked = {(call["purpose"], call["asked"]): call for call in one["estimates"]}
    assert (one["outcome"], one["runs"], one["credits"]) == ("opened", 12, 12)
    assert asked["ask", "gpt-6.1-terra"]["cost_microusd"] == 6 * (13_000 * 1 + 800 * 5 + 10_000)
    assert asked["ask", "chatgpt"]["cost_microusd"] == 6 * 1500
    assert (asked["ask", "chatgpt"]["tokens_in"], asked["names", None]["calls"]) == (0, 1)
    assert found["totals"]["calls"] == 25
    assert found["totals"]["cost_microusd"] == sum(call["cost_microusd"] for call in one["estimates"])
    assert found["credits"][0] | {"partner": None} == {
        "partner": None,
        "name": "Partner",
        "needed": 12,
        "available": 1000,
        "metered": True,
        "enough": True,
    }
    assert found["assumed"]["ask"]["tokens_in"] == 13_000


def test_a_price_that_is_not_known_stays_unknown(senso, make):
    org = make.org()
    make.sql("UPDATE models SET name = 'gpt-of-tomorrow', prices = NULL WHERE slug = 'gpt-6.1-terra'")

    found = senso("trigger", "org", org.id, "--dry-run", "--json").json
    said = senso("trigger", "org", org.id, "--dry-run").out

    assert found["totals"]["cost_microusd"] is None
    assert found["totals"]["calls_of_unknown_cost"] == 2
    assert found["totals"]["known_cost_microusd"] > 0
    assert "unknown: $" in said
    assert "2 calls whose price is not known" in said


def test_with_history_the_orgs_own_calls_speak_by_model_and_purpose(make, sandbox, environment):
    org = make.org(questions=2, models=("gpt-6.1-terra", "gpt-6-luna"))
    work_off(make, make.queued(org))
    paid = make.sql(
        "SELECT purpose, m.slug, sum(c.cost_microusd)::bigint AS cost, sum(c.tokens_in)::bigint AS tokens "
        "FROM llm_calls c JOIN question_runs r ON r.id = c.run_id JOIN models m ON m.id = r.model_id "
        "GROUP BY purpose, m.slug"
    )
    make.question(org.id, "One more?", 8)
    make.question(org.id, "And one more?", 9)
    environment.setenv("SENSO_CLOCK", "+1d")
    settings.cache_clear()

    (found,) = foreseen(org)

    estimates = {(one.purpose, one.asked): one for one in found.estimates}
    assert set(estimates) == {(one["purpose"], one["slug"]) for one in paid}
    for one in paid:
        estimate = estimates[one["purpose"], one["slug"]]
        assert (estimate.calls, estimate.answers) == (4, 2)
        assert (estimate.cost_microusd, estimate.tokens_in) == (one["cost"] * 2, one["tokens"] * 2)


def test_tries_that_failed_are_part_of_what_an_answer_costs(make, sandbox, environment):
    org = make.org(questions=2)
    work_off(make, make.queued(org))
    (run, *_) = make.sql("SELECT id, batch_id FROM question_runs")
    make.sql(
        "INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, outcome, cost_microusd) "
        "VALUES ('ask', :b, :r, :o, 9, 'openai', 'gpt-6.1-terra', 'malformed', 1000000), "
        "('ask', :b, :r, :o, 9, 'openai', 'gpt-6.1-terra', NULL, NULL)",
        b=run["batch_id"],
        r=run["id"],
        o=org.id,
    )
    total = make.one("SELECT sum(cost_microusd)::bigint FROM llm_calls WHERE purpose = 'ask'")
    environment.setenv("SENSO_CLOCK", "+1d")
    settings.cache_clear()

    (found,) = foreseen(org)

    (ask,) = [one for one in found.estimates if one.purpose == "ask"]
    assert (ask.calls, ask.cost_microusd, ask.unknown) == (4, total, 1)


def test_calls_that_never_led_to_an_answer_are_no_history(make, sandbox, environment):
    org = make.org(questions=1)
    sandbox.fault("openai.responses", "401", times=1)
    work_off(make, make.queued(org))
    environment.setenv("SENSO_CLOCK", "+1d")
    settings.cache_clear()

    (found,) = foreseen(org)

    assert {one.purpose: one.answers for one in found.estimates} == {"ask": 0, "read": 0}


@pytest.mark.parametrize(("state", "runs"), [("attached", 0), ("completed", 0), ("failed", 0)])
def test_a_batch_of_today_that_is_there_costs_nothing_more(make, sandbox, state, runs):
    org = make.org(questions=1)
    batch = make.queued(org)
    if state != "attached":
        if state == "failed":
            sandbox.fault("openai.responses", "401", times=1)
        work_off(make, batch)

    (found,) = foreseen(org)

    assert (found.outcome, found.batch, found.runs, found.credits, found.estimates) == (state, batch, runs, 0, ())


def test_a_cancelled_batch_is_foreseen_with_what_is_left_of_it(senso, make, sandbox):
    org = make.org(questions=3)
    batch = make.batch(org)
    first, second, _ = make.runs(batch)
    read(str(first))
    make.answered(second)
    cancel(batch, ME)

    refused = senso("trigger", "org", org.id, "--dry-run")
    (found,) = foreseen(org, reopen=True)

    assert (refused.code, "--reopen" in refused.err) == (2, True)
    assert (found.outcome, found.runs, found.evaluations, found.credits) == ("reopened", 1, 2, 2)


def test_orgs_of_one_partner_need_its_credits_together(senso, make):
    first, second = make.org(questions=3, available=5), make.org(questions=3, available=5)
    make.sql("UPDATE orgs SET partner_id = :id", id=first.partner)

    found = senso("trigger", "org", first.id, second.id, "--dry-run", "--json").json
    said = senso("trigger", "org", first.id, second.id, "--dry-run").out

    assert [(one["needed"], one["available"], one["enough"]) for one in found["credits"]] == [(6, 5, False)]
    assert "not enough" in said


def test_an_unmetered_partner_always_has_enough(senso, make):
    org = make.org(available=None)

    found = senso("trigger", "org", org.id, "--dry-run", "--json").json
    said = senso("trigger", "org", org.id, "--dry-run").out

    assert (found["credits"][0]["available"], found["credits"][0]["enough"]) == (None, True)
    assert "not metered" in said


def test_what_a_trigger_would_refuse_a_dry_run_refuses_alike(senso, make, environment):
    inactive, fine = make.org(active=False), make.org()

    assert senso("trigger", "org", fine.partner, "--dry-run").code == 4
    assert senso("trigger", "org", fine.id, inactive.id, "--dry-run").code == 2
    environment.delenv("OPENAI_API_KEY")
    settings.cache_clear()
    done = senso("trigger", "org", fine.id, "--dry-run")

    assert (done.code, "OPENAI_API_KEY" in done.err, done.out) == (2, True, "")


@pytest.mark.parametrize("columns", [60, 140])
def test_it_reads_well_at_any_width(senso, make, columns):
    senso.columns(columns)
    org = make.org(models=("gpt-6.1-terra", "chatgpt"))

    said = senso("trigger", "org", org.id, "--dry-run").out

    assert str(org.id) in said
    assert max(map(len, said.splitlines())) <= max(columns, 80)
    assert "Nothing was written." in said


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)
