from dataclasses import replace

import pytest
from saying import kinds, marks, read

from senso.extraction import Mark

ANSWER = """\
Here is what I found:

1. **Globex** has the lowest fees.
2. **Acme Bank** is well liked. Its app is good, though Acme Bank's branches are few.
"""
LIKED = "2. **Acme Bank** is well liked."
BRANCHES = "Its app is good, though Acme Bank's branches are few."
ENTRY = f"{LIKED} {BRANCHES}"
NOT_NAMED = ["everyday-word", "other-entity", "source", "nothing-known", "instruction"]


@pytest.fixture
def check(acme):
    def of(answer=ANSWER, *organisations, org=acme, **said):
        said = {"sentiment": "positive", "rank": 2} | said
        named = [name for name in ("Globex", "Acme Bank") if name in answer]
        return read(answer, org, organisations=organisations or named, **said)

    return of


@pytest.fixture
def plain(acme):
    """An org whose name is a common word."""
    return replace(acme, name="Acme", variations=("Acme",), websites=(), competitors=())


def test_a_true_mention_is_given_as_the_whole_entry(check):
    found = check()

    assert (found.mentioned, found.sentiment, found.rank) == (True, "positive", 2)
    assert found.mention_text == ENTRY
    assert found.marks == ()


@pytest.mark.parametrize(
    "answer", ["Building a strong acme.", "A bank at its acme. Bank on it.", "acmebank.com.evil.net"]
)
def test_what_the_words_do_not_show_is_no_mention_whatever_the_model_says(check, answer):
    found = check(answer, "Globex", judged={"1.1": "named"}, missed=answer, evidence=answer)

    assert (found.mentioned, found.mention_text, found.sentiment, found.evidence) == (False, None, None, None)
    assert (found.rank, found.share_of_text, found.share_of_entries, found.occurrences) == (None, 0, 0, ())
    assert kinds(found)[:3] == [
        ("mentioned", "missed-by-rule"),
        ("sentiment", "not-mentioned"),
        ("rank", "not-mentioned"),
    ]


def test_the_community_is_not_community_financial_credit_union(check, acme):
    name = "Community Financial Credit Union"
    org = replace(acme, name=name, variations=(name,), websites=(), competitors=())

    assert check("It is building a strong community.", org=org).mentioned is False


def test_the_model_may_reject_what_the_words_show(check):
    answer = "I could not find information about Acme Bank."
    found = check(answer, judged={"1.1": "nothing-known"}, sentiment=None, rank=None)

    assert (found.mentioned, found.share_of_text) == (False, 0)
    assert Mark("mentioned", "nothing-known", answer) in found.marks


@pytest.mark.parametrize("verdict", NOT_NAMED)
def test_a_place_that_is_judged_something_else_is_no_mention_and_is_kept_with_its_verdict(check, verdict):
    found = check(judged={"1.1": "named", "1.2": verdict})

    assert [(one.verdict, one.kept) for one in found.occurrences] == [("named", True), (verdict, False)]
    assert found.marks == (Mark("mentioned", verdict, BRANCHES),)
    everything = sum(map(len, SENTENCES))
    assert found.share_of_text == round(len(LIKED) / everything, 4)


@pytest.mark.parametrize("verdict", NOT_NAMED)
def test_what_belongs_to_a_mention_is_dropped_without_one(check, verdict):
    found = check(by_default=verdict, evidence=BRANCHES)

    assert (found.mentioned, found.mention_text, found.share_of_text) == (False, None, 0)
    assert (found.sentiment, found.evidence, found.rank) == (None, None, None)
    assert [one.kept for one in found.occurrences] == [False, False]
    assert kinds(found) == [
        ("mentioned", verdict),
        ("mentioned", verdict),
        ("sentiment", "not-mentioned"),
        ("rank", "not-mentioned"),
    ]


def test_an_occurrence_says_where_the_name_is_and_which(check):
    answer = "**ACME BANK** is good. See acmebank.com, or Acme Bank's app."
    found = check(answer)

    assert [(answer[one.start : one.end], one.name) for one in found.occurrences] == [
        ("ACME BANK", "Acme Bank"),
        ("acmebank.com", "acmebank.com"),
        ("Acme Bank's", "Acme Bank"),
    ]


