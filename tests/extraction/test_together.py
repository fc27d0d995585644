"""One call reads an answer for several orgs; what it says of each is checked as if it had been read alone."""

import json
from contextlib import suppress

import pytest
from saying import completion, marks, of, read, reply, sent

from senso.errors import Malformed
from senso.extraction import Watched, checked_for, occurs, prompt, prompts, said

ANSWER = "Globex Bank is cheap.\nAcme Bank is good."
OF_GLOBEX = {"sentiment": "positive", "evidence": "Globex Bank is cheap.", "rank": 1}
OF_ACME = {"sentiment": "mixed", "evidence": "Acme Bank is good.", "rank": 2}
BOTH = ["Globex Bank", "Acme Bank"]


@pytest.fixture
def globex():
    return Watched("Globex Bank", ("Globex Bank", "Globex"), ("https://globex.example",), ("Acme Bank",))


@pytest.fixture
def orgs(globex, acme):
    return globex, acme


@pytest.fixture
def together(orgs):
    """What a call said of both, and each as it is read."""

    def told(*readings, answer=ANSWER, orgs=orgs, organisations=BOTH, **fields):
        content = reply(answer, *orgs, readings=list(readings), organisations=organisations, **fields)
        return said(completion(content), answer, orgs)

    return told


def essence(found):
    return found.mentioned, found.mention_text, found.sentiment, found.evidence, found.rank, found.competitors


def read_for(orgs, told, answer=ANSWER):
    return [checked_for(answer, org, told, number) for number, org in enumerate(orgs, start=1)]


def trusted(orgs, told, answer=ANSWER) -> list[int]:
    def is_read(org, number):
        with suppress(Malformed):
            return checked_for(answer, org, told, number)

    return [number for number, org in enumerate(orgs, start=1) if is_read(org, number)]


def test_the_orgs_are_numbered_and_the_answer_stands_once(globex, acme):
    asked = prompt(ANSWER, "Which bank?", [globex, acme])

    told = json.loads(asked.user.split("\n")[0])
    assert asked.system == prompts.known()["reading-4"].system
    assert asked.user.count("is cheap") == 1
    assert [(number, one["name"]) for number, one in told["orgs"].items()] == [
        ("1", "Globex Bank"),
        ("2", "Acme Bank"),
    ]


def test_each_has_marks_of_its_own_number(globex, acme):
    assert marks("Acme Bank, Globex, Acme Bank.", globex, acme) == ["2.1", "T1.1", "1.1", "2.2", "T1.2"]
    assert marks("Acme Bank, Globex, Acme Bank.", acme, globex) == ["1.1", "T1.1", "2.1", "1.2", "T1.2"]


def test_each_reads_what_it_would_have_read_alone(together, orgs):
    by_one_call = read_for(orgs, together(of(2, **OF_ACME), of(1, **OF_GLOBEX)))
    alone = zip(orgs, (OF_GLOBEX, OF_ACME), strict=True)
    by_itself = [read(ANSWER, org, organisations=BOTH, **fields) for org, fields in alone]

    assert list(map(essence, by_one_call)) == list(map(essence, by_itself))
    assert essence(by_one_call[0]) == (
        *(True, "Globex Bank is cheap.", "positive", "Globex Bank is cheap.", 1),
        ("Acme Bank",),
    )
    assert essence(by_one_call[1]) == (
        *(True, "Acme Bank is good.", "mixed", "Acme Bank is good.", 2),
        ("Globex Bank",),
    )
    assert [one.occurrences for one in by_one_call] == [one.occurrences for one in by_itself]
    assert [one.share_of_text for one in by_one_call] == [one.share_of_text for one in by_itself]


def test_a_verdict_is_on_the_place_of_its_own_org(together, orgs):
    told = together(of(1, **OF_GLOBEX), of(2, **OF_ACME), judged={"1.1": "named", "2.1": "other-entity"})
    globex, acme = read_for(orgs, told)

    assert (globex.mentioned, globex.sentiment) == (True, "positive")
    assert (acme.mentioned, acme.sentiment) == (False, None)
    assert [one.verdict for one in (*globex.occurrences, *acme.occurrences)] == ["named", "other-entity"]


def test_an_org_that_does_not_occur_has_the_others_as_competitors(together, globex):
    initech = Watched("Initech", ("Initech",), (), ("Globex Bank",))

    assert not occurs(ANSWER, initech)
    told = together(of(1, **OF_GLOBEX), orgs=[globex])
    found = checked_for(ANSWER, initech, told, None)
    assert essence(found) == (False, None, None, None, None, ("Globex Bank", "Acme Bank"))
    assert [mark for mark in found.marks if mark.field != "competitors"] == []


def test_a_mention_that_no_name_supports_is_taken_back_here_too(together):
    initech = Watched("Initech", ("Initech",), (), ())
    told = together(of(1, **OF_ACME | {"missed": "Initech is good."}), orgs=[initech], judged={"1.1": "named"})
    found = checked_for(ANSWER, initech, told, 1)

    assert (found.mentioned, found.marks[0].kind) == (False, "quote-not-in-answer")


