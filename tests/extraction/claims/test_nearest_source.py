"""Which of the sources of an answer stands nearest to a sentence."""

import pytest

from senso.extraction import Watched, claims
from senso.extraction.claims import SaidClaim
from senso.providers import Source

ORG = Watched("Acme", ("Acme",), (), ())
A, B, C = "https://a.example/1", "https://b.example/2", "https://c.example/3"
DEFINED = f'\n\n[1]: {A}\n[2]: {B} "Two"\n'


def nearest(answer: str, sentence: str, *sources) -> str | None:
    said = SaidClaim(
        statement="So.", sentence=sentence, kind="fact", polarity="neutral", verdict="not-covered", fact=None
    )
    ((claim,), _) = claims.as_confirmed(answer, ORG, [said], sources)
    return claim.url


@pytest.mark.parametrize(
    "answer",
    [
        f"Acme is cheap ([Site]({A})).",
        f"Acme is cheap. ([Site]({A}), [Other]({B}))",
        f"Acme is cheap. ([Site][1], [Other][2]){DEFINED}",
        f"Acme is cheap.[1][2]{DEFINED}",
        f"Acme is cheap.[1, 2]{DEFINED}",
        f"Acme is cheap.\\[1\\]{DEFINED}",
        f"Acme is cheap[^1].\n\n[^1]: {A}",
        f"Acme is cheap 【1†source】.{DEFINED}",
        f"Acme is cheap.¹{DEFINED}",
        f"Acme is cheap [[1]]({A}).",
        f"Acme is cheap (see {A}).",
        "Acme is cheap (a.example/1).",
        f"[Acme]({B}) is cheap. ([Site]({A}))",
        f"Acme is [cheap]({A}), they say.",
        f"Acme is cheap ([Site]({A})), while Globex is dear ([Other]({B})).",
        f"Acme is cheap.<sup>1</sup> Globex is dear.<sup>2</sup>{DEFINED}",
        f"Acme is cheap [cite: 1].{DEFINED}",
        f"Acme is cheap. Really, [they]({A}) say.",
        f"Acme is cheap.\nGlobex is not [1].{DEFINED}",
        f"So they say [1]. Acme is cheap.{DEFINED}",
        f"Acme is cheap [1].\n\n[1] Some title, {A}",
        f"Acme is cheap [1].\n\nSources:\n1. [One]({A})\n2. [Two]({B})\n",
        f"### [Acme]({A})\n\nAcme is cheap.",
        f"### Acme\n\n- Acme is cheap.\n- Price: $5 ([Site]({A}))",
        f"**Acme**\n\n- Acme is cheap.\n- Price: $5 ([Site]({A}))",
        f"- Acme is cheap.\n- Globex is good.\n- Initech is, too. ([Site]({A}))",
        f"| Acme is cheap | $5 | [1] |\n| Globex | $6 | [2] |{DEFINED}",
        f"Acme is cheap [Search](https://chatgpt.com/?hints=search&q=a) ([Site]({A})).",
        f"Acme is cheap ([Site]({A}?utm_source=chatgpt.com)).",
        f"Acme ist billig.Acme is cheap ([Site]({A})).",
    ],
)
def test_the_nearest_source_is_found(answer):
    assert nearest(answer, "Acme is cheap") == A


@pytest.mark.parametrize(
    "answer",
    [
        "Acme is cheap.",
        "Acme is cheap [7].",
        f"Acme is cheap.\n\nGlobex is good ([Site]({A})).",
        f"- Globex is good. ([Site]({A}))\n- Acme is cheap.\n- Initech ([Other]({B}))",
        f"- Acme is cheap.\n- Globex is good. ([Site]({A}))\n- Initech",
        f"## Acme\n\nAcme is cheap.\n\nGlobex is good. ([Site]({A}))",
        "Acme is cheap, rated 4.7/5 by many.",
        "Acme is cheap ([Search](https://chatgpt.com/?hints=search&q=a)).",
        f"Acme is cheap ![picture]({A}).",
        "Acme is [cheap]().",
    ],
)
def test_a_source_that_is_not_near_is_none(answer):
    assert nearest(answer, "Acme is cheap") is None


def test_numbers_without_addresses_count_the_sources_that_came_with_the_answer():
    assert nearest("Acme is cheap [2]. It is good [3].", "Acme is cheap", A, B) == B
    assert nearest("Acme is cheap [2]. It is good [3].", "It is good", A, B) is None
    assert (
        nearest("Acme is cheap 【3†source】.", "Acme is cheap", Source(A, None, 1, True), Source(B, None, 3, True)) == B
    )


@pytest.mark.parametrize("size", ["5 m²", "5m²", "40 km²", "900 ft²", "3\u00a0m³"])
def test_a_raised_number_of_a_unit_is_no_source(size):
    assert nearest(f"Acme has {size} of room.", "Acme has", A, B, C) is None
    assert nearest(f"Acme has {size} of room for its team².", "Acme has", A, B, C) == B


def test_the_addresses_of_the_answer_come_before_those_beside_it():
    assert nearest(f"Acme is cheap [2].{DEFINED}", "Acme is cheap", C, C) == B


def test_places_that_the_vendor_tells_are_marks():
    answer = "Acme is cheap. It is good."
    sources = [Source(B, None, 1, True, ((15, 26),)), Source(A, None, 2, True, ((0, 14),))]

    assert nearest(answer, "Acme is cheap.", *sources) == A
    assert nearest(answer, "It is good.", *sources) == B
