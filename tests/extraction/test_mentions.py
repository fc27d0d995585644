import json

import pytest

from senso.extraction import Mark, checked
from senso.providers import Completion, Usage

ANSWER = """\
Here is what I found:

1. **Globex** has the lowest fees.
2. **Acme Bank** is well liked. Its app is good, though Acme Bank's branches are few.
"""
LIKED = "2. **Acme Bank** is well liked."
BRANCHES = "Its app is good, though Acme Bank's branches are few."
BOTH = f"{LIKED} || {BRANCHES}"
ENTRY = f"{LIKED} {BRANCHES}"


@pytest.fixture
def check(acme, reading):
    def of(answer=ANSWER, *competitors, org=acme, **said):
        said = {"mentioned": True, "mention_text": BOTH, "sentiment": "positive", "rank": 2} | said
        content = json.dumps(reading(*competitors or ["Globex"], **said))
        return checked(answer, org, Completion(content, "m", Usage(), "openai"))

    return of


def kinds(found):
    return [(mark.field, mark.kind) for mark in found.marks]


def test_a_true_mention_is_given_as_the_whole_entry(check):
    found = check()

    assert (found.mentioned, found.sentiment, found.rank) == (True, "positive", 2)
    assert found.mention_text == ENTRY
    assert found.marks == ()


@pytest.mark.parametrize(
    "answer", ["Building a strong acme.", "A bank at its acme. Bank on it.", "acmebank.com.evil.net"]
)
def test_what_the_words_do_not_show_is_no_mention_whatever_the_model_says(check, answer):
    found = check(answer, "Globex")

    assert (found.mentioned, found.mention_text, found.sentiment, found.rank) == (False, None, None, None)
    assert found.share_of_text == 0
    assert Mark("mentioned", "no-literal-mention", "true") in found.marks


def test_the_community_is_not_community_financial_credit_union(check, acme):
    name = "Community Financial Credit Union"
    org = type(acme)(name=name, variations=(name,), websites=(), competitors=())

    assert check("It is building a strong community.", org=org).mentioned is False


def test_the_model_may_reject_what_the_words_show(check):
    answer = "I could not find information about Acme Bank."
    found = check(answer, mentioned=False, mention_text=None, sentiment=None, rank=None)

    assert (found.mentioned, found.share_of_text) == (False, 0)
    assert Mark("mentioned", "model-rejected", answer) in found.marks


def test_what_belongs_to_a_mention_is_dropped_without_one(check):
    found = check(mentioned=False)

    assert (found.mention_text, found.sentiment, found.rank) == (None, None, None)
    assert kinds(found) == [
        ("mentioned", "model-rejected"),
        ("mention_text", "not-mentioned"),
        ("sentiment", "not-mentioned"),
        ("rank", "not-mentioned"),
    ]


def test_an_absent_org_needs_no_mark(check):
    nothing = {"mentioned": False, "mention_text": None, "sentiment": None, "rank": None}

    assert check("Globex is cheap.", **nothing).marks == ()


def test_an_invented_quote_is_dropped_and_rejects_nothing(check):
    found = check(mention_text=f"Acme Bank is the best. || {BRANCHES}")

    assert found.mention_text == ENTRY
    assert found.marks == (Mark("mention_text", "quote-not-in-answer", "Acme Bank is the best."),)


@pytest.mark.parametrize("quoted", [None, "", "Acme Bank is the best.", "Its app is slow", "||"])
def test_without_a_true_quote_that_names_the_org_the_sentences_are_found_by_rule(check, quoted):
    found = check(mention_text=quoted)

    assert found.mention_text == ENTRY
    assert ("mention_text", "recovered-by-rule") in kinds(found)


def test_a_quote_may_differ_in_spaces_and_emphasis_and_the_entry_is_as_the_answer_has_it(check):
    found = check(mention_text=f"Acme Bank is  well\nliked. || {BRANCHES}")

    assert found.mention_text == ENTRY
    assert found.marks == ()


FIELD = "Acme is a fine shop.\nFind your acme first.\nMany miss their acme."


def test_what_an_exact_quotation_leaves_out_is_no_mention(check, acme):
    org = type(acme)(name="Acme", variations=("Acme",), websites=(), competitors=())
    found = check(FIELD, org=org, mention_text="Acme is a fine shop.", rank=1)

    assert found.mention_text == "Acme is a fine shop."
    assert found.share_of_text == round(20 / (20 + 21 + 21), 4)
    assert [mark.kind for mark in found.marks if mark.field == "mention_text"] == ["occurrence-not-quoted"]


@pytest.mark.parametrize(("rank", "kept"), [(1, 1), (2, 2), (3, None), (0, None), (-1, None), (None, None)])
def test_a_rank_lies_among_the_organisations_named(check, rank, kept):
    found = check(rank=rank)

    assert found.rank == kept
    assert (("rank", "rank-out-of-range") in kinds(found)) == (rank != kept)


SENTENCES = ("Here is what I found:", "1. **Globex** has the lowest fees.", LIKED, BRANCHES)


def test_the_share_of_text_is_that_of_the_naming_sentences_and_the_share_of_entries_of_the_whole_entry(check):
    everything, found = sum(map(len, SENTENCES)), check()

    assert found.share_of_text == round((len(LIKED) + len(BRANCHES)) / everything, 4)
    assert found.share_of_entries == round((len(LIKED) + len(BRANCHES)) / everything, 4)


def test_what_an_entry_says_without_the_name_counts_for_the_share_of_entries_alone(check):
    found = check(
        "- **Acme Bank** is cheap.\n  Its app is good.\n- **Globex** is slow.", mention_text="Acme Bank is cheap."
    )

    assert found.mention_text == "- **Acme Bank** is cheap.\n  Its app is good."
    assert (found.share_of_text, found.share_of_entries) == (round(25 / 62, 4), round(41 / 62, 4))


def test_an_answer_of_one_naming_sentence_is_all_about_the_org(check):
    assert check(" Acme Bank is good.\n", mention_text="Acme Bank is good.").share_of_text == 1


def test_an_org_without_variations_is_looked_for_by_its_name(check, acme):
    org = type(acme)(name="Acme Bank", variations=(), websites=(), competitors=())

    assert check(org=org).mentioned is True
