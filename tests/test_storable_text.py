"""Text on its way into Postgres: whatever it holds, it is stored, and in UTF8 as it is."""

import pytest
from sqlalchemy import text

from senso.db import at_once, transaction
from senso.db.bulk import as_json
from senso.db.statement import Prepared
from senso.storable_text import storable

SAME = Prepared("SELECT CAST(:said AS text) AS said")


@pytest.mark.parametrize(
    ("said", "encoding", "stored"),
    [
        ("plain", "UTF8", "plain"),
        ("👍 Übung 星河", "UTF8", "👍 Übung 星河"),
        ("👍 Übung", "SQL_ASCII", "👍 Übung"),
        ("👍 Übung", "LATIN1", "? Übung"),
        ("👍 星河", "EUC_JP", "? 星河"),
        ("Übung", "MULE_INTERNAL", "?bung"),
        ("a\x00b", "UTF8", "ab"),
        ("half \ud83d of a pair", "UTF8", "half ? of a pair"),
    ],
)
def test_what_an_encoding_does_not_know_is_a_question_mark(said, encoding, stored):
    assert storable(said, encoding) == stored


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("said", ["👍 ' \\ \" % :x Ü", "a\x00b", "half \ud83d", ""])
def test_every_way_to_a_statement_stores_text_of_any_kind(said):
    wanted = storable(said, "UTF8")

    with at_once() as link:
        assert SAME.one(link, {"said": said}) == {"said": wanted}
    with transaction() as db:
        assert db.execute(text("SELECT CAST(:said AS text)"), {"said": said}).scalar_one() == wanted
        assert db.execute(text("SELECT CAST(:said AS text[])"), {"said": [said]}).scalar_one() == [wanted]


@pytest.mark.usefixtures("database")
def test_json_stores_characters_as_they_are():
    with transaction() as db:
        found = db.execute(text("SELECT CAST(:said AS jsonb)"), {"said": as_json({"a": "👍 half \ud83d"})}).scalar_one()

    assert found == {"a": "👍 half ?"}
