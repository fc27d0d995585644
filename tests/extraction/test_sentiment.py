"""How the answer speaks of the org, and the answer's own sentence that shows it."""

import pytest
from saying import kinds, read

from senso.extraction import Mark

LIST = """\
1. **Globex** is dear. Its app is slow.
2. **Acme Bank** is cheap. Its app is good.

Nobody else is worth it.
"""
CHEAP = "2. **Acme Bank** is cheap."


def told(acme, evidence, sentiment="positive", answer=LIST, **said):
    named = [name for name in ("Globex", "Acme Bank") if name in answer]
    return read(answer, acme, organisations=named, sentiment=sentiment, evidence=evidence, **said)


@pytest.mark.parametrize("sentiment", ["positive", "negative", "neutral", "mixed"])
def test_a_sentiment_has_its_sentence(acme, sentiment):
    found = told(acme, CHEAP, sentiment)

    assert (found.sentiment, found.evidence, found.marks) == (sentiment, CHEAP, ())


@pytest.mark.parametrize(
    "quote",
    [
        "Acme Bank is cheap.",
        "acme  bank\nis cheap",
        "2. ⟦1.1⟧**Acme Bank** is cheap.",
        "2. **⟦1.1⟧Acme Bank** is cheap.",
        "is cheap",
    ],
)
def test_a_quote_becomes_the_whole_sentence_as_the_answer_has_it(acme, quote):
    assert told(acme, quote).evidence == CHEAP


def test_a_sentence_that_the_answer_repeats_is_given_once(acme):
    assert told(acme, "Acme Bank is cheap.", answer="Acme Bank is cheap.\n" * 3).evidence == "Acme Bank is cheap."


def test_a_sentence_of_the_entry_needs_no_name(acme):
    assert told(acme, "Its app is good.").evidence == "Its app is good."


def test_a_sentence_that_follows_in_the_same_line_may_carry_it(acme):
    assert told(acme, "It is cheap.", answer="Acme Bank is old. It is cheap.").evidence == "It is cheap."


def test_words_that_the_answer_has_twice_are_those_about_the_org(acme):
    answer = "- **Globex** is dear. It is good.\n- **Acme Bank** is dear. It is good."

    assert told(acme, "It is good.", answer=answer).evidence == "It is good."


@pytest.mark.parametrize("quote", ["Its app is slow.", "Globex is dear", "Nobody else is worth it."])
def test_a_sentence_about_another_is_dropped_and_marked(acme, quote):
    found = told(acme, quote)

    assert (found.sentiment, found.evidence) == ("positive", None)
    assert found.marks == (Mark("sentiment", "not-about-the-org", quote),)


@pytest.mark.parametrize("quote", ["Acme Bank is the best.", "Acme Bank is dear.", "", "||"])
def test_an_invented_sentence_is_dropped_and_marked(acme, quote):
    found = told(acme, quote)

    assert (found.sentiment, found.evidence) == ("positive", None)
    assert found.marks == (Mark("sentiment", "quote-not-in-answer", quote),)


def test_a_sentence_at_a_rejected_place_is_not_about_the_org(acme):
    answer = "Acme Bank is cheap.\n\nThe Acme Bank of the river is muddy."
    found = told(acme, "The Acme Bank of the river is muddy.", answer=answer, judged={"1.2": "other-entity"})

    assert (found.mention_text, found.evidence) == ("Acme Bank is cheap.", None)
    assert kinds(found) == [("mentioned", "other-entity"), ("sentiment", "not-about-the-org")]


def test_a_mention_may_be_without_sentiment_and_a_sentiment_without_sentence(acme):
    without = told(acme, CHEAP, sentiment=None)

    assert (without.mentioned, without.sentiment, without.evidence, without.marks) == (True, None, None, ())
    assert (told(acme, None).sentiment, told(acme, None).evidence, told(acme, None).marks) == ("positive", None, ())


@pytest.mark.parametrize("answer", ["Globex is cheap.", "I know nothing of Acme Bank."])
def test_without_a_mention_there_is_neither(acme, answer):
    found = told(acme, answer, answer=answer, by_default="nothing-known")

    assert (found.mentioned, found.sentiment, found.evidence) == (False, None, None)
    assert ("sentiment", "not-mentioned") in kinds(found)
