"""One call reads an answer for several orgs; what it says of each is checked as if it had been read alone."""

import json
from contextlib import suppress

import pytest

from senso.errors import Malformed
from senso.extraction import SYSTEM_TOGETHER, Watched, checked, checked_for, occurs, prompt_together, said_together

ANSWER = "Globex Bank is cheap. Acme Bank is good."


@pytest.fixture
def globex():
    return Watched("Globex Bank", ("Globex Bank", "Globex"), ("https://globex.example",), ("Acme Bank",))


@pytest.fixture
def orgs(globex, acme):
    return globex, acme


@pytest.fixture
def says_together(says, orgs):
    def said(*readings, organisations=("Globex Bank", "Acme Bank")):
        content = {"organisations": [{"name": name} for name in organisations], "readings": list(readings)}
        return said_together(says(content)(None), orgs)

    return said


@pytest.fixture
def alone(reading):
    def said(number, **fields):
        return {name: value for name, value in reading(**fields).items() if name != "competitors"} | {"number": number}

    return said


OF_GLOBEX = {"mentioned": True, "mention_text": "Globex Bank is cheap.", "sentiment": "positive", "rank": 1}
OF_ACME = {"mentioned": True, "mention_text": "Acme Bank is good.", "sentiment": "positive", "rank": 2}


def test_the_orgs_are_numbered_and_the_answer_stands_once(globex, acme):
    asked = prompt_together(ANSWER, "Which bank?", [globex, acme])

    told = json.loads(asked.user.split("\n")[0])
    assert (asked.system, asked.user.count(ANSWER)) == (SYSTEM_TOGETHER, 1)
    assert [(one["number"], one["organisation"]) for one in told["organisations"]] == [
        (1, "Globex Bank"),
        (2, "Acme Bank"),
    ]
    assert told["organisations"][1]["variations"] == ["Acme Bank", "acmebank.com"]


def test_each_reads_what_it_would_have_read_alone(says, says_together, orgs, reading, alone):
    together = says_together(alone(2, **OF_ACME), alone(1, **OF_GLOBEX))
    by_one_call = [checked_for(ANSWER, org, together, number) for number, org in enumerate(orgs, start=1)]
    said = [reading("Acme Bank", **OF_GLOBEX), reading("Globex Bank", **OF_ACME)]
    by_itself = [checked(ANSWER, org, says(one)(None)) for org, one in zip(orgs, said, strict=True)]

    assert list(map(essence, by_one_call)) == list(map(essence, by_itself))
    assert essence(by_one_call[1]) == (True, "Acme Bank is good.", "positive", 2, ("Globex Bank",))


def test_an_org_that_does_not_occur_has_the_others_as_competitors(says_together, alone):
    initech = Watched("Initech", ("Initech",), (), ("Globex Bank",))
    together = says_together(alone(1, **OF_GLOBEX))

    assert not occurs(ANSWER, initech)
    assert essence(checked_for(ANSWER, initech, together, None)) == (
        False,
        None,
        None,
        None,
        ("Globex Bank", "Acme Bank"),
    )


def test_a_mention_that_no_name_supports_is_taken_back_here_too(says_together, alone):
    initech = Watched("Initech", ("Initech",), (), ())
    together = says_together(alone(1, **OF_ACME | {"mention_text": "Initech is good."}))
    found = checked_for(ANSWER, initech, together, 1)

    assert (found.mentioned, found.marks[0].kind) == (False, "no-literal-mention")


def test_an_org_of_which_nothing_was_said_is_not_read(says_together, globex, acme, alone):
    together = says_together(alone(1, **OF_GLOBEX))

    assert checked_for(ANSWER, globex, together, 1).mentioned
    with pytest.raises(Malformed, match="no reading 2"):
        checked_for(ANSWER, acme, together, 2)


def trusted(answer_text, orgs, together) -> list[int]:
    def is_read(org, number):
        with suppress(Malformed):
            return checked_for(answer_text, org, together, number)

    return [number for number, org in enumerate(orgs, start=1) if is_read(org, number)]


NOT_NAMED = {"mentioned": False, "mention_text": None, "sentiment": None, "rank": None}


@pytest.mark.parametrize(
    "said",
    [
        {1: OF_ACME, 2: OF_GLOBEX},
        {0: OF_GLOBEX, 1: OF_ACME},
        {1: OF_ACME, 2: NOT_NAMED},
        {1: NOT_NAMED, 2: OF_GLOBEX},
    ],
    ids=["swapped", "counted from 0", "the first of one", "the second of one"],
)
def test_what_is_said_under_the_number_of_another_org_is_of_no_use(says_together, orgs, alone, said):
    together = says_together(*(alone(number, **fields) for number, fields in said.items()))

    assert trusted(ANSWER, orgs, together) == []


def test_a_number_that_occurs_twice_is_not_trusted(says_together, orgs, alone):
    together = says_together(alone(1, **NOT_NAMED), alone(2, **OF_ACME), alone(1, **OF_GLOBEX))

    assert trusted(ANSWER, orgs, together) == [2]


@pytest.mark.parametrize(
    "quote",
    [
        "Globex Bank is cheap. Acme Bank is good.",
        "Globex Bank is cheap. || Acme Bank is good.",
        "It is cheap.",
        "",
        "Initech is cheap.",
        "GLOBEX is cheap",
    ],
)
def test_a_quote_that_may_be_of_the_org_is_trusted(says_together, orgs, alone, quote):
    together = says_together(alone(1, **OF_GLOBEX | {"mention_text": quote}), alone(2, **OF_ACME))

    assert trusted(ANSWER, orgs, together) == [1, 2]


def test_names_that_contain_each_other_are_told_apart(says, alone):
    answer = "Acme is dear. Acme Bank of Texas is good."
    orgs = [Watched(name, (name,), (), ()) for name in ("Acme", "Acme Bank of Texas")]
    shorter = OF_ACME | {"mention_text": "Acme is dear.", "rank": 1}
    longer = OF_ACME | {"mention_text": "Acme Bank of Texas is good."}

    def together(first, second):
        content = {"organisations": [], "readings": [alone(1, **first), alone(2, **second)]}
        return said_together(says(content)(None), orgs)

    assert trusted(answer, orgs, together(shorter, longer)) == [1, 2]
    assert trusted(answer, orgs, together(longer, shorter)) == []


def test_what_fits_no_schema_is_of_no_use_for_any(says):
    with pytest.raises(Malformed, match="answer_readings"):
        said_together(says({"readings": []})(None), [])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(ANSWER, True), ("acme bank is good", True), ("See acmebank.com.", True), ("The acme of banks.", False)],
)
def test_an_org_occurs_by_any_of_its_names(acme, answer, expected):
    assert occurs(answer, acme) is expected


def essence(found):
    return found.mentioned, found.mention_text, found.sentiment, found.rank, found.competitors
