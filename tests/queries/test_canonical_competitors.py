"""One competitor of an org is counted once, under one name, in every batch: in the push, the report and the table."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import UUID

import pytest

from senso.db import transaction
from senso.queries import batches, competitors
from senso.reads import history
from senso.settings import settings
from senso.tasks.stages import finish_batch

GLOBEX = {"name": "Globex Bank", "aliases": ["GBX"], "websites": ["https://globexbank.com"]}


@pytest.fixture
def ended(make, messages, environment):
    """A batch of the org that ended `days` ago, each of whose answers has named some competitors."""

    def of(org, *answers, days=0):
        environment.setenv("SENSO_CLOCK", f"-{days}d")
        settings.cache_clear()
        make.sql("DELETE FROM name_variations WHERE org_id = :org", org=org.id)
        opened = make.batch(org)
        make.sql("UPDATE question_runs SET state = 'answered' WHERE batch_id = :b", b=opened)
        make.sql("UPDATE evaluations SET state = 'done', mentioned = false WHERE batch_id = :b", b=opened)
        for run, names in zip(make.runs(opened), answers, strict=True):
            make.sql(
                "INSERT INTO competitors (evaluation_id, name) "
                "SELECT id, unnest(CAST(:names AS text[])) FROM evaluations WHERE run_id = :run",
                names=list(names),
                run=run,
            )
        make.sql("UPDATE batches SET remaining = 0 WHERE id = :b", b=opened)
        finish_batch(str(opened), "rows")
        return opened

    return of


def track(make, org, *listed) -> None:
    make.sql("UPDATE orgs SET competitors = :listed WHERE id = :id", listed=json.dumps(listed), id=org.id)


def pushed(make, batch: UUID) -> dict[str, int]:
    body = make.one("SELECT body FROM pushes WHERE batch_id = :b", b=batch)
    return {one["name"]: one["answers"] for one in body["competitors"]}


def reported(batch: UUID, org: UUID) -> dict[str, int]:
    with transaction() as db:
        return {one.name: one.answers for pool in history.pools(db, batch, org) for one in pool.competitors}


def register(make) -> dict[str, tuple[str, int]]:
    found = make.sql("SELECT name, state, answers FROM canonical_competitors ORDER BY name")
    return {one["name"]: (one["state"], one["answers"]) for one in found}


def count(org, batch: UUID, answers: list[list[str]], *, episode: int = 1) -> None:
    with transaction() as db:
        known = competitors.register(db, org.id, answers)
        competitors.remember(db, replace(batches.load(db, batch), episode=episode), org.id, known, answers)


def test_spellings_of_one_competitor_count_once_for_each_answer(make, ended):
    org = make.org(questions=3)

    batch = ended(org, ["Umbra GmbH", "Initech.com"], ["Umbra", "UMBRA AG"], ["Umbra", "Initech"])

    expected = {"Umbra": 3, "Initech": 2}
    assert pushed(make, batch) == reported(batch, org.id) == expected
    namings = "SELECT denominator FROM metrics WHERE name = 'share_of_voice' AND model IS NULL AND location IS NULL"
    assert make.one(namings) == 5
    assert register(make) == {"Umbra": ("discovered", 3), "Initech": ("seen", 2)}


def test_the_org_under_another_legal_form_is_never_its_own_competitor(make, ended):
    org = make.org(questions=2)

    batch = ended(org, [f"{org.name} GmbH", "larchhill.example"], [f"The {org.name}, Inc."])

    assert pushed(make, batch) == reported(batch, org.id) == register(make) == {}


def test_an_alias_counts_for_the_tracked_competitor_also_in_answers_read_before(make, ended):
    org = make.org(questions=2)
    batch = ended(org, ["GBX"], ["Globex Bank plc", "globexbank.com"])

    track(make, org, GLOBEX, "Initech")

    assert reported(batch, org.id) == {"Globex Bank": 2}


def test_what_becomes_an_alias_is_forgotten_as_a_competitor_of_its_own(make, ended):
    org = make.org(questions=3)
    ended(org, ["GBX"], ["GBX"], ["GBX"], days=7)
    assert register(make) == {"GBX": ("discovered", 3)}

    track(make, org, GLOBEX)
    batch = ended(org, ["GBX"], [], [])

    assert pushed(make, batch) == {"Globex Bank": 1}
    assert register(make) == {"Globex Bank": ("tracked", 1)}


def test_a_name_is_settled_once_three_answers_have_named_it(make, ended):
    org = make.org(questions=2)
    first = ended(org, ["UMBRA Ltd"], [], days=14)
    second = ended(org, ["Umbra"], ["Umbra"], days=7)
    third = ended(org, ["umbra.com"], ["UMBRA"])

    assert [pushed(make, one) for one in (first, second, third)] == [{"UMBRA Ltd": 1}, {"Umbra": 2}, {"Umbra": 2}]
    assert register(make) == {"Umbra": ("discovered", 5)}


def test_a_batch_that_ends_again_is_not_counted_twice(make, ended):
    org = make.org(questions=2)
    batch = ended(org, ["Umbra"], ["Umbra"])

    count(org, batch, [["Umbra"], ["Umbra"]], episode=2)

    assert register(make) == {"Umbra": ("seen", 2)}


def test_a_later_episode_that_has_read_more_counts_more(make, ended):
    org = make.org(questions=2)
    batch = ended(org, ["Umbra"], ["Umbra"])

    count(org, batch, [["Umbra"], ["Umbra"], ["Umbra"]], episode=2)

    assert register(make) == {"Umbra": ("discovered", 3)}


def test_batches_of_one_org_that_end_together_lose_no_count(make, ended):
    org = make.org(questions=2)
    names = [["Umbra", "Initech"], ["Kestrel", "Umbra"]]
    found = [ended(org, *names, days=days) for days in range(4)]
    make.sql("DELETE FROM canonical_competitors")
    together = Barrier(len(found))

    def count_together(batch: UUID) -> None:
        together.wait(60)
        count(org, batch, names)

    with ThreadPoolExecutor(len(found)) as threads:
        list(threads.map(count_together, found))

    assert {name: answers for name, (_, answers) in register(make).items()} == {"Umbra": 8, "Initech": 4, "Kestrel": 4}


def test_each_org_has_its_own(make, ended):
    one, other = make.org(questions=2), make.org(questions=2)
    track(make, one, GLOBEX)

    ended(one, ["GBX"], [])
    batch = ended(other, ["GBX"], [])

    assert pushed(make, batch) == {"GBX": 1}
