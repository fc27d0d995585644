import json

import pytest

from senso.errors import Malformed
from senso.extraction import names, naming

NAME = "Community Financial Credit Union"
KINDS = [
    first + second
    for first in ("Union ", "Savings ", "Mutual ", "Federal ")
    for second in ("Loans", "Insurance", "Trust", "Group", "Partners")
]
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
        ("Ernest & Yarrow", ["https://ey.example"], "EY"),
        ("Ernest & Yarrow", ["https://ey.example"], "E&Y"),
        ("J.Crane Group", ["https://jcrane.example"], "J.Crane"),
        ("Acme Health", ["https://acme.example/en-us/"], "Acme"),
        ("\u817e\u67ab\u63a7\u80a1\u6709\u9650\u516c\u53f8", [], "\u817e\u67ab"),
        ("\u682a\u5f0f\u4f1a\u793e\u30db\u30b7\u30ab\u30ef\u9280\u884c", [], "\u30db\u30b7\u30ab\u30ef"),
        ("\u042f\u0431\u043b\u043e\u043d\u044f \u0411\u0430\u043d\u043a", [], "\u042f\u0431\u043b\u043e\u043d\u044f"),
        ("Nordstern Versicherung AG", [], "Nordstern"),
        ("Target Corporation", [], "Target"),
        ("Delta Air Lines", ["https://delta.com"], "Delta"),
        ("Bank of Larchland", [], "BofL"),
        ("SchoolsFirst Federal Credit Union", [], "SFFCU"),
        ("Harbor Federal Credit Union of Holly Cove", [], "HFCU"),
        ("Union Federal Credit Union", [], "Union FCU"),
        ("Capital One", [], "Capital One Bank"),
        ("Target", [], "Target Stores"),
        ("Volkswagen AG", ["https://vw.example"], "VW"),
        ("Umbra & Söhne GmbH", [], "Umbra & Soehne"),
        ("Ellis and Dorn", [], "Ellis + Dorn"),
        ("\ubcc4\ud558\ub298\uc740\ud589", [], "\ubcc4\ud558\ub298"),
        ("Compagnie Larchoise d'Assurances", [], "CLA"),
        (
            "\u0e1a\u0e23\u0e34\u0e29\u0e31\u0e17 \u0e14\u0e32\u0e27\u0e17\u0e2d\u0e07 \u0e08\u0e33\u0e01\u0e31\u0e14",
            [],
            "\u0e14\u0e32\u0e27\u0e17\u0e2d\u0e07",
        ),
        ("Acme Bank", ["https://acmex.github.io"], "Acmex"),
        ("Larchco Bank of Holly Cove", [], "Larchco Bank"),
        ("Ng\u00e2n h\u00e0ng TMCP Larchviet", [], "Ng\u00e2n h\u00e0ng Larchviet"),
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


@pytest.mark.parametrize(
    ("name", "site", "variation"),
    [
        ("Nordstern AG", "https://nordstern.example", "Umbra Insurance"),
        ("Zoom Optics", "https://zoomoptics.example", "Zoom Video"),
        ("Zoom Optics", "https://zoomoptics.example", "Zoom"),
        ("You.com", "https://you.com", "YouTube"),
        ("You.com", "https://you.com", "YouGov"),
        ("You.com", "https://you.com", "You"),
        ("Community Financial Credit Union", "", "CAT"),
        ("Acme Bank", "https://acme.example", "acme.other"),
        ("\u661f\u6cb3\u94f6\u884c", "", "\u661f\u6cb3"),
        ("First Larch", "", "First"),
        ("Wells Larch Fargo", "", "Wells Fargo"),
        ("Deutsche Larch Bank", "", "Deutsche Bank"),
        ("T\u00fcrkiye Larch Bankas\u0131", "", "T\u00fcrkiye Bankas\u0131"),
        ("T\u00fcrkiye Larch Bankas\u0131", "", "T\u00fcrkiye"),
        ("Kreis Larch", "", "Kreis"),
        ("Banco Mundo Larch", "", "Mundo"),
        ("You.com", "https://you.com", "YOU"),
        ("Acme Bank", "https://acme.wordpress.com", "WordPress"),
        ("Acme Bank", "https://go.acme.com", "Go Bank"),
        ("Acme Bank", "https://www.acme.com.au", "COM"),
        ("\u0e18\u0e19\u0e32\u0e04\u0e32\u0e23\u0e14\u0e32\u0e27", "", "\u0e14\u0e32\u0e27"),
        ("\u5e73\u5b89\u661f\u6cb3\u94f6\u884c", "", "\u5e73\u5b89\u94f6\u884c"),
        ("First", "", "First Bank"),
        ("First National Bank of Larch", "", "First National Bank"),
        ("First National Bank of Larch", "", "First National"),
        ("Royal Bank of Larch", "", "Royal Bank"),
        ("\u6771\u4eac\u30ab\u30e2\u30e1\u9280\u884c", "", "\u6771\u4eac"),
    ],
)
def test_what_does_not_come_from_the_org_waits(name, site, variation):
    found = naming.judged(naming.Known(name, (site,) if site else ()), [variation])

    assert variation not in found.names
    assert [one.name for one in found.proposals] == [variation]


