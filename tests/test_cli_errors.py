"""What a command says of a mistake of ours: one line, with nothing in it that stands in a row."""

import pytest
from shell import Shell
from sqlalchemy import text

from senso.cli import standing
from senso.db import transaction


def break_the_look(*_: object, **__: object) -> None:
    with transaction() as db:
        db.execute(text("INSERT INTO partners (id, name) VALUES (:id, 'Larch Hill')"), {"id": "no id"})


@pytest.mark.usefixtures("database")
def test_a_statement_that_is_wrong_is_said_in_one_line_without_itself_and_its_values(monkeypatch, capsys):
    monkeypatch.setattr(standing, "status", break_the_look)

    done = Shell(monkeypatch, capsys)("status")

    assert done.code == 1
    assert done.err.startswith("senso: internal error, DataError: invalid input syntax for type uuid")
    assert done.err.count("\n") == 1
    assert not [word for word in ("INSERT", "Larch Hill", "[SQL", "sqlalche.me") if word in done.err]
