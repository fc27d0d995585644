"""What a model proposes, `senso names` shows and decides, and readings then use."""

import pytest
from shell import Shell

from senso.db import transaction
from senso.extraction import names as extraction_names
from senso.policy import POLICY
from senso.queries import evaluations, name_decisions
from senso.queries.prompts import alone
from senso.workflows import name_decisions as workflow
from senso.workflows import names, reading_models


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def lying(sandbox):
    """The names call of every org says these, besides what is true."""

    def lie(*said):
        sandbox.lie(share=1, kinds=["foreign-name"], names=list(said))

    yield lie
    sandbox.lie(share=0)


@pytest.fixture
def asked_names(make, lying):
    def ask(org, *lies):
        lying(*lies)
        batch = make.sql("SELECT id FROM batches WHERE org_id = :org", org=org.id)
        found = batch[0]["id"] if batch else make.queued(org)
        make.sql("UPDATE batches SET state = 'running', started_at = now() WHERE id = :id", id=found)
        names.find_names(found)

    return ask


def test_what_a_model_says_is_sorted_and_waits(make, senso, asked_names):
    org = make.org()
    make.sql("UPDATE orgs SET competitors = '[\"Vantry Bank\"]' WHERE id = :id", id=org.id)
    asked_names(org, "Umbra Insurance", "Vantry Bank")

    found = senso("names", org.id, "--json").json

    assert "Umbra Insurance" not in [one["name"] for one in found["names"]]
    assert {one["name"]: (one["state"], one["reason"]) for one in found["proposals"]} == {
        "Umbra Insurance": ("proposed", "has words that are neither the name's nor the domains'"),
        "Vantry Bank": ("rejected", "the name of a competitor that the org tracks"),
    }
    assert found["names"][0] == {"name": org.name, "origin": "name", "needs_yes": None}


def test_a_decision_is_safe_twice_and_audited(make, senso, asked_names):
    org = make.org()
    asked_names(org, "Umbra Insurance")

    first, second = (senso("names", org.id, "--accept", "umbra insurance", "--json").json for _ in range(2))

    assert [one["decided"][0]["changed"] for one in (first, second)] == [True, False]
    assert {"name": "Umbra Insurance", "origin": "accepted", "needs_yes": None} in second["names"]
    assert "Umbra Insurance" in variations(make, org)
    senso("names", org.id, "--reject", "Umbra Insurance")
    assert "Umbra Insurance" not in variations(make, org)
    audited = make.sql("SELECT action, subject, details FROM audit WHERE action LIKE '%name' ORDER BY id")
    assert [one["action"] for one in audited] == ["accept name", "reject name"]
    assert audited[0]["subject"] == f"org:{org.id}"
    assert audited[0]["details"] == {"name": "Umbra Insurance"}
    assert make.one("SELECT bool_and(actor <> '') FROM audit WHERE action LIKE '%name'")


def test_a_rejected_name_is_not_proposed_again(make, senso, asked_names):
    org = make.org()
    asked_names(org, "Umbra Insurance")
    assert senso("names", org.id, "--reject", "Umbra Insurance").code == 0
    make.sql("UPDATE name_variations SET expires_at = now()")

    asked_names(org, "Umbra Insurance", "Quarrington")

    found = senso("names", org.id, "--json").json
    assert [(one["name"], one["state"]) for one in found["proposals"]] == [
        ("Quarrington", "proposed"),
        ("Umbra Insurance", "rejected"),
    ]


def test_a_name_in_use_can_be_rejected(make, senso, asked_names):
    org = make.org()
    asked_names(org)
    used = next(one["name"] for one in senso("names", org.id, "--json").json["names"] if one["origin"] == "model")

    assert senso("names", org.id, "--reject", used).code == 0

    assert used not in variations(make, org)
    make.sql("UPDATE name_variations SET expires_at = now()")
    asked_names(org)
    assert used not in variations(make, org)


