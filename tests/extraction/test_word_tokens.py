"""Tokens, defined by properties of Unicode; the places of folded characters; English in small letters."""

import re
from itertools import chain, repeat

import pytest
import regex
from hostile import UNITS
from hypothesis import given, settings
from hypothesis import strategies as st

from senso.extraction.injections.english import small
from senso.extraction.words.folding import FOLDING, Folded, composed, folded
from senso.extraction.words.tokens import divided, of_kinds

KATAKANA, SOUTH_EAST = r"[\p{Katakana}\u30fc]", r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
BEFORE, BEHIND = r"[\u0e40-\u0e44\u0ec0-\u0ec4]", r"[\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3]"
TOKEN = regex.compile(
    rf"([\p{{Han}}\u3005\u3007\p{{Hiragana}}]\p{{M}}*|{KATAKANA}[{KATAKANA}\p{{M}}]*"
    rf"|{BEFORE}?[[{SOUTH_EAST}]&&\p{{L}}--{BEFORE}--{BEHIND}]"
    rf"(?:\p{{M}}|{BEHIND}|(?<=[\u17d2\u1039])[\p{{Khmer}}\p{{Myanmar}}])*|[{SOUTH_EAST}]\p{{M}}*"
    r"|[^\W\d_]\.(?: ?[^\W\d_]\.)+(?:[^\W\d_](?![^\W_]))?"
    r"|(?<!\w)\d{1,9}(?:[.,]\d{1,9}){1,3}(?=[^\W\d_]{2})|(?<=[$\u20ac\u00a3\u00a5\u20b9])\d{1,9}(?=[^\W\d_]{2})"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}]--[\p{{Han}}\u3005\u3007\p{{Hiragana}}{KATAKANA}{SOUTH_EAST}]]+|[&+])",
    regex.V1,
)
# Joiners, marks, vowels before and behind, digits and signs of these scripts, and what is a token of its own in any.
CHARACTERS = (
    "星々〇のほカー\u3099\u302aเแกาำะ็้๑๏ເກຳ໑ကြ\u1039ာ၁၊កា\u17d2៑១។별은तَا12٣٫.,&+_$€ '-aBéЖɐ"
    "\u200d\u203fⅧ①²⺀㋐\u0301\u1ab0\U0001d400\U00020000"
)
TEXTS = st.lists(st.sampled_from([*CHARACTERS, "A. B.", "2.5", "99", *UNITS]), max_size=24).map("".join) | st.text(
    max_size=40
)
DRAWN = settings(max_examples=300, deadline=None, derandomize=True, database=None)


@DRAWN
@given(TEXTS)
def test_a_token_is_what_its_definition_says(text):
    pieces = TOKEN.split(text)
    written, edges = of_kinds(text)

    assert written == pieces[1::2]
    assert [text[start:end] for start, end in zip([0, *edges], edges, strict=False)] == pieces


@pytest.mark.parametrize("unit", UNITS)
def test_long_runs_divide_as_short_ones_do(unit):
    found = divided(folded(unit * 40).text)

    assert found.written == [
        found.folded[start:end] for start, end in zip(found.edges[::2], found.edges[1::2], strict=False)
    ]
    assert len(found.edges) == 2 * len(found.written) + 1


@DRAWN
@given(TEXTS)
def test_each_folded_character_has_its_place(text):
    found = folded(text)
    sizes = [len(FOLDING[ord(character)]) for character in found.whole]

    assert list(found.starts) == list(chain.from_iterable(map(repeat, range(len(text)), sizes)))
    assert found.text == composed(text).translate(FOLDING)


def test_a_character_that_stands_for_a_phrase_ends_a_word():
    found = folded("Acme\ufdfaBank \u2163 \ufdf2")

    assert found.text == "acme bank iv \u0627\u0644\u0644\u0647"
    assert len(folded("\ufdfa" * 1000).text) == 1000


def test_places_are_found_only_where_they_are_asked_for():
    found = folded("ธนาคารดาวจำกัด")

    assert "starts" not in vars(found)
    assert isinstance(found, Folded)
    assert found.starts[-1] == len("ธนาคารดาวจำกัด") - 1


def test_small_letters_are_those_that_a_pattern_takes_for_them():
    characters = list(map(chr, [*range(0x3000), *range(0xA640, 0xAC00), *range(0xFB00, 0x10500)]))

    for letter in "abcdefghijklmnopqrstuvwxyz":
        taken = {one for one in characters if re.fullmatch(letter, one, re.IGNORECASE)}
        assert taken == {one for one in characters if small(one) == letter}
    assert all(len(small(one)) == 1 for one in characters)
    assert all(bool(re.match(r"\w", one)) == bool(re.match(r"\w", small(one))) for one in characters)
