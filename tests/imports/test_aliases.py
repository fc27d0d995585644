"""Other names of an org, and phrases that are not its name, as an import file gives them."""

from uuid import UUID

import pytest

from senso import imports
from senso.db import transaction
from senso.errors import ConfigError
from senso.queries.imports import Count, store

PARTNER, FIRST, SECOND = (UUID(int=number, version=4) for number in (1, 2, 3))


def org(org_id: UUID, name: str, **lists: list[str]) -> str:
    given = "".join(f", {key}: {value}" for key, value in lists.items())
    return f"- {{id: {org_id}, name: {name}, partner: {PARTNER}, created_at: 2026-01-05{given}}}"


def document(*orgs: str) -> imports.Document:
    lines = (f"partners: [{{id: {PARTNER}, name: Partner, credits: 5}}]", "orgs:", *orgs)
    return imports.parse("\n".join(lines), "orgs.yaml")


def stored(*orgs: str):
    with transaction() as db:
        return store(db, document(*orgs), "ada")


@pytest.mark.parametrize(
    ("lists", "place", "reason"),
    [
        ({"aliases": ["Zo", "!!!"]}, "aliases[1]", "this name can never be found in an answer"),
        ({"not_names": ["🌲"]}, "not_names[0]", "this name can never be found in an answer"),
        ({"aliases": ["Zo", "Zo"]}, "aliases[1]", "given before, on line 3"),
        ({"aliases": ["Zo"], "not_names": ["ZO Inc."]}, "aliases[0]", "is among the not_names, too"),
        ({"aliases": ["Zo"], "competitors": ["Zo GmbH"]}, "aliases[0]", "is the name of a competitor of this org"),
        ({"not_names": ["Zoom Optics Ltd"]}, "not_names[0]", "is the org's own name"),
    ],
)
def test_lists_that_contradict_each_other_are_refused(lists, place, reason):
    with pytest.raises(ConfigError) as refused:
        document(org(FIRST, "Zoom Optics", **lists))

    assert str(refused.value).startswith(f"orgs.yaml:3: orgs[0].{place}: {reason}")


def test_what_the_file_no_longer_says_is_gone(db):
    changes = stored(org(FIRST, "Zoom Optics", aliases=["Zo", "Optics of Zoom"], not_names=["Zoom Video"]))
    assert (changes.org_aliases, changes.org_not_names) == (Count(inserted=2), Count(inserted=1))

    changes = stored(org(FIRST, "Zoom Optics", aliases=["Zo"]))
    assert (changes.org_aliases, changes.org_not_names) == (Count(removed=1, unchanged=1), Count(removed=1))


@pytest.mark.parametrize("taken", ["Umbra Insurance", "Umbra Insurance, Inc.", "Umbra Direct"])
def test_a_name_of_another_org_of_the_partner_is_no_alias(db, taken):
    other, one = (
        org(SECOND, "Umbra Insurance", aliases=["Umbra Direct"]),
        org(FIRST, "Nordstern", aliases=[f"'{taken}'"]),
    )
    said = rf"orgs\[\d\].aliases\[0\]: is a name of org {SECOND} of the same partner"

    with pytest.raises(ConfigError, match=said):
        stored(other, one)
    stored(other)
    with pytest.raises(ConfigError, match=said):
        stored(one)


def test_an_alias_of_another_org_is_no_name(db):
    stored(org(FIRST, "Nordstern", aliases=["Umbra"]))

    with pytest.raises(ConfigError, match=rf"orgs\[0\].name: is a name of org {FIRST} of the same partner"):
        stored(org(SECOND, "Umbra"))


def test_two_orgs_may_exchange_an_alias_in_one_file(db):
    stored(org(FIRST, "Nordstern", aliases=["North"]), org(SECOND, "Umbra"))

    changes = stored(org(FIRST, "Nordstern"), org(SECOND, "Umbra", aliases=["North"]))
    assert changes.org_aliases == Count(inserted=1, removed=1)