def test_what_was_rejected_while_the_call_was_on_its_way_is_not_saved(make, asked_names, monkeypatch):
    org = make.org()
    asked_names(org)
    used = make.one("SELECT names ->> -1 FROM name_variations")
    make.sql("UPDATE name_variations SET expires_at = now()")
    found = extraction_names.find

    def rejected_meanwhile(*given, **more):
        answer = found(*given, **more)
        workflow.decide(org.id, [], [used], "ada")
        return answer

    monkeypatch.setattr(extraction_names, "find", rejected_meanwhile)
    asked_names(org)

    assert used not in make.one("SELECT names FROM name_variations")


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        (["--accept", "Nobody"], (4, "'Nobody' is not among the proposals of this org")),
        (["--reject", "Nobody"], (4, "'Nobody' is neither a name nor a proposal of this org")),
        (["--reject", "larchhill.example"], (2, "is the org's own by the import file")),
        (["--accept", "Vantry Bank"], (2, "'Vantry Bank' is the name of a competitor that the org tracks")),
        (["--accept", "Umbra", "--reject", "umbra"], (2, "either accept it or reject it")),
        (["--accept", "Umbra", "--accept", "Nobody"], (4, "'Nobody' is not among the proposals")),
    ],
)
def test_a_decision_that_makes_no_sense_changes_nothing(make, senso, asked_names, arguments, end):
    org = make.org()
    make.sql("UPDATE orgs SET competitors = '[\"Vantry Bank\"]' WHERE id = :id", id=org.id)
    asked_names(org, "Umbra", "Vantry Bank")

    done = senso("names", org.id, *arguments)

    assert (done.code, end[1] in done.err) == (end[0], True)
    assert make.one("SELECT count(*) FROM name_proposals WHERE decided_by IS NOT NULL") == 0
    assert make.one("SELECT count(*) FROM audit WHERE action LIKE '%name'") == 0


def test_an_unknown_org_is_exit_4(senso):
    assert senso("names", "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0001").code == 4


def test_people_read_what_needs_the_models_yes(make, senso):
    org = make.org()
    make.sql("UPDATE orgs SET name = 'Target' WHERE id = :id", id=org.id)
    make.sql("INSERT INTO org_aliases VALUES (:id, 'Tgt Stores', 0)", id=org.id)
    make.sql("INSERT INTO org_not_names VALUES (:id, 'Target date fund', 0)", id=org.id)

    said = senso("names", org.id)

    printed = " ".join(said.out.split())
    assert "Target (name; needs the model's yes where no capital tells: a common word in English" in printed
    assert "Tgt Stores (alias)" in printed
    assert "not as part of: Target date fund" in printed
    assert "No model was asked for names yet" in said.err


def test_aliases_and_not_names_are_read_with_the_next_answer(make):
    org = make.org()
    make.sql("INSERT INTO org_aliases VALUES (:id, 'LHCU Direct', 0)", id=org.id)
    make.sql("INSERT INTO org_not_names VALUES (:id, 'Larch Hill Road', 0)", id=org.id)

    work = claimed(make, org)

    assert work.org.variations[-1] == "LHCU Direct"
    assert work.org.not_names == ("Larch Hill Road",)


def test_an_alias_asks_for_names_again(make, asked_names):
    org = make.org()
    asked_names(org)
    make.sql("INSERT INTO org_aliases VALUES (:id, 'LHCU Direct', 0)", id=org.id)

    asked_names(org)

    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'") == 2
    assert "LHCU Direct" not in make.one("SELECT names FROM name_variations")


def claimed(make, org):
    run = make.runs(make.batch(org))[0]
    make.answered(run)
    with transaction() as db:
        readers = reading_models.readers(db)
        (work,) = evaluations.claim(db, [run], "me", POLICY, readers=readers, prompts=alone("reading-1"))
    return work


def variations(make, org):
    """Those that a reading would use now, without the aliases."""
    with transaction() as db:
        accepted = [one.name for one in name_decisions.proposals(db, org.id) if one.state == "accepted"]
    return [*make.one("SELECT names FROM name_variations WHERE org_id = :org", org=org.id), *accepted]
