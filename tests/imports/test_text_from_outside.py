"""Files and ids as editors, spreadsheets and clipboards hand them over: read, or refused with file and line."""

import codecs
import json
import os
from uuid import UUID

import pytest

from senso import imports
from senso.cli.environment import short, uuid
from senso.errors import ConfigError
from senso.imports.ids import read_ids
from senso.typed_ids import id_in

ONE, TWO = "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0001", "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0002"
BOTH = [UUID(ONE), UUID(TWO)]
ENCODINGS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
}
DOCUMENT = f"partners:\n- id: {ONE}\n  name: Zürich Partner\n  credits: 5\n"


@pytest.fixture
def ids(tmp_path):
    def read(content: str | bytes) -> list[UUID]:
        path = tmp_path / "ids.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_ids(path)

    return read


@pytest.mark.parametrize("encoding", [*ENCODINGS, "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_of_ids_is_read_in_every_encoding_and_with_every_end_of_line(ids, encoding, end):
    content = f"# ours{end}{ONE}{end}{end}{TWO}{end}".encode(encoding)

    assert ids(ENCODINGS.get(encoding, b"") + content) == BOTH


@pytest.mark.parametrize("encoding", [*ENCODINGS, "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_an_import_file_is_read_in_every_encoding_and_with_every_end_of_line(tmp_path, encoding, end, form):
    path = tmp_path / "orgs"
    partner = {"id": ONE, "name": "Zürich Partner", "credits": 5}
    text = DOCUMENT if form == "yaml" else json.dumps({"partners": [partner]}, ensure_ascii=False, indent=1)
    path.write_bytes(ENCODINGS.get(encoding, b"") + text.replace("\n", end).encode(encoding))

    (found,) = imports.read(path).contents.partners

    assert (str(found.id), found.name) == (ONE, "Zürich Partner")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_known_by_its_zeros(ids, encoding):
    assert ids(f"{ONE}\r\n{TWO}".encode(encoding)) == BOTH


@pytest.mark.parametrize(
    "said",
    [
        f"  {ONE}\t",
        f"\u200b{ONE}\u00a0",
        f'"{ONE}"',
        f"“{ONE}”",
        f"{ONE.upper()}  # Larch Hill",
        f"{{{ONE}}}",
        f"urn:uuid:{ONE}",
        ONE.replace("-", ""),
        ONE.replace("-", "\u2011"),
        f"{ONE},",
        f"{ONE};",
    ],
)
def test_what_stands_around_an_id_is_not_part_of_it(ids, said):
    assert ids(f"{said}\n{TWO}\n") == BOTH


@pytest.mark.parametrize(
    "said",
    [
        f"id,name\n{ONE},Larch Hill\n{TWO},Ashby\n",
        f'"name","ORG_ID"\r\n"Larch, Hill #1","{ONE}"\r\n"Ashby","{TWO}"\r\n',
        f"partner;id;name\n{TWO};{ONE};x\n{TWO};{TWO};y\n",
        f"# from a sheet\nname\tOrg ID\nLarch\t{ONE}\nAshby\t{TWO}\n",
        f"id\n{ONE}\n{TWO}\n",
        f"id # of the org\n{ONE} # Larch\n{TWO}\t# Ashby, again\n",
        f"name;id\nLarch #1;{ONE} # ours\nAshby;{TWO}# theirs\n",
    ],
)
def test_a_table_is_read_by_the_column_that_its_first_line_names(ids, said):
    assert ids(said) == BOTH


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("", "no ids in it"),
        ("\ufeff\r\n# nothing\r\n", "no ids in it"),
        ("id,name\n", "no ids in it"),
        (f"{ONE}\r\nacme\r\n", ":2: 'acme' is not the id of an org: ids are UUIDs, one a line"),
        (f"{ONE},Larch\n", "ids are UUIDs, one a line, or under a first line that names the columns, such as id,name"),
        (f"name,id\nLarch,{ONE}\nAshby\n", ":3: too few columns: the ids stand in column 2"),
        ("a" * 300_000, ":1: too long for a line of ids; write one id a line"),
        (f"{ONE}\n{'a' * 300_000}\n", ":2: 'aaaaa"),
        (f"id\n{ONE}\n{'a' * 300_000}\n", ":3: too long for a line of ids; write one id a line"),
        (ONE[:-1], f":1: '{ONE[:-1]}' is not the id"),
        (ONE.replace("-", "_"), "is not the id"),
        (ONE.replace("5a0c", "٥a0c"), "is not the id"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_ids_is_refused_with_its_line(ids, said, wanted):
    with pytest.raises(ConfigError) as refused:
        ids(said)

    assert f"ids.txt: {wanted}" in str(refused.value) or wanted in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_in_an_old_encoding_is_refused_with_its_line(ids):
    with pytest.raises(ConfigError, match=r"ids\.txt:2: not UTF-8 text; save the file as UTF-8"):
        ids(f"{ONE}\r# Zürich\r".encode("latin-1"))


@pytest.mark.parametrize("path", [".", "nowhere.txt", "a\0b"])
def test_a_path_that_is_no_file_is_refused(tmp_path, path):
    with pytest.raises(ConfigError, match="name a file with one id a line"):
        read_ids(tmp_path / path)


def test_ids_may_come_through_a_pipe(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, f"{ONE}\n".encode())
    os.close(writing)

    assert read_ids(tmp_path / f"/dev/fd/{reading}") == BOTH[:1]
    os.close(reading)


@pytest.mark.parametrize("said", [f"{ONE} ", f"{{{ONE.upper()}}}", f"urn:uuid:{ONE}", f"\ufeff{ONE}", f"'{ONE}'"])
def test_an_id_on_the_command_line_is_taken_as_pasted(said):
    assert uuid(said, "org") == UUID(ONE)


@pytest.mark.parametrize(
    "said", [f"{{{ONE}", f"{ONE}}}", f"{ONE} {TWO}", ONE + "0", "", "{}", "5a0c1f526a5e-4c8e9d0a2f6f5b1c0001"]
)
def test_half_an_id_is_none(said):
    assert id_in(said) is None


def test_ids_in_an_import_file_are_taken_as_pasted():
    found = imports.parse(DOCUMENT.replace(ONE, f'"\u200b{ONE.upper()} "'), "orgs.yaml")

    assert found.contents.partners[0].id == UUID(ONE)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("name: Zürich Partner\n  name: Other", "orgs.yaml:4: partners[0].name: this key is given before, on line 3"),
        ("name: Zürich\0Partner", "orgs.yaml:3: a character that YAML forbids"),
        ('name: "Zürich\\0Partner"', "orgs.yaml:3: partners[0].name: more than one line, or a control character"),
        ('name: "\u200b\u3164 "', "orgs.yaml:3: partners[0].name: empty"),
    ],
)
def test_what_no_import_can_hold_is_refused_with_its_line(said, wanted):
    with pytest.raises(ConfigError) as refused:
        imports.parse(DOCUMENT.replace("name: Zürich Partner", said), "orgs.yaml")

    assert str(refused.value) == wanted


def test_keys_that_look_the_same_are_the_same():
    assert short("--ref", "\ufeff invoice-7\r\n") == "invoice-7"


@pytest.mark.parametrize("said", ["", " \u200b", "x" * 256, "two\nlines", "\udcff"])
def test_a_key_that_cannot_be_kept_is_refused(said):
    with pytest.raises(ConfigError, match=r"^--ref: "):
        short("--ref", said)
