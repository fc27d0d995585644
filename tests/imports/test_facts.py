"""What an import file says is true of an org."""

import json
from uuid import UUID

import pytest

from senso import imports
from senso.db import transaction
from senso.errors import ConfigError
from senso.policy import POLICY
from senso.queries import evaluations
from senso.queries.imports import Count, store
from senso.queries.prompts import alone
from senso.workflows import reading_models

PARTNER, ORG = UUID(int=1, version=4), UUID(int=2, version=4)


def document(facts: list[str]) -> imports.Document:
    org = f"- {{id: {ORG}, name: Larch Hill, partner: {PARTNER}, created_at: 2026-01-05, facts: {json.dumps(facts)}}}"
    return imports.parse(f"partners: [{{id: {PARTNER}, name: Partner, credits: 5}}]\norgs:\n{org}", "orgs.yaml")


def stored(*facts: str) -> Count:
    with transaction() as db:
        return store(db, document(list(facts)), "ada").org_facts


@pytest.mark.parametrize(
    ("facts", "place", "reason"),
    [
        (["We have 5 branches.", " "], "facts[1]", "empty"),
        (["x" * 501], "facts[0]", "longer than 500 characters"),
        (["Founded in 1998.", "Founded in 1998."], "facts[1]", "given before, on line 3"),
        ([f"Fact {number}." for number in range(101)], "facts", "more than 100 of them"),
        (["Two\nlines"], "facts[0]", "more than one line, or a control character"),
    ],
)
def test_facts_that_cannot_be_used_are_refused(facts, place, reason):
    with pytest.raises(ConfigError) as refused:
        document(facts)

    assert str(refused.value) == f"orgs.yaml:3: orgs[0].{place}: {reason}"


def test_only_what_differs_is_written(db):
    assert stored("We have 5 branches.", "Founded in 1998.") == Count(inserted=2)
    assert stored("We have 5 branches.", "Founded in 1998.") == Count(unchanged=2)
    assert stored("Founded in 1998.") == Count(updated=1, removed=1)
    assert stored() == Count(removed=1)


def test_an_answer_is_read_with_the_facts_in_their_order_and_the_names_stay_valid(make):
    org = make.org()
    for position, fact in enumerate(("We have 5 branches.", "Founded in 1998.")):
        make.sql("INSERT INTO org_facts VALUES (:id, :fact, :position)", id=org.id, fact=fact, position=position)
    run = make.runs(make.batch(org))[0]
    make.answered(run)

    with transaction() as db:
        readers = reading_models.readers(db)
        (work,) = evaluations.claim(db, [run], "me", POLICY, readers=readers, prompts=alone("reading-1"))

    assert work.org.facts == ("We have 5 branches.", "Founded in 1998.")
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'") == 0