def test_an_org_of_which_nothing_was_said_is_not_read(together, globex, acme):
    told = together(of(1, **OF_GLOBEX))

    assert checked_for(ANSWER, globex, told, 1).mentioned
    with pytest.raises(Malformed, match="no reading 2") as error:
        checked_for(ANSWER, acme, told, 2)
    assert error.value.usage.tokens_in == 900


@pytest.mark.parametrize(("numbers", "read_of"), [([0, 1], [1]), ([2, 3], [2]), ([0, -1], []), ([], [])])
def test_a_number_that_no_org_has_is_nobodys(together, orgs, numbers, read_of):
    assert trusted(orgs, together(*(of(number) for number in numbers))) == read_of


def test_a_number_that_occurs_twice_is_not_trusted(together, orgs):
    assert trusted(orgs, together(of(1), of(2, **OF_ACME), of(1, **OF_GLOBEX))) == [2]


@pytest.mark.parametrize(
    "said_of",
    [
        {1: OF_ACME, 2: OF_GLOBEX},
        {0: OF_GLOBEX, 1: OF_ACME},
        {1: OF_ACME, 2: {}},
        {1: {}, 2: OF_GLOBEX},
    ],
    ids=["swapped", "counted from 0", "the first of one", "the second of one"],
)
def test_what_is_said_under_the_number_of_another_org_is_of_no_use(together, orgs, said_of):
    assert trusted(orgs, together(*(of(number, **fields) for number, fields in said_of.items()))) == []


@pytest.mark.parametrize(
    "quote",
    [
        "Globex Bank is cheap. Acme Bank is good.",
        "⟦1.1⟧⟦T1.1⟧Globex Bank is cheap.",
        "It is cheap.",
        "",
        "Initech is cheap.",
        "GLOBEX is cheap",
        None,
    ],
)
def test_evidence_that_may_be_of_the_org_is_trusted(together, orgs, quote):
    assert trusted(orgs, together(of(1, **OF_GLOBEX | {"evidence": quote}), of(2, **OF_ACME))) == [1, 2]


def test_names_that_contain_each_other_are_told_apart(together):
    answer = "Acme is dear. Acme Bank of Texas is good."
    orgs = [Watched(name, (name,), (), ()) for name in ("Acme", "Acme Bank of Texas")]
    of_acme, of_texas = {"evidence": "Acme is dear."}, {"evidence": "Acme Bank of Texas is good."}

    def told(first, second):
        judged, named = {"1.2": "other-entity"}, ["Acme", "Acme Bank of Texas"]
        readings = [of(1, sentiment="neutral", **first), of(2, sentiment="neutral", **second)]
        return together(*readings, answer=answer, orgs=orgs, judged=judged, organisations=named)

    shorter, longer = read_for(orgs, told(of_acme, of_texas), answer)
    assert sent(answer, *orgs) == "⟦1.1⟧Acme is dear. ⟦1.2⟧⟦2.1⟧Acme Bank of Texas is good."
    assert (shorter.mention_text, longer.mention_text) == ("Acme is dear.", "Acme Bank of Texas is good.")
    assert (shorter.evidence, longer.evidence) == (shorter.mention_text, longer.mention_text)
    assert trusted(orgs, told(of_texas, of_acme), answer) == []


def test_two_orgs_with_one_name_are_told_apart(together):
    answer = "Acme of Texas lends. Acme of Ohio paints."
    orgs = [Watched("Acme", ("Acme",), (site,), ()) for site in ("https://acme-bank.example", "https://acme.example")]
    told = together(
        *(of(1, sentiment="neutral"), of(2, sentiment="negative")),
        answer=answer,
        orgs=orgs,
        judged={"1.2": "other-entity", "2.1": "other-entity"},
    )
    bank, painter = read_for(orgs, told, answer)

    assert (bank.mention_text, bank.sentiment) == ("Acme of Texas lends.", "neutral")
    assert (painter.mention_text, painter.sentiment) == ("Acme of Ohio paints.", "negative")


def test_what_fits_no_schema_is_of_no_use_for_any():
    with pytest.raises(Malformed, match="answer_reading"):
        said(completion({"readings": []}), ANSWER, [])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(ANSWER, True), ("acme bank is good", True), ("See acmebank.com.", True), ("The acme of banks.", False)],
)
def test_an_org_occurs_by_any_of_its_names(acme, answer, expected):
    assert occurs(answer, acme) is expected


def test_an_org_may_be_left_out_if_each_of_its_places_is_rejected(together, orgs):
    assert trusted(orgs, together(of(2), judged={"1.1": "other-entity"})) == [1, 2]
    assert trusted(orgs, together(of(2), judged={"1.1": None})) == [2]
    assert trusted(orgs, together(of(2), judged={"1.1": ["named", "other-entity"]})) == [2]
    assert trusted(orgs, together(of(2))) == [2]


def test_an_org_that_was_left_out_is_not_named(together, globex):
    found = checked_for(ANSWER, globex, together(of(2), judged={"1.1": "other-entity"}), 1)

    assert (found.mentioned, found.sentiment, found.rank, found.evidence, found.claims) == (False, None, None, None, ())
    assert [one.verdict for one in found.occurrences] == ["other-entity"]


def test_an_org_without_a_place_may_not_be_left_out(together, acme):
    told = together(orgs=[acme], answer="Globex Bank is cheap.")

    assert trusted([acme], told) == []
