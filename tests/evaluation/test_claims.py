"""Every sentence about a brand of the labelled answers is found again when a model quotes it."""

from collections import Counter

from labelled import ANSWERS

from senso.evaluation.claims import line, plain
from senso.evaluation.labelled import Label, Labelled, labelled
from senso.evaluation.reading import watched
from senso.extraction import claims, sentences
from senso.extraction.claims import SaidClaim

FEWEST_WORDS = 4  # fewer may stand anywhere


def said(quote: str, number: int) -> SaidClaim:
    return SaidClaim(
        statement=f"Statement {number}.",
        sentence=quote,
        kind="fact",
        polarity="neutral",
        verdict="not-covered",
        fact=None,
    )


def found_again(of: Labelled, label: Label, form) -> Counter[bool]:
    """The sentences in the label's own mention text, up to as many as an answer may have claims."""
    text = of.answer.text
    inside = [
        text[slice(*one)] for span in label.spans for one in sentences.beginning_in(span, sentences.sentences(text))
    ]
    wanted = [one for one in inside if len(line(form(one)).split()) >= FEWEST_WORDS][: claims.MOST]
    some = [said(form(one), number) for number, one in enumerate(wanted)]
    kept, _ = claims.as_confirmed(text, watched(label), some)
    by_statement = {one.text: line(one.sentence) for one in kept}
    return Counter(
        line(one).strip() in by_statement.get(f"Statement {number}.", "") for number, one in enumerate(wanted)
    )


def test_quotes_are_found_again_with_and_without_their_formatting():
    answers = labelled(ANSWERS if ANSWERS.is_dir() else None)[::4]
    named = [(of, label) for of in answers for label in of.labels[:3] if label.mentioned]
    exact, bare = (
        sum((found_again(of, label, form) for of, label in named), Counter()) for form in (lambda one: one, plain)
    )

    assert exact[True] >= 0.98 * exact.total() > 50
    assert bare[True] >= 0.97 * bare.total() > 50
