"""An org that no answer can ever be seen to name would stand at 0 % for ever; the matcher itself says which."""

import random
import string

import pytest

from senso import imports
from senso.errors import ConfigError
from senso.extraction import words
from senso.imports.names import PLAIN, can_be_found

ID = "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c000"


def document(name: str, *, websites: str = "[]", competitors: str = "[]") -> imports.Document:
    lines = (
        f"partners: [{{id: {ID}1, name: Partner, credits: 5}}]",
        "orgs:",
        f"- id: {ID}2",
        f"  name: '{name}'",
        f"  partner: {ID}1",
        "  created_at: 2026-01-05",
        f"  websites: {websites}",
        f"  competitors: {competitors}",
    )
    return imports.parse("\n".join(lines), "orgs.yaml")


@pytest.mark.parametrize("name", ["!!!", "🌲", "🌲🌲", "...", "™", "—", "?", "(·)", "\u0301", "★ ★"])
def test_a_name_without_a_word_is_refused_with_its_line(name):
    with pytest.raises(ConfigError, match=r"^orgs\.yaml:4: orgs\[0\]\.name: this name can never be found"):
        document(name)


@pytest.mark.parametrize(
    "name",
    [
        "Larch Hill",
        "X",
        "7",
        "!!! Records",
        "🌲 Larch",
        "C&A",
        "L'Oréal",
        "星河银行",
        "ธนาคารดาว",
        "بنك النجوم",
        "तारा",
        "9 to 5",
    ],
)
def test_a_name_with_a_word_is_imported(name):
    assert list(document(name.replace("'", "''")).notes()) == []


def test_a_name_that_only_its_domain_can_stand_for_is_imported_with_a_note():
    (note,) = document("!!!", websites="[https://www.chk.example]").notes()

    assert note == "orgs.yaml:4: orgs[0].name: this name can never be found in an answer; only chk.example can"


def test_a_page_on_a_platform_does_not_stand_for_a_name():
    with pytest.raises(ConfigError, match="can never be found"):
        document("!!!", websites="[https://platform.example/chk]")


def test_a_competitor_that_no_answer_can_name_is_refused_with_its_line():
    with pytest.raises(ConfigError, match=r"^orgs\.yaml:8: orgs\[0\]\.competitors\[1\]: this name can never be found"):
        document("Larch Hill", competitors="[Ashby, '🌲']")


def test_a_name_of_plain_words_is_one_that_the_matcher_finds():
    dice = random.Random(7)
    letters = string.ascii_letters + string.digits + " '&.,-"
    names = {"".join(dice.choices(letters, k=dice.randint(1, 12))).strip() for _ in range(3000)}

    wrong = [name for name in names if PLAIN.fullmatch(name) and not words.namings(words.text(name), name)]

    assert wrong == []
    assert can_be_found("Larch Hill")
