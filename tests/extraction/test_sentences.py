import pytest

from senso.extraction.sentences import around, sentences


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("# Head\n\n- one\n- two: it is. Good.", ["# Head", "- one", "- two: it is.", "Good."]),
        ("1. Acme - best\n2. Globex. Cheap.", ["1. Acme - best", "2. Globex.", "Cheap."]),
        ("St. Mary's Bank and Acme Inc. Both are good. Yes.", ["St. Mary's Bank and Acme Inc. Both are good.", "Yes."]),
        ("U.S. Bank is big. J. P. Morgan too.", ["U.S. Bank is big.", "J. P. Morgan too."]),
        ("Rates of 4.5 % at acme.com. Good.", ["Rates of 4.5 % at acme.com.", "Good."]),
        ("Some banks, e.g. Acme, do. Some do not.", ["Some banks, e.g. Acme, do.", "Some do not."]),
        ("Acme is cheap.([The Verge][1], [Bbc][2]) Next.", ["Acme is cheap.([The Verge][1], [Bbc][2])", "Next."]),
        ("Acme is cheap.[1][2] Next.", ["Acme is cheap.[1][2]", "Next."]),
        ("**Acme is cheap.** Next.", ["**Acme is cheap.**", "Next."]),
        ('He said "yes." Next.', ['He said "yes."', "Next."]),
        ("\u5b89\u3044\u3002\u6b21\u3067\u3059\u3002", ["\u5b89\u3044\u3002", "\u6b21\u3067\u3059\u3002"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_an_answer_is_cut_where_its_sentences_end(answer, expected):
    assert [answer[start:end] for start, end in sentences(answer)] == expected


def test_each_place_is_in_the_sentence_in_which_it_begins():
    assert around([(3, 5), (4, 9), (12, 13)], [(0, 3), (3, 8), (8, 12)]) == [(3, 8), (3, 8), (12, 13)]


def test_hostile_brackets_are_cut_in_linear_time():
    assert len(sentences("x.([a]" + "([a])" * 20_000 + "(")) == 1
