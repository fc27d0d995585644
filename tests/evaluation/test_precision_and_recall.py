"""Precision, recall, F1 and their intervals, against figures worked out by hand."""

from dataclasses import replace

import pytest

from senso.evaluation import fields
from senso.evaluation.counting import Count, by_class, f1, figure, macro_figure, precision, recall
from senso.evaluation.labelled import MADE, Answer, Label, Labelled
from senso.evaluation.reading import Read, by_rules, spans

TEXT = "1. **Acme** is cheap.\n2. Globex is slow. See https://acme.example/a.\n"
LABEL = Label("a", "Acme", (), ("acme.example",), True, None, ((0, 21),), "positive", 1, ("Globex",), True)
OTHER = replace(LABEL, brand="Globex", websites=("globex.example",), spans=((25, 41),), rank=2, cited=False)
ABSENT = replace(
    OTHER, brand="Initech", websites=("initech.example",), mentioned=False, why="absent", spans=(), rank=None
)
OF = Labelled(Answer("a", MADE, "en", "Which?", TEXT, ()), (LABEL, OTHER, ABSENT))
NOTHING = Read(mentioned=False, text=None, sentiment=None, rank=None, competitors=(), cited=False)


def test_precision_recall_and_f1():
    total = Count(right=6, false=2, missed=4)

    assert (precision(total), recall(total), f1(total)) == (0.75, 0.6, pytest.approx(2 * 0.75 * 0.6 / 1.35))
    assert precision(Count()) is None


def test_an_interval_holds_its_figure_and_shrinks_with_more_answers():
    few = figure([Count(1, 0, 0), Count(0, 1, 0)] * 5, precision)
    many = figure([Count(1, 0, 0), Count(0, 1, 0)] * 100, precision)

    assert few.value == many.value == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high


def test_nothing_to_divide_by_is_no_figure():
    assert figure([Count()], precision).value is None
    assert macro_figure([], f1).value is None


def test_a_macro_figure_is_the_mean_of_its_classes():
    classes = by_class([{"good": Count(9, 0, 1), "bad": Count(0, 1, 1)}])

    assert macro_figure(classes, recall).value == pytest.approx((0.9 + 0) / 2)


def test_the_rules_read_what_is_there():
    first, second, third = (by_rules(OF, label) for label in OF.labels)

    assert (first.mentioned, second.mentioned, third.mentioned) == (True, True, False)
    assert (first.cited, second.cited, third.cited) == (True, False, False)
    assert (first.competitors, second.competitors) == (("Globex",), ("Acme",))


def test_a_mention_that_nobody_found_is_missed_and_one_that_is_none_is_false():
    found = replace(NOTHING, mentioned=True, text="x")

    assert fields.mention(OF, [NOTHING, found, found]) == Count(right=1, false=1, missed=1)
    assert [miss.brand for miss in fields.misses(OF, [NOTHING, found, found]) if miss.field == "mention"] == [
        "Acme",
        "Initech",
    ]


def test_text_is_compared_by_its_visible_characters():
    exact = replace(NOTHING, mentioned=True, text="1. **Acme** is cheap.")
    part = replace(NOTHING, mentioned=True, text="**Acme** is")
    of = Labelled(OF.answer, (LABEL,))

    assert fields.mention_text(of, [exact]) == Count(right=18, false=0, missed=0)
    assert fields.mention_text(of, [part]) == Count(right=10, false=0, missed=8)
    assert fields.mention_text(of, [NOTHING]) == Count()


def test_units_are_found_in_their_order_also_where_their_words_are_repeated():
    assert spans("a b a b", "a || a") == [(0, 1), (4, 5)]
    assert spans("a", "b") == []


def test_sentiment_and_rank_are_compared_where_both_take_it_for_mentioned():
    right = replace(NOTHING, mentioned=True, text="x", sentiment="positive", rank=1)
    wrong = replace(right, sentiment="negative", rank=3)

    assert fields.sentiment(OF, [right, wrong, right]) == {"positive": Count(1, 0, 1), "negative": Count(0, 1, 0)}
    assert fields.rank(OF, [right, wrong, right]) == Count(right=1, false=1, missed=1)


def test_competitors_are_the_same_whatever_their_legal_form():
    found = replace(NOTHING, competitors=("Globex Inc.", "Umbrella"))
    of = Labelled(OF.answer, (LABEL,))

    assert fields.competitors(of, [found]) == Count(right=1, false=1, missed=0)
    assert fields.competitors(of, [found], tracked=["Umbrella"]) == Count(right=0, false=2, missed=0)


def test_a_claim_is_found_by_a_sentence_that_holds_a_part_of_it():
    label, other = replace(LABEL, claims=((12, 20), (40, 47))), replace(OTHER, claims=None)
    read = replace(NOTHING, claims=("1. **Acme** is cheap.", "Globex is slow."))

    assert fields.claims(Labelled(OF.answer, (label, other)), [read, read]) == Count(right=1, false=1, missed=1)