def test_an_absent_org_needs_no_mark(check):
    assert check("Globex is cheap.", sentiment=None, rank=None).marks == ()


@pytest.mark.parametrize(
    ("judged", "marked"),
    [
        ({"1.1": None, "1.2": None}, [LIKED, BRANCHES]),
        ({"1.1": "named", "1.2": None}, [BRANCHES]),
        ({"1.1": "named", "1.2": ["named", "other-entity"]}, [BRANCHES]),
        ({"1.1": ["named", "source", "named"], "1.2": "named"}, [LIKED]),
        ({"1.1": None, "1.2": None, "1.3": "source", "2.1": "source", "1": "source", "x": "source"}, [LIKED, BRANCHES]),
    ],
    ids=["nothing", "one of two", "contradictory", "contradictory thrice", "of places that are not there"],
)
def test_a_place_without_one_verdict_counts_and_is_marked(check, judged, marked):
    found = check(judged=judged)

    assert (found.mention_text, found.sentiment) == (ENTRY, "positive")
    assert [one.kept for one in found.occurrences] == [True, True]
    not_judged = [mark for mark in found.marks if mark.kind != "no-such-place"]
    assert not_judged == [Mark("mentioned", "place-not-judged", sentence) for sentence in marked]
    strange = {mark.value for mark in found.marks if mark.kind == "no-such-place"}
    assert strange == set(judged) - {"1.1", "1.2"}
    assert [one.verdict for one in found.occurrences].count(None) == len(marked)


def test_a_place_that_is_rejected_for_two_reasons_is_rejected(check):
    found = check(judged={"1.1": ["source", "other-entity"], "1.2": ["everyday-word", "source"]})

    assert [one.kept for one in found.occurrences] == [False, False]
    assert not found.mentioned


def test_a_verdict_that_is_said_twice_is_one(check):
    found = check(judged={"1.1": ["named", "named"], "1.2": ["source", "source"]})

    assert [one.verdict for one in found.occurrences] == ["named", "source"]


MANY = "".join(f"Acme Bank {number} is good.\n" for number in range(1, 46))


def test_of_many_places_the_first_forty_are_judged_and_the_others_count(check, acme):
    found = check(MANY, judged={"1.1": "source", "1.41": "source"}, rank=1)

    assert marks(MANY, acme) == [f"1.{number}" for number in range(1, 41)]
    assert [one.verdict for one in found.occurrences] == ["source", *["named"] * 39, *[None] * 5]
    assert [one.kept for one in found.occurrences] == [False, *[True] * 44]
    assert [mark.kind for mark in found.marks] == ["source", *["place-not-judged"] * 5, "no-such-place"]


def test_of_many_places_of_a_common_word_those_that_are_not_judged_do_not_count(check, acme):
    target = replace(acme, name="Target", variations=("Target",), websites=(), competitors=())
    answer = "".join(f"We set our target {number}.\n" for number in range(1, 46))
    found = check(answer, org=target, judged={"1.45": "named"})

    assert sum(one.kept for one in found.occurrences) == 40
    kinds = [mark.kind for mark in found.marks if mark.field == "mentioned"]
    assert kinds == [*["common-word-not-judged"] * 5, "no-such-place"]


def test_where_all_places_with_a_mark_are_rejected_those_behind_them_do_not_count_either(check):
    answer = "".join(f"{number}. First Acme Bank of Ohio, branch {number}.\n" for number in range(1, 46))

    assert check(answer, by_default="other-entity").mentioned is False
    assert sum(one.kept for one in check(answer, by_default="other-entity", judged={"1.1": "named"}).occurrences) == 6


def test_the_same_sentence_is_marked_once(check):
    found = check("Acme Bank is good.\n" * 45, judged={"1.1": "source", "1.2": "source"}, rank=1)

    assert kinds(found) == [("mentioned", "source"), ("mentioned", "place-not-judged")]