def test_names_of_others_are_rejected_outright():
    known = naming.Known(
        "Nordstern AG",
        competitors=("Umbra Insurance GmbH", "NordSternBank"),
        neighbours=("Nord Group",),
        not_names=("Nordstern Records",),
        rejected=("NSTERN",),
    )
    said = ["Umbra Insurance", "Nordstern Bank", "Nord Group", "Nordstern Records Ltd", "NSTERN", "Nordstern"]

    found = naming.judged(known, said)

    assert (found.names, found.proposals) == (["Nordstern AG", "Nordstern"], [])
    assert [one.reason for one in found.rejected] == [
        "the name of a competitor that the org tracks",
        "the name of a competitor that the org tracks",
        "the name of another org of the account",
        "among the not_names of the import",
        "rejected before",
    ]


def test_a_short_name_that_another_org_may_have_waits():
    known = naming.Known("Larch Hill Bank", competitors=("Larch Hill Credit Union",))

    assert naming.judged(known, ["Larch Hill"]).proposals == [("Larch Hill", "may also mean Larch Hill Credit Union")]
    assert "Larch Hill" in naming.judged(naming.Known("Larch Hill Bank"), ["Larch Hill"]).names


def test_words_of_an_alias_are_the_orgs_own():
    assert naming.judged(naming.Known("Nordstern AG", aliases=("Umbra",)), ["Umbra Insurance"]).names == [
        "Nordstern AG",
        "Umbra",
        "Umbra Insurance",
    ]


@pytest.mark.parametrize("name", ["", "a", " ", "&", "\u94f6\u884c", "A" * 255, "a " * 120, "\ud83c\udf32", ".", "The"])
@pytest.mark.parametrize("said", ["", "a", "A" * 300, "a b " * 100, "\u0301", "--", "&&", "AB"])
def test_odd_texts_are_judged_without_a_fault(name, said):
    assert naming.judged(naming.Known(name, ("https://x.example",)), [said] * 3).names


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://acme.example/en-us/", ["acme.example"]),
        ("https://www.acme.example/de", ["acme.example"]),
        ("https://acme.example/us/en/index.html", ["acme.example"]),
        ("https://acme.example/pt_BR/home", ["acme.example"]),
        ("https://acme.example/zh-hans-cn", ["acme.example"]),
        ("https://acme.example/global", ["acme.example"]),
        ("https://acme.example/loans", []),
        ("https://acme.example/en/loans", []),
        ("https://www.facebook.com/us", []),
        ("https://x.com/de", []),
        ("https://facebook.com/", ["facebook.com"]),
    ],
)
def test_a_page_in_a_language_is_the_site_itself(website, domain):
    assert names.domains([website]) == domain


def test_a_name_all_in_capitals_makes_no_acronym_of_its_words():
    assert names.checked("SUMMIT CREDIT UNION", [], ["SUMMIT"]) == ["SUMMIT CREDIT UNION"]


def test_spellings_that_differ_in_capitals_or_spaces_are_one():
    found = names.checked("Acme Bank", [], ["ACME BANK", " Acme  Bank", "Acme Savings", "acme savings"])

    assert found == ["Acme Bank", "Acme Savings"]


def test_there_are_at_most_twenty():
    found = names.checked("Acme Bank", SITES, [f"Acme {word} Bank" for word in KINDS])

    assert len(found) == 20
    assert found[:2] == ["Acme Bank", "cfcu-online.org"]


def test_the_fallback_is_the_name_and_the_domains_but_no_platform():
    assert names.fallback("HP", ["http://WWW.HP.com/", "hp.co.uk", "https://x.com/hp"]) == ["HP", "hp.com", "hp.co.uk"]


def test_the_fingerprint_changes_with_what_the_names_depend_on(monkeypatch):
    before = names.fingerprint("Acme", ["b", "a"])

    assert names.fingerprint("Acme", ["a", "b"]) == before
    assert names.fingerprint("Acme2", ["a", "b"]) != before
    assert names.fingerprint("Acme", ["a"]) != before
    assert names.fingerprint("Acme", ["a", "b"], aliases=["x"]) != before
    assert names.fingerprint("Acme", ["a", "b"], not_names=["x"]) not in {
        before,
        names.fingerprint("Acme", ["a", "b"], aliases=["x"]),
    }
    monkeypatch.setattr(names, "NAMES_VERSION", "names-x")
    assert names.fingerprint("Acme", ["a", "b"]) != before


@pytest.mark.parametrize("content", ["", "no", "[]", "{}", '{"variations": "x"}', '{"variations": [1]}'])
def test_an_unusable_completion_is_malformed_and_keeps_its_cost(says, content):
    with pytest.raises(Malformed, match="name_variations") as error:
        names.find(NAME, SITES, says(content))

    assert error.value.usage.tokens_in == 900


def test_the_own_name_comes_first_even_when_the_model_repeats_it_last():
    many = [f"Acme {word} Bank" for word in KINDS]

    found = names.checked("Acme Bank", ["https://acme.com"], [*many, "acme bank"])

    assert found[:2] == ["Acme Bank", "acme.com"]
    assert len(found) == 20
