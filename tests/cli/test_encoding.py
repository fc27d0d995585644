"""Output in ASCII and other old encodings: nothing fails, and numbers and names stay readable."""

import io
import json
import sys

import pytest

from senso.cli.encoding import be_tolerant
from senso.cli.printing import print_json

SAID = "»Café Zürich« × 3 · Łódź … 星河 🌲 it’s ﬁne"


@pytest.fixture
def stdout(monkeypatch):
    def with_encoding(name: str) -> io.BytesIO:
        written = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=name, write_through=True))
        be_tolerant()
        return written

    return with_encoding


@pytest.mark.parametrize(
    ("encoding", "wanted"),
    [
        ("ascii", ">Cafe Zurich< x 3 - Lodz ~ ?? ? it's fine\n"),
        ("latin-1", "»Café Zürich« × 3 · Lódz ~ ?? ? it's fine\n"),
        ("utf-8", SAID + "\n"),
    ],
)
def test_what_an_encoding_cannot_hold_becomes_a_plain_mark(stdout, encoding, wanted):
    written = stdout(encoding)

    print(SAID)

    assert written.getvalue().decode(encoding) == wanted


def test_half_a_character_is_no_error_in_any_encoding(stdout):
    written = stdout("utf-8")

    print("a file named \udcff")

    assert written.getvalue() == b"a file named ?\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_says_the_same_in_every_encoding(stdout, encoding):
    written = stdout(encoding)

    print_json({"name": SAID})

    assert json.loads(written.getvalue().decode(encoding)) == {"name": SAID}