def test_names_that_overlap_are_one_place(check, acme):
    org = replace(acme, variations=("Acme", "Acme Bank", "Bank of Texas", "Acme Bank of"))
    answer = "Acme Bank of Texas is good. Acme is old."
    found = check(answer, org=org, judged={"1.1": "other-entity"})

    assert marks(answer, org) == ["1.1", "1.2"]
    assert [(one.start, one.end, one.kept) for one in found.occurrences] == [(0, 18, False), (28, 32, True)]
    assert found.mention_text == "Acme is old."


FIELD = "Acme is a fine shop.\nFind your acme first.\nMany miss their acme."


def test_what_is_judged_an_everyday_word_is_no_mention(check, plain):
    found = check(FIELD, org=plain, judged={"1.2": "everyday-word", "1.3": "everyday-word"}, rank=1)

    assert found.mention_text == "Acme is a fine shop."
    assert found.share_of_text == round(20 / (20 + 21 + 21), 4)
    assert found.share_of_entries == found.share_of_text
    assert kinds(found) == [("mentioned", "everyday-word")] * 2


@pytest.mark.parametrize(("rank", "kept"), [(1, 1), (2, 2), (3, None), (0, None), (-1, None), (None, None)])
@pytest.mark.parametrize("organisations", [["Globex", "Acme Bank"], ["Globex"], ["acmebank.com", "Globex"]])
def test_a_rank_lies_among_the_organisations_named(check, organisations, rank, kept):
    found = check(ANSWER, *organisations, rank=rank)

    assert found.rank == kept
    assert (("rank", "rank-out-of-range") in kinds(found)) == (rank != kept)


SENTENCES = ("Here is what I found:", "1. **Globex** has the lowest fees.", LIKED, BRANCHES)


def test_the_share_of_text_is_that_of_the_naming_sentences_and_the_share_of_entries_of_the_whole_entry(check):
    everything, found = sum(map(len, SENTENCES)), check()

    assert found.share_of_text == round((len(LIKED) + len(BRANCHES)) / everything, 4)
    assert found.share_of_entries == round((len(LIKED) + len(BRANCHES)) / everything, 4)


def test_what_an_entry_says_without_the_name_counts_for_the_share_of_entries_alone(check):
    found = check("- **Acme Bank** is cheap.\n  Its app is good.\n- **Globex** is slow.")

    assert found.mention_text == "- **Acme Bank** is cheap.\n  Its app is good."
    assert (found.share_of_text, found.share_of_entries) == (round(25 / 62, 4), round(41 / 62, 4))


def test_an_answer_of_one_naming_sentence_is_all_about_the_org(check):
    assert check(" Acme Bank is good.\n").share_of_text == 1


def test_an_org_without_variations_is_looked_for_by_its_name(check, acme):
    org = replace(acme, variations=(), websites=(), competitors=())

    assert check(org=org).mentioned is True


# --- missed


def test_what_the_model_finds_without_a_mark_is_no_mention_and_is_marked(check):
    found = check("Globex is slow. ACMB is  **cheap**.", missed="ACMB is cheap.", sentiment=None, rank=None)

    assert (found.mentioned, found.mention_text, found.occurrences) == (False, None, ())
    assert found.marks == (Mark("mentioned", "missed-by-rule", "ACMB is  **cheap**."),)


def test_what_the_model_claims_to_find_must_be_in_the_answer(check):
    found = check("Globex is slow.", missed="ACMB is cheap.", sentiment=None, rank=None)

    assert found.marks == (Mark("mentioned", "quote-not-in-answer", "ACMB is cheap."),)


def test_where_the_org_is_mentioned_nothing_is_missed(check):
    assert check(missed="Here is what I found:").marks == ()


def test_something_else_may_be_missed_where_each_place_was_rejected(check):
    found = check("Acme Bank? ACMB is good.", by_default="source", missed="ACMB is good.", sentiment=None, rank=None)

    assert found.mentioned is False
    assert kinds(found) == [("mentioned", "source"), ("mentioned", "missed-by-rule")]
