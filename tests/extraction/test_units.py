"""What is said about an organisation, as a reader sees it."""

import pytest

from senso.extraction.sentences import around, sentences
from senso.extraction.units import Outline, units
from senso.extraction.words import namings, text


def about(answer, name="Acme Bank"):
    places = namings(text(answer), name)
    found = units(Outline(answer, lambda some: around(some, sentences(answer))), places)
    return [answer[start:end] for start, end in found]


ENTRY = "2. **Acme Bank** \u2014 praised for service. ([forum.example](https://forum.example/t))"
NESTED = "- **Acme Bank**\n  - Fees: none\n  - Hours: short"
TABLE = "| Bank | Fee |\n|---|---|\n| Globex | 3 |\n| **Acme Bank** | 2 |"
HEADED = "## Acme Bank\nIt is cheap.\n\n- No fees\n- Good app"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Globex is slow. Acme Bank is cheap. Others too.", ["Acme Bank is cheap."]),
        (f"Banks:\n\n1. **Globex** \u2014 large.\n{ENTRY}\n3. Others", [ENTRY]),
        (f"{NESTED}\n- **Globex**\n  - Fees: some", [NESTED]),
        ("- **Globex**\n  - unlike Acme Bank it is large\n  - slow", ["- unlike Acme Bank it is large"]),
        ("- **Globex** is larger than Acme Bank.\n  It is slow.", ["- **Globex** is larger than Acme Bank."]),
        (TABLE, ["| **Acme Bank** | 2 |"]),
        (f"# Banks\n{HEADED}\n\n## Globex\nIt is slow.", [HEADED]),
        ("## Acme Bank\nIt is cheap.\n\n---\n\nAll have apps.", ["## Acme Bank\nIt is cheap."]),
        ("# Acme Bank and others\n## Globex\nSlow.", ["# Acme Bank and others\n## Globex\nSlow."]),
        ("**Acme Bank**: the best.\n- No fees\n\n**Globex**: slow.", ["**Acme Bank**: the best.\n- No fees"]),
        ("**Acme Bank is cheap.** Next.", ["**Acme Bank is cheap.**"]),
        ("Acme Bank is cheap. It is far. Acme Bank is small.", ["Acme Bank is cheap.", "Acme Bank is small."]),
        ("Nobody.", []),
        ("1. **Acme Bank**\nGood fees. Great app.\n\n2. **Globex**\nBad.", ["1. **Acme Bank**\nGood fees. Great app."]),
        ("1. Acme Bank is good.\nGlobex is bad.", ["1. Acme Bank is good."]),
        ("**1. Acme Bank**\nGood.\n\n**2. Globex**\nBad.", ["**1. Acme Bank**\nGood."]),
        ('He said "Acme Bank is good. It is cheap." Bad.', ['He said "Acme Bank is good. It is cheap."']),
        ("(It is new. Acme Bank is good.) Bad.", ["(It is new. Acme Bank is good.)"]),
        ("**We like Acme Bank. It is good.** Bad.", ["**We like Acme Bank. It is good.**"]),
        ("「Acme Bankは良い。安い。」悪い。", ["「Acme Bankは良い。安い。」"]),
        ("\u25aa **Acme Bank** good. Yes.\n\u25aa Globex", ["\u25aa **Acme Bank** good. Yes."]),
        ("\u2460 **Acme Bank** good. Yes.\n\u2461 Globex", ["\u2460 **Acme Bank** good. Yes."]),
        ("1\ufe0f\u20e3 **Acme Bank** good. Yes.\n2\ufe0f\u20e3 Globex", ["1\ufe0f\u20e3 **Acme Bank** good. Yes."]),
        ("Acme Bank (cheap. fast) is good. Bad.", ["Acme Bank (cheap. fast) is good."]),
        ("She said: \u201cYes. Acme Bank is good.\u201d Bad.", ["She said: \u201cYes. Acme Bank is good.\u201d"]),
        ("一、Acme Bank：好。便宜。\n二、Globex：不好。", ["一、Acme Bank：好。便宜。"]),
        ("（十二）Acme Bank：好。便宜。\n（十三）Globex", ["（十二）Acme Bank：好。便宜。"]),
        ("#1: Acme Bank is good. Cheap.\n#2: Globex", ["#1: Acme Bank is good. Cheap."]),
        ("Acme Bank is good. [cite: 1, 2] Bad.", ["Acme Bank is good. [cite: 1, 2]"]),
        ("*Acme Bank is good. It is cheap.* Bad.", ["*Acme Bank is good. It is cheap.*"]),
        ("[Acme Bank is good. Yes.](https://a.example) Bad.", ["[Acme Bank is good. Yes.](https://a.example) Bad."]),
        ("《Acme Bank很好。便宜》不好。坏。", ["《Acme Bank很好。便宜》不好。"]),
        ("1. **Acme Bank**\n- low fees\n- app\n\n2. **Globex**\n- bad", ["1. **Acme Bank**\n- low fees\n- app"]),
        ("1. **Acme Bank** is good.  \nFor you.\n\n2. **Globex**", ["1. **Acme Bank** is good.  \nFor you."]),
        ("a) **Acme Bank** good. Yes.\nb) Globex", ["a) **Acme Bank** good. Yes."]),
        ("1\u3001**Acme Bank** 好。便宜。\n2\u3001Globex", ["1\u3001**Acme Bank** 好。便宜。"]),
    ],
)
def test_a_unit_is_whole(answer, expected):
    assert about(answer) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end):
    assert about(NESTED.replace("\n", end) + end + "- **Globex**") == [NESTED.replace("\n", end)]
