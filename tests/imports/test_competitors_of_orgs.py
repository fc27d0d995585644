"""Competitors of an import file: names, or names with aliases and websites."""

import pytest

from senso import imports
from senso.db import transaction
from senso.errors import ConfigError
from senso.imports.rows import Ids, rows
from senso.queries.competitors import tracked
from senso.queries.imports import store

ID = "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c000"


def document(competitors: str) -> imports.Document:
    lines = (
        f"partners: [{{id: {ID}1, name: Partner, credits: 5}}]",
        "orgs:",
        f"- id: {ID}2",
        "  name: Larch Hill",
        f"  partner: {ID}1",
        "  created_at: 2026-01-05",
        f"  competitors: {competitors}",
    )
    return imports.parse("\n".join(lines), "orgs.yaml")


def listed(competitors: str) -> list[object]:
    (org,) = rows(document(competitors).contents, Ids({}, {}))["orgs"]
    return org["competitors"]


def test_a_name_alone_and_a_name_without_more_are_the_same():
    assert listed("[Globex, {name: Initech}, {name: Umbra, aliases: [], websites: []}]") == [
        "Globex",
        "Initech",
        "Umbra",
    ]


def test_aliases_and_websites_are_kept_as_the_reader_takes_them():
    found = listed("[{name: ' Globex Bank', aliases: [GBX], websites: [globex.example]}]")

    (one,) = tracked(found)
    assert (one.name, one.aliases, one.websites) == ("Globex Bank", ("GBX",), ("https://globex.example",))


@pytest.mark.parametrize(
    ("competitors", "said"),
    [
        ("[{aliases: [GBX]}]", r"competitors\[0\]\.name: missing"),
        ("[{name: Globex, alias: [GBX]}]", r"competitors\[0\]\.alias: unknown key"),
        ("[Globex, '']", r"competitors\[1\]: empty"),
        ("[Globex, [Initech]]", r"competitors\[1\]: not text; put it in quotes"),
        ("[{name: Globex, aliases: GBX}]", r"competitors\[0\]\.aliases: not a list"),
        ("[{name: Globex, aliases: [GBX, '!!!']}]", r"competitors\[0\]\.aliases\[1\]: this name can never be found"),
        ("[{name: Globex, aliases: [GBX]}, GBX]", r"competitors\[1\]: given before, on line 7"),
        ("[{name: Globex, aliases: [Globex]}]", r"competitors\[0\]\.aliases\[0\]: given before, on line 7"),
        ("[{name: Globex, websites: ['ftp://x']}]", r"competitors\[0\]\.websites\[0\]: "),
    ],
)
def test_what_is_wrong_is_said_with_its_line(competitors, said):
    with pytest.raises(ConfigError, match=rf"^orgs\.yaml:7: orgs\[0\]\.{said}"):
        document(competitors)


def test_an_import_that_changes_an_alias_changes_the_org_and_a_second_one_nothing(make):
    with transaction() as db:
        store(db, document("[Globex]"), "test")
        changed = store(db, document("[{name: Globex, aliases: [GBX]}]"), "test")
        again = store(db, document("[{name: Globex, aliases: [GBX]}]"), "test")

    assert (changed.orgs.updated, again.orgs.updated) == (1, 0)
    assert make.one("SELECT competitors FROM orgs") == [{"name": "Globex", "aliases": ["GBX"]}]
