from dataclasses import replace
from time import process_time

import pytest
from saying import read

from senso.extraction import Mark, Tracked

ANSWER = "Try **Globex Bank**, Initech's savings account, monday.com, banks, Booking.com or Acme Bank (acmebank.com)."


@pytest.fixture
def check(acme):
    """What is read if the model lists these organisations, and judges no place unless told."""

    def of(*organisations, answer=ANSWER, org=acme, **said):
        return read(answer, org, organisations=organisations, **{"by_default": None} | said)

    return of


def marks(found):
    return [mark for mark in found.marks if mark.field == "competitors"]


def test_competitors_that_the_answer_names_are_kept_in_order(check):
    found = check("Initech", "Globex Bank", "Booking.com")

    assert found.competitors == ("Initech", "Globex Bank", "Booking.com")
    assert marks(found) == []


@pytest.mark.parametrize("name", ["Umbrella", "Globex Corporation", "Init", "Initech Globex", "ooking.com"])
def test_a_competitor_that_is_not_in_the_answer_is_dropped(check, name):
    found = check("Globex Bank", name)

    assert found.competitors == ("Globex Bank",)
    assert marks(found) == [Mark("competitors", "competitor-not-in-answer", name)]


@pytest.mark.parametrize("name", ["Acme Bank", "ACME BANK", "The Acme Bank, Inc.", "acmebank.com", "AcmeBank.com"])
def test_the_org_belongs_to_what_is_listed_and_is_never_its_own_competitor(check, name):
    found = check("Globex Bank", name)

    assert found.competitors == ("Globex Bank",)
    assert marks(found) == []


@pytest.mark.parametrize(
    "name", ["banks", "https://globex.com", "www.globex.com", "globex.com/a", "x" * 81, "", "2024", "X " * 50]
)
def test_what_is_no_name_is_dropped(check, name):
    found = check("Globex Bank", name)

    assert found.competitors == ("Globex Bank",)
    assert marks(found) == [Mark("competitors", "not-a-name", name.strip())]


def test_a_brand_of_figures_and_a_sign_is_a_name(check):
    assert check("1&1", answer="1&1 is cheap.").competitors == ("1&1",)


def test_a_lower_case_brand_with_a_dot_is_a_name(check):
    assert "monday.com" in check("monday.com").competitors


def test_one_competitor_in_two_spellings_is_kept_once_as_first_written(check):
    assert check("GLOBEX BANK", "Globex Bank", "Globex-Bank").competitors == ("GLOBEX BANK",)


def test_a_tracked_competitor_is_added_when_the_model_missed_it(check):
    found = check("Initech")

    assert found.competitors == ("Initech", "Globex Bank")
    assert marks(found) == [Mark("competitors", "tracked-competitor-missed", "Globex Bank")]


def test_a_tracked_competitor_that_the_answer_does_not_name_is_not_added(check):
    assert check(answer="Nothing here.").competitors == ()


def test_competitors_are_read_also_when_the_org_is_not_mentioned(check):
    found = check("Globex Bank", answer="Globex Bank is good.")

    assert (found.mentioned, found.competitors) == (False, ("Globex Bank",))


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("Globex", "Globex'in", "Globex iyi ve ucuz bir yer. Globex'in ücreti düşük."),
        ("Globex", "Globex\u2019s", "Globex is good. Globex\u2019s fees are low."),
        ("Globex", "Globexu", "Globex je dobrý a levný. Účet u Globexu je na mě a se hodí."),
        ("Globex", "Globexin", "Globex on hyvä ja se on halpa. Globexin hinnat ovat hyvät."),
        ("Глобекс", "Глобекса", "Глобекс хорош. У Глобекса низкие ставки."),
        ("Глобекса", "Глобекс", "У Глобекса низкие ставки. Глобекс хорош."),
        ("글로벡스", "글로벡스는", "글로벡스 추천. 글로벡스는 좋다."),
        ("جلوبكس", "وجلوبكس", "جلوبكس جيد. أكمي وجلوبكس جيدان."),
    ],
)
def test_a_competitor_with_an_ending_is_counted_once(check, one, other, answer):
    assert check(one, other, answer=answer).competitors == (one,)


@pytest.mark.parametrize(
    ("one", "other"), [("Globex", "Globex Bank"), ("Umbra", "Umbro"), ("Nova", "Novas"), ("星河", "星河海")]
)
def test_two_names_that_no_ending_explains_are_two(check, one, other):
    assert check(one, other, answer=f"Try {one}, or try {other}, for this is the best of all.").competitors == (
        one,
        other,
    )


def test_a_legal_form_and_a_domain_name_no_other_competitor(check):
    found = check(
        "Globex GmbH", "Globex", "Initech.com", "Initech", answer="Globex GmbH, or Globex; Initech.com, or Initech."
    )

    assert found.competitors == ("Globex GmbH", "Initech.com")


@pytest.mark.parametrize(("own", "named"), [("Larch Hill GmbH", "Larch Hill"), ("Larch Hill", "Larch Hill Sp. z o.o.")])
def test_the_org_under_another_legal_form_is_no_competitor(check, acme, own, named):
    org = replace(acme, name=own, variations=(own,), websites=())

    assert check(named, answer=f"Try {named}.", org=org).competitors == ()


