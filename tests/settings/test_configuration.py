"""The pages about settings say what the settings are; WRITE_CONFIGURATION=1 writes them anew."""

import os
import re

import pytest
from configuration_page import EXAMPLE, PAGE, ROOT, example, page

from senso.settings import Settings, read_settings
from senso.settings.variable_list import variables

WRITING = bool(os.environ.get("WRITE_CONFIGURATION"))


@pytest.mark.parametrize(("file", "made"), [(PAGE, page), (EXAMPLE, example)], ids=["page", "example"])
def test_the_pages_of_settings_are_those_of_this_version(file, made):
    if WRITING:
        file.write_text(made())

    assert file.read_text() == made(), "WRITE_CONFIGURATION=1 writes it anew"


def test_every_variable_says_what_it_is():
    assert [one.name for one in variables() if not one.meaning] == []


def test_a_copy_of_the_example_changes_nothing(dotenv):
    untouched = read_settings()
    dotenv(EXAMPLE.read_text())

    assert read_settings() == untouched


def test_every_line_of_the_example_may_be_taken_into_use_as_it_stands(dotenv):
    untouched = read_settings()
    dotenv(re.sub(r"^#(?=[A-Z_]+=)", "", EXAMPLE.read_text(), flags=re.MULTILINE))

    assert read_settings() == untouched


def test_the_example_holds_no_secret():
    values = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE.read_text(), flags=re.MULTILINE))

    assert values.keys() >= {name.upper() for name in Settings.model_fields}
    assert [one.name for one in variables() if one.secret and values[one.name]] == []


def test_what_a_page_says_of_a_variable_is_a_variable():
    """A name with capitals in code, in what an operator reads, is one that is read; or it is not one of ours.

    What follows the number of an HTTP status, or the word reason, is a code of a vendor's.
    """
    known = {one.name for one in variables()} | FOREIGN
    said = {}
    for file in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs" / f"{name}.md" for name in FOR_OPERATORS)):
        for name in re.findall(r"(?<!\d )(?<!reason )`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", file.read_text()):
            if name.removesuffix("_FILE") not in known and name != "NAME_FILE":
                said.setdefault(name, file.name)

    assert said == {}


FOR_OPERATORS = ("api", "configuration", "production", "runbook", "sandbox", "upgrading")
# What other programs read, what only tests do, and how a vendor says that an answer was cut off.
FOREIGN = {
    "MAX_TOKENS",
    "REMAP_SIGTERM",
    "NO_COLOR",
    "WRITE_REFUSALS",
    "WRITE_CONFIGURATION",
    "SENSO_VERSION",
}
