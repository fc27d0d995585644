"""No answer makes the check of claims take long: what is quadratic would take minutes."""

import time
from dataclasses import replace

import pytest
from hostile import ORG, UNITS, answer

from senso.extraction import claims
from senso.extraction.claims import SaidClaim

FAR_TOO_LONG = 3000  # milliseconds; on an idle machine it is a tenth of a second at most
MORE = (
    "[1]", "[a][1]", "[1]: http://a.b/c\n", "【1】", "[](", "1 ", "1,000", "+1 614 ", "5 % ", "555-0100 ", "no ",
    "five ", "- Acme [x](http://a.b/c)\n", "Acme ... ", "¹", "1.1.1.1.", "[[1]](http://a.b) ", "Acme (http://a.b/c). ",
    "1'000 ", "EUR5", "12.05.2024 ", "a/b.c/", "Sources:\n- [a](http://b.c)\n",
)  # fmt: skip


def said(unit: str) -> list[SaidClaim]:
    text = answer(unit)
    quotes = [unit * 3, text[:5000], "Acme ... Acme x ... x", *(text[at : at + 60] for at in range(0, 900, 60))]
    return [
        SaidClaim(
            statement=f"{number} {text[:2000]}",
            sentence=quote,
            kind="fact",
            polarity="neutral",
            verdict="supported",
            fact=1,
        )
        for number, quote in enumerate(quotes)
    ]


@pytest.mark.parametrize("unit", [*UNITS, *MORE])
def test_twenty_claims_of_a_hundred_thousand_characters_are_checked_in_linear_time(unit):
    org = replace(ORG, facts=("It has 5 branches and costs 4,90 €.",))
    some, began = said(unit), time.process_time()

    claims.as_confirmed(answer(unit), org, some)

    assert 1000 * (time.process_time() - began) < FAR_TOO_LONG
