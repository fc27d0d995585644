"""What is kept of the claims that a model reports, and what is marked instead."""

import pytest

from senso.extraction import Watched, claims
from senso.extraction.claims import SaidClaim
from senso.extraction.claims.verdicts import doubt
from senso.states import Verdict

ACME = Watched(
    "Acme Bank", ("Acme Bank", "Acme"), (), (), facts=("We have 5 branches.", "The fee is 12 dollars a month.")
)
ANSWER = """\
Banks in town:

1. **Acme Bank** — five branches, and a fee of $12 a month. [1]
   The app is well liked.
2. **Globex** — no fee at all. [2]

Acme opened in 1998. Its service is slow ([Herald](https://herald.example/acme)).

Globex is new in town.

[1]: https://list.example/acme
[2]: https://list.example/globex
"""


def said(sentence: str, statement: str = "Acme Bank says so.", verdict: str = "not-covered", fact: int | None = None):
    return SaidClaim(
        statement=statement, sentence=sentence, kind="fact", polarity="neutral", verdict=verdict, fact=fact
    )


def checked(*some: SaidClaim, answer: str = ANSWER, org: Watched = ACME):
    return claims.as_confirmed(answer, org, some)


def kinds(marks):
    return [kind for _, kind, _ in marks]


@pytest.mark.parametrize(
    ("quoted", "sentence"),
    [
        ("five branches, and a fee", "1. **Acme Bank** — five branches, and a fee of $12 a month. [1]"),
        ("Acme Bank — five branches … $12 a month.", "1. **Acme Bank** — five branches, and a fee of $12 a month. [1]"),
        ("The app is well liked.", "The app is well liked."),
        (
            "Acme opened in 1998. Its service is slow.",
            "Acme opened in 1998. Its service is slow ([Herald](https://herald.example/acme)).",
        ),
        ("its service is SLOW", "Its service is slow ([Herald](https://herald.example/acme))."),
    ],
)
def test_a_quote_becomes_the_answers_own_sentence(quoted, sentence):
    (claim,), marks = checked(said(quoted))

    assert (claim.sentence, marks) == (sentence, [])


@pytest.mark.parametrize(
    ("quoted", "kind"),
    [
        ("Acme closed all of its branches.", "sentence-not-in-answer"),
        ("five branches ... on the moon and elsewhere", "sentence-not-in-answer"),
        ("", "sentence-not-in-answer"),
        ("Globex — no fee at all.", "not-about-the-org"),
        ("Globex is new in town.", "not-about-the-org"),
        ("Banks in town", "not-about-the-org"),
    ],
)
def test_a_claim_without_a_sentence_about_the_org_is_dropped_with_a_mark(quoted, kind):
    found, marks = checked(said(quoted, "Acme Bank is new."))

    assert (found, kinds(marks)) == ([], [kind])
    assert marks[0][2].startswith("Acme Bank is new. | ")


def test_each_is_kept_once_without_empty_ones_and_not_too_many_or_too_long():
    sentence = "Acme opened in 1998."
    some = [said(sentence, f"Statement {number}.") for number in range(30)]

    found, _ = checked(said(sentence, " \n"), some[0], *some, said(sentence, "STATEMENT 1"))
    (long,), _ = checked(said(sentence, "word " * 200))

    assert [claim.text for claim in found] == [f"Statement {number}." for number in range(20)]
    assert len(long.text) <= 300


@pytest.mark.parametrize(
    ("statement", "verdict", "fact", "expected"),
    [
        ("Acme has 5 branches.", "supported", 1, ("supported", ACME.facts[0], [])),
        ("Acme has five branches.", "supported", 1, ("supported", ACME.facts[0], [])),
        ("Acme costs 12 USD.", "supported", 2, ("supported", ACME.facts[1], [])),
        ("Acme has 7 branches.", "contradicted", 1, ("contradicted", ACME.facts[0], [])),
        ("Acme is liked.", "supported", 1, ("supported", ACME.facts[0], [])),
        ("Acme is liked.", "not-covered", 1, ("not-covered", None, [])),
        ("Acme has 7 branches.", "supported", 1, ("not-covered", None, ["figures-differ"])),
        ("Acme costs 12 %.", "supported", 2, ("not-covered", None, ["figures-differ"])),
        ("Acme has 5 branches.", "contradicted", 1, ("not-covered", None, ["figures-agree"])),
        ("Acme has no longer 5 branches.", "contradicted", 1, ("contradicted", ACME.facts[0], [])),
        ("Acme has 5 branches.", "supported", 3, ("not-covered", None, ["no-such-fact"])),
        ("Acme has 5 branches.", "supported", 0, ("not-covered", None, ["no-such-fact"])),
        ("Acme has 5 branches.", "contradicted", None, ("not-covered", None, ["no-such-fact"])),
    ],
)
def test_figures_take_back_a_verdict_that_they_show_wrong(statement, verdict, fact, expected):
    (claim,), marks = checked(said("five branches", statement, verdict, fact))

    assert (claim.verdict, claim.fact, kinds(marks)) == expected


@pytest.mark.parametrize("fee", ["$0", "0 €", "$0.00", "zero dollars"])
def test_a_fee_of_nothing_is_no_fee(fee):
    assert doubt("It has no fee and 2 % cash back.", Verdict.CONTRADICTED, f"The fee is {fee}. 2 % cash back.")


@pytest.mark.parametrize("fee", ["$0.99", "10 €", "$05"])
def test_a_fee_that_ends_or_begins_with_nothing_is_a_fee(fee):
    assert not doubt("It has no fee and 2 % cash back.", Verdict.CONTRADICTED, f"Fee: {fee}. 2 % cash back.")


def test_without_facts_there_is_no_verdict():
    org = Watched("Acme Bank", ("Acme Bank", "Acme"), (), ())

    (claim,), marks = checked(said("five branches", verdict="supported", fact=1), org=org)

    assert (claim.verdict, claim.fact, marks) == (None, None, [])


def test_a_statement_that_postgres_cannot_store_is_made_storable():
    (claim,), _ = checked(said("Acme opened in 1998.", "Open\x00ed \ud800 in 1998."))

    assert "\x00" not in claim.text
    claim.text.encode()


def test_nothing_said_costs_nothing():
    assert checked() == ([], [])
