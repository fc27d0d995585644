"""`orgs` and `partners`: ids that were lost are found again."""

from datetime import UTC, datetime
from itertools import takewhile
from uuid import uuid4

import pytest
from at_work import work_off
from rich.cells import cell_len
from shell import Shell


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


def renamed(make, org, name: str) -> None:
    make.sql("UPDATE orgs SET name = :name WHERE id = :id", name=name, id=org.id)


def test_an_org_is_listed_with_its_id_partner_weekday_matrix_and_last_batch(senso, make, sandbox):
    org = make.org(questions=3, models=("gpt-6.1-terra", "gpt-6-luna"), created_at=datetime(2026, 1, 7, 23, tzinfo=UTC))
    batch = make.queued(org)
    work_off(make, batch)

    done = senso("orgs")
    (one,) = senso("orgs", "--json").json

    first, second = done.out.splitlines()
    assert first == f"{org.id}  {org.name}"
    assert second.startswith("    Partner; on Wednesdays; 3 questions × 2 models × 1 location = 6 runs; last ")
    assert second.endswith(" completed")
    assert done.err == "1 org, 1 active.\n"
    assert (one["id"], one["runs"], one["weekday"], one["batch_id"]) == (str(org.id), 6, "Wednesday", str(batch))


def test_what_never_runs_by_itself_says_so(senso, make):
    renamed(make, make.org(active=False), "A")
    renamed(make, make.org(questions=0, texts=[]), "B")

    asleep, without = (line for line in senso("orgs").out.splitlines() if line.startswith("    "))

    assert "; not active;" in asleep
    assert "no batch yet" in asleep
    assert without


@pytest.mark.parametrize(
    ("search", "wanted"), [("larch", ["Larch"]), ("星", ["星河银行"]), ("%", []), ("", ["Larch", "星河银行"])]
)
def test_orgs_are_found_by_a_part_of_their_name(senso, make, search, wanted):
    for name in ("星河银行", "Larch"):
        renamed(make, make.org(), name)

    assert [one["name"] for one in senso("orgs", "--search", search, "--json").json] == wanted


def test_an_org_is_found_by_how_its_id_begins_and_by_its_partner(senso, make):
    org, _ = make.org(), make.org()

    for options in (("--search", str(org.id)[:13].upper()), ("--partner", org.partner)):
        assert [one["id"] for one in senso("orgs", *options, "--json").json] == [str(org.id)]


def test_a_part_of_a_list_says_that_it_is_one(senso, make):
    for _ in range(3):
        make.org()

    assert (
        senso("orgs", "--limit", 2).err
        == "The first 2 of 3 orgs, 3 active; --limit N shows more, --search TEXT fewer.\n"
    )
    assert (
        senso("partners", "--limit", 2).err == "The first 2 of 3 partners; --limit N shows more, --search TEXT fewer.\n"
    )
    assert len(senso("orgs", "--limit", 2, "--json").json) == 2


def test_a_partner_is_listed_with_its_credits_what_is_held_and_its_orgs(senso, make):
    org = make.org(available=10)
    make.batch(org)

    (one,) = senso("partners", "--json").json
    done = senso("partners")

    assert (
        done.out == f"{org.partner}  Partner\n    8 credits available, 2 held for batches under way; 1 org, 1 active\n"
    )
    held = senso("credits", org.partner, "--json").json
    assert (one["available"], one["held"]) == (held["available"], held["held"])


def test_a_partner_that_is_not_metered_says_so(senso, make):
    make.org(available=None)

    assert "    not metered; 1 org, 1 active\n" in senso("partners").out


def test_where_there_is_nothing_the_next_step_is_said(senso, database):
    assert senso("orgs").out == "No orgs yet. Bring some in: senso import FILE\n"
    assert senso("partners").out == "No partners yet. Bring some in: senso import FILE\n"
    assert senso("orgs", "--search", "nobody").out == "No such orgs.\n"


@pytest.mark.parametrize("columns", [40, 50, 79])
@pytest.mark.parametrize(
    "name", ["星河银行" * 12, "x" * 100, "The Very Long Name of a Credit Union That Merged Twice, and Then Once More"]
)
def test_a_name_that_does_not_fit_beside_its_id_stands_below_it(senso, make, columns, name):
    senso.columns(columns)
    org = make.org()
    batch = make.queued(org)
    renamed(make, org, name)
    make.sql("UPDATE partners SET name = :name", name=name)

    for command, wanted in (
        (["orgs"], str(org.id)),
        (["partners"], str(org.partner)),
        (["trigger", "org", org.id, "--dry-run"], str(batch)),
        (["status"], str(batch)),
    ):
        lines = senso(*command).out.splitlines()
        at = next(number for number, line in enumerate(lines) if wanted in line)
        below = list(takewhile(lambda line: line.startswith("    "), lines[at + 1 :]))

        assert all(cell_len(line) <= columns for line in lines if wanted not in line), command
        assert name.replace(" ", "") in "".join(below).replace(" ", ""), command


def test_a_name_that_fits_beside_its_id_stands_there(senso, make):
    senso.columns(79)
    org = make.org()
    renamed(make, org, "星" * 20)

    assert senso("orgs").out.splitlines()[0] == f"{org.id}  {'星' * 20}"


def test_orgs_of_an_unknown_partner_are_refused(senso, database):
    assert senso("orgs", "--partner", uuid4()).code == 4


def test_a_bare_status_says_that_there_are_more_and_how_they_stand(senso, make, monkeypatch):
    monkeypatch.setattr("senso.cli.status.LATEST", 2)
    batches = [make.queued() for _ in range(4)]
    make.sql("UPDATE batches SET state = 'failed', ended_at = now() WHERE id = :id", id=batches[0])

    said = "The latest 2 of 4 batches (3 queued, 1 failed); --since 7d or --state shows up to 500.\n"
    assert senso("status").err.endswith(said)
    assert "The latest" not in senso("status", "--state", "failed").err
