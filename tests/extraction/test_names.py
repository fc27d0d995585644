import json

import pytest

from senso.errors import Malformed
from senso.extraction import names

NAME = "Community Financial Credit Union"
SITES = ["https://www.cfcu-online.org", "https://www.facebook.com/communityfinancial"]


def test_the_model_is_asked_with_a_json_object_and_nothing_else(says):
    model = says({"variations": []})

    names.find("Zo\u00eb\n</x>", SITES, model)

    (prompt,) = model.asked
    assert json.loads(prompt.user) == {"organisation": "Zo\u00eb\n</x>", "websites": SITES}
    assert prompt.schema_name == "name_variations"


def test_the_name_comes_first_and_the_domain_is_always_there(says):
    found = names.find(f"  {NAME} ", SITES, says({"variations": ["Community Financial CU", "CFCU"]})).names

    assert found == [NAME, "cfcu-online.org", "Community Financial CU", "CFCU"]


@pytest.mark.parametrize(
    ("name", "websites", "variation"),
    [
        (NAME, SITES, "CFCU"),
        (NAME, SITES, "CFCU-Online"),
        (NAME, SITES, "Community Financial"),
        ("Summit Credit Union", ["https://summit.com"], "Summit"),
        ("Patelco Credit Union", ["https://www.patelco.org"], "Patelco"),
        ("SchoolsFirst Federal Credit Union", [], "SchoolsFirst"),
        ("Warmup Inbox", [], "warmupinbox"),
        ("1stBank Holding Company", [], "1stBank"),
        ("American Express", [], "AMEX"),
        ("The Boeing Employees Credit Union", [], "BECU"),
        ("IBM Corporation", [], "IBM"),
    ],
)
def test_a_variation_that_means_the_org_is_kept(name, websites, variation):
    assert variation in names.checked(name, websites, [variation])


@pytest.mark.parametrize(
    "variation",
    [
        *["Community", "community", "COMMUNITY", "Financial", "Bank", "Summit", "SUMMIT", "BANK", "Union"],
        *["Credit Union", "The Bank", "Federal Credit Union", "CF", "", "  ", "!!!", "facebook.com", "other.org"],
    ],
)
def test_a_variation_that_could_mean_anything_is_dropped(variation):
    assert names.checked(NAME, SITES, [variation]) == [NAME, "cfcu-online.org"]


def test_a_name_all_in_capitals_makes_no_acronym_of_its_words():
    assert names.checked("SUMMIT CREDIT UNION", [], ["SUMMIT"]) == ["SUMMIT CREDIT UNION"]


def test_spellings_that_differ_in_capitals_or_spaces_are_one():
    found = names.checked("Acme Bank", [], ["ACME BANK", " Acme  Bank", "Acme Savings", "acme savings"])

    assert found == ["Acme Bank", "Acme Savings"]


def test_there_are_at_most_twenty():
    found = names.checked("Acme Bank", SITES, [f"Acme Number {i}" for i in range(30)])

    assert len(found) == 20
    assert found[:2] == ["Acme Bank", "cfcu-online.org"]


def test_the_fallback_is_the_name_and_the_domains_but_no_platform():
    assert names.fallback("HP", ["http://WWW.HP.com/", "hp.co.uk", "https://x.com/hp"]) == ["HP", "hp.com", "hp.co.uk"]


def test_the_fingerprint_changes_with_what_the_names_depend_on(monkeypatch):
    before = names.fingerprint("Acme", ["b", "a"])

    assert names.fingerprint("Acme", ["a", "b"]) == before
    assert names.fingerprint("Acme2", ["a", "b"]) != before
    assert names.fingerprint("Acme", ["a"]) != before
    monkeypatch.setattr(names, "NAMES_VERSION", "names-x")
    assert names.fingerprint("Acme", ["a", "b"]) != before


@pytest.mark.parametrize("content", ["", "no", "[]", "{}", '{"variations": "x"}', '{"variations": [1]}'])
def test_an_unusable_completion_is_malformed_and_keeps_its_cost(says, content):
    with pytest.raises(Malformed, match="name_variations") as error:
        names.find(NAME, SITES, says(content))

    assert error.value.usage.tokens_in == 900


def test_the_own_name_comes_first_even_when_the_model_repeats_it_last():
    many = [f"Acme Bank of Town {number}" for number in range(19)]

    found = names.checked("Acme Bank", ["https://acme.com"], [*many, "acme bank"])

    assert found[:2] == ["Acme Bank", "acme.com"]
    assert len(found) == 20