@pytest.mark.parametrize(
    ("own", "written", "answer"),
    [
        ("Ромашка", "Ромашке", "О Ромашке говорят."),
        ("Pohjola", "Pohjolassa", "Pohjolassa on hyvä ja se ei ole kallis, joka on."),
        ("Yıldız", "Yıldız'ın", "Yıldız'ın ücreti düşük."),
        ("한빛은행", "한빛은행은", "한빛은행은 좋다."),
        ("Larch Hill", "Larch Hill\u2019s", "Larch Hill\u2019s bank is good."),
        ("بنك النجمة", "وبنك النجمة", "وبنك النجمة جيد"),
        ("Deutsche Nordbank", "Deutschen Nordbank", "Bei der Deutschen Nordbank ist das nicht teuer und gut."),
    ],
)
def test_the_org_with_an_ending_is_no_competitor(check, acme, own, written, answer):
    org = replace(acme, name=own, variations=(own,), websites=())

    assert check(written, answer=answer, org=org).competitors == ()
    assert check(written, answer=answer, org=replace(org, competitors=(written,))).competitors == (written,)


@pytest.mark.parametrize("brand", ["adidas", "ikea", "lululemon", "asos", "klarna"])
def test_a_brand_in_lower_case_is_a_name(check, brand):
    assert check(brand, answer=f"Next is {brand}.").competitors == (brand,)


@pytest.mark.parametrize(
    "answer",
    [
        "Try **monday** first.",
        "- monday: for teams",
        "| monday | 5 |",
        "## monday",
        "Use [monday](https://monday.example).",
        "It works. monday is easy.",
        "We like monday\u2122.",
        "Take monday $9 a seat.",
        "Take \u201cmonday\u201d.",
    ],
)
def test_a_word_in_lower_case_that_is_shown_as_a_name_is_one(check, answer):
    assert check("monday", answer=answer).competitors == ("monday",)


@pytest.mark.parametrize("word", ["monday", "target", "shell", "banks", "lenders", "apps", "neobanks", "insurers"])
def test_a_word_in_lower_case_in_a_sentence_is_no_name(check, word):
    found = check(word, answer=f"We come back to the {word} later.")

    assert found.competitors == ()
    assert marks(found) == [Mark("competitors", "not-a-name", word)]


@pytest.mark.parametrize("word", ["banks", "lenders", "apps", "airlines"])
def test_a_plural_is_no_name_however_it_is_shown(check, word):
    assert check(word, answer=f"- **{word}**").competitors == ()


def tracking(acme, *competitors):
    return replace(acme, competitors=competitors)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Shell", "Acme is good. The outer shell is hard."),
        ("Shell", "Acme is good. Shell is hard."),
        ("Target", "**Target:** people of twenty."),
        ("Target", "## Set Your Target First"),
        ("Express", "He sent it express."),
        ("Best Buy", "It is the best buy of all."),
        ("Umbra", "Look for umbra there."),
        ("Kreis", "Er ist im Kreis der Familie und nicht mit der Bank."),
        ("苹果", "我吃了一个苹果。"),
        ("平安", "祝你一路平安。"),
        ("りんご", "りんごを食べる。"),
        ("楽天", "彼は楽天的だ。"),
        ("하나", "하나만 주세요."),
        ("आशा", "मुझे आशा है।"),
        ("كريم", "هو رجل كريم."),
        ("ดาว", "มีดาวบนฟ้า"),
    ],
)
def test_a_tracked_competitor_that_may_be_a_word_is_added_only_if_the_model_names_it(check, acme, name, answer):
    org = tracking(acme, name)

    assert check(answer=answer, org=org).competitors == ()
    assert marks(check(answer=answer, org=org)) == [Mark("competitors", "tracked-competitor-unsure", name)]
    assert check(name, answer=answer, org=org).competitors == (name,)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Shell", "Acme is good, and so is Shell."),
        ("Target", "- **Target** \u2013 cheap clothes"),
        ("Umbra", "Umbra is good."),
        ("adidas", "Next is adidas."),
        ("星河", "我们推荐星河和其他银行。"),
        ("苹果", "- **苹果**：好"),
        ("ธนาคารดาว", "แนะนำธนาคารดาวเพราะดี"),
    ],
)
def test_a_tracked_competitor_that_can_be_nothing_else_is_added(check, acme, name, answer):
    assert check(answer=answer, org=tracking(acme, name)).competitors == (name,)


GLOBEX = Tracked("Globex Bank", ("GBX", "First Globex"), ("https://www.gbx-online.com",))


@pytest.mark.parametrize("name", ["GBX", "First Globex", "gbx-online.com"])
def test_an_alias_counts_for_the_tracked_competitor(check, acme, name):
    answer, org = f"Try {name} first.", tracking(acme, GLOBEX)

    assert check(name, answer=answer, org=org).competitors == ("Globex Bank",)
    assert check(answer=answer, org=org).competitors == ("Globex Bank",)


def test_a_tracked_competitor_under_two_names_is_one(check, acme):
    org = tracking(acme, GLOBEX)

    assert check("GBX", "Globex Bank AG", answer="GBX, which is Globex Bank AG.", org=org).competitors == (
        "Globex Bank",
    )


def test_a_competitor_that_is_tracked_twice_is_one(check, acme):
    org = tracking(acme, "Umbra", "Umbra GmbH")

    assert check(answer="Umbra GmbH is good.", org=org).competitors == ("Umbra",)


@pytest.mark.parametrize("part", ["monday ", "**monday", "Shell, ", "- shell\n", "(GBX) ", "[monday](", "$9 monday"])
def test_a_long_answer_takes_no_longer_than_its_length(check, acme, part):
    answer, org = (part * 100_000)[:100_000], tracking(acme, "Shell", GLOBEX)
    check("monday", answer="monday", org=org)  # loads the lists of words
    start = process_time()

    check("monday", answer=answer, org=org)

    assert process_time() - start < 5
