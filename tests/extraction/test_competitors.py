import json

import pytest

from senso.extraction import Mark, checked
from senso.providers import Completion, Usage

ANSWER = "Try **Globex Bank**, Initech's savings account, monday.com, banks, Booking.com or Acme Bank (acmebank.com)."


@pytest.fixture
def check(acme, reading):
    def of(*competitors, answer=ANSWER, org=acme):
        return checked(answer, org, Completion(json.dumps(reading(*competitors)), "m", Usage(), "openai"))

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
def test_the_org_is_never_its_own_competitor(check, name):
    found = check("Globex Bank", name)

    assert found.competitors == ("Globex Bank",)
    assert marks(found) == [Mark("competitors", "own-name-as-competitor", name)]


@pytest.mark.parametrize(
    "name", ["banks", "https://globex.com", "www.globex.com", "globex.com/a", "x" * 81, "", "2024", "X " * 50]
)
def test_what_is_no_name_is_dropped(check, name):
    found = check("Globex Bank", name)

    assert found.competitors == ("Globex Bank",)
    assert marks(found) == [Mark("competitors", "not-a-name", name.strip())]


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
