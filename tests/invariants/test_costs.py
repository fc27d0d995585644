"""What a call cost is held against the price in the table: as it was when the call was made."""

import pytest
from at_work import start
from jobs import collect

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.tasks.stages import read, submit_snapshot

CHECK = next(check for check in invariants.CHECKS if check.name.endswith("the price of its tokens"))
DOUBLED = """
    UPDATE models SET prices = prices || jsonb_build_object(
        'token_in', 2 * (prices->>'token_in')::float8, 'record', 2 * (prices->>'record')::float8)
"""


@pytest.fixture(autouse=True)
def paid(make, sandbox):
    """An org that was asked by both kinds of providers, and read."""
    batch = make.queued(make.org(questions=2, models=("gpt-6.1-terra", "chatgpt")))
    start(batch)
    submit_snapshot(str(make.one("SELECT id FROM vendor_jobs")))
    collect(make)
    for run in make.runs(batch):
        read(str(run))


def accused() -> list[str]:
    with transaction() as db:
        found = invariants.broken(db, POLICY, 500, only=(CHECK,))
    return sorted({one["provider"] for rows in found.values() for one in rows})


def test_what_was_paid_is_the_price_in_the_table(make):
    assert {one["purpose"] for one in make.sql("SELECT purpose FROM llm_calls")} == {"ask", "read", "names"}
    assert make.sql("SELECT FROM llm_calls WHERE cost_microusd IS NULL") == []
    assert accused() == []


def test_another_price_than_was_paid_is_told_of_both_kinds(make):
    make.sql(DOUBLED)

    assert accused() == ["brightdata", "openai"]


def test_a_price_that_an_import_changed_since_accuses_no_earlier_call(make):
    make.sql(f"{DOUBLED}, changed_at = now()")

    assert accused() == []


def test_a_call_after_the_change_is_held_against_the_new_price(make):
    make.sql(f"{DOUBLED}, changed_at = now() - interval '6 minutes'")

    assert accused() == ["brightdata", "openai"]


def test_of_two_models_of_one_name_either_price_explains_a_call(make):
    make.sql(
        "INSERT INTO models (id, slug, provider, name, surface, deadline_seconds, prices) SELECT gen_random_uuid(), "
        "'again ' || slug, provider, name, surface, 9, '{\"token_in\": 77, \"token_out\": 1}' FROM models"
    )

    assert accused() == []


def test_a_model_without_a_price_explains_no_cost_and_accuses_none(make):
    make.sql("UPDATE models SET prices = NULL")

    assert accused() == []
