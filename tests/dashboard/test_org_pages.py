"""The pages of organisations: what has changed, numbers with their intervals, and what the answers say."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from uuid import UUID

import pytest
from read_batches import Days, Read

from senso.states import Scope


def words_of(page):
    """What is read on a page, without its marks."""
    return " ".join(unescape(re.sub("<[^>]+>", " ", page.text)).split())


@pytest.fixture
def read(make, messages):
    return Read(make, tagged=2)


@pytest.fixture
def days(make, messages, environment):
    """An org of two models' places with a verdict: two of 24 answers named it, then 20 of 24."""
    org = make.org(questions=12, countries=("US", "CA"))
    reader = Days(make, environment).read
    return org, [reader(org, *one) for one in ((7, 2), (0, 20))]


def test_what_has_changed_is_said_first_in_plain_words(browse, make, days):
    org, dates = days

    page = browse(Scope.READ, org.partner).get(f"/orgs/{org.id}")
    said = words_of(page)

    assert page.status_code == 200, page.text
    assert f"Compared with {dates[0]}" in said
    assert "moved Mention rate from 8 % to 83 %: +75 points (95 % interval of the change:" in said
    assert "It moved by more than chance." in said
    assert said.index("What has changed") < said.index("At a glance")
    assert "20 of 24 answers" in said
    assert "Mention rate by batch" in said
    assert f"/orgs/{org.id}/explain?metric=mention_rate&amp;kind=unbranded&amp;surface=api" in page.text


def test_an_earlier_batch_and_a_slice_are_chosen_by_the_address(browse, make, days):
    org, dates = days
    browsing = browse(Scope.READ)

    page = browsing.get(f"/orgs/{org.id}?date={dates[0]}")
    early = words_of(page)
    place = words_of(browsing.get(f"/orgs/{org.id}?location=CA"))
    none = words_of(browsing.get(f"/orgs/{org.id}?surface=consumer"))
    blank = browsing.get(f"/orgs/{org.id}?kind=&location=CA&batch_id=")

    assert "2 of 24 answers" in early
    assert f"/orgs/{org.id}/competitors?batch_id=" in page.text
    assert "There is nothing to compare with yet" in early
    assert "APIs: CA" in place
    assert "10 of 12 answers" in place
    assert "This batch has no such answers" in none
    assert (blank.status_code, blank.headers["location"]) == (303, f"/orgs/{org.id}?location=CA")


def test_the_map_says_each_cell_in_numbers_and_leads_to_its_answers(browse, make, days):
    org, _ = days
    browsing = browse(Scope.READ)

    page = browsing.get(f"/orgs/{org.id}")
    cell = re.search(r'href="(/orgs/[^"]*explain[^"]*model=[^"]*location=CA[^"]*)"', page.text)
    behind = words_of(browsing.get(cell[1].replace("&amp;", "&")))

    assert "10 of 12" in words_of(page)
    assert "10 of 12" in behind
    assert "no verdict should rest on it" in behind


def test_changes_are_filtered_by_the_address(browse, make, days):
    org, dates = days
    browsing = browse(Scope.READ)

    every = words_of(browsing.get(f"/orgs/{org.id}/changes"))
    few = words_of(browsing.get(f"/orgs/{org.id}/changes?verdict=moved&name=mention_rate&location=CA"))
    none = words_of(browsing.get(f"/orgs/{org.id}/changes?verdict=model-changed"))

    assert f"{dates[1]} (24 answers) against {dates[0]} (24 answers)" in every
    assert "APIs: CA" in few
    assert "APIs: US" not in few
    assert "No number matches" in none


def test_a_change_that_is_none_says_what_would_have_been_seen(browse, make, messages, environment):
    org = make.org(questions=12, countries=("US", "CA"))
    reader = Days(make, environment).read
    reader(org, 7, 11)
    reader(org, 0, 12)

    said = words_of(browse(Scope.READ).get(f"/orgs/{org.id}"))

    assert "within noise Mention rate" in said
    assert "take it as unchanged" in said
    assert re.search(r"a change of \d+ points or more would probably be seen", said)


def test_kinds_and_surfaces_stand_apart_with_their_cautions(browse, make, read):
    page = browse(Scope.READ, read.org.partner).get(f"/orgs/{read.org.id}")
    said = words_of(page)

    assert "Unbranded questions, consumer apps" in said
    assert "Unbranded questions, APIs" in said
    assert "0 of 6 answers" in said
    api = words_of(browse(Scope.READ).get(f"/orgs/{read.org.id}?surface=api"))
    assert "2 of 5 answers" in api
    assert "too wide to tell much" in api
    assert "average rank" in api.lower()
    assert "1 of 2 pages cited" in api
    of_model = words_of(browse(Scope.READ).get(f"/orgs/{read.org.id}?model=gpt-6.1-terra"))
    assert "APIs: gpt-6.1-terra" in of_model
    assert "Vantry" in api
    assert "larchhill.example its own" in api
    assert "press.example a third party's" in api


def test_competitors_have_ranks_and_sources_have_owners(browse, make, read):
    browsing, path = browse(Scope.READ), f"/orgs/{read.org.id}"

    named = words_of(browsing.get(f"{path}/competitors?surface=api"))
    none = words_of(browsing.get(f"{path}/competitors?surface=api&tag=none"))
    cited = words_of(browsing.get(f"{path}/sources?surface=api"))
    pages = words_of(browsing.get(f"{path}/sources?surface=api&by=page&category=own"))

    assert "Larch Hill Credit Union (this organisation)" in named
    assert re.search(r"1 Vantry .* 2 of 5 answers", named)
    assert "This batch has no such answers" in none
    assert "larchhill.example its own" in cited
    assert "https://larchhill.example/rates" in pages
    assert "press.example" not in pages


def test_sources_of_answers_that_name_a_competitor_and_not_the_organisation(browse, make, read):
    browsing, path = browse(Scope.READ), f"/orgs/{read.org.id}/sources?surface=api&answers=others"
    read.cite(2, "https://reviews.example/vantry", "reviews.example")
    read.cite(3, "https://elsewhere.example/", "elsewhere.example")

    of_nobody = words_of(browsing.get(path))
    make.sql("UPDATE orgs SET competitors = '[\"Vantry\"]'")
    sites, pages = words_of(browsing.get(path)), words_of(browsing.get(f"{path}&by=page"))

    assert "Nothing such is cited." in of_nobody
    assert "1 site, cited where a competitor on file is named and it is not" in sites
    assert re.search(r"reviews\.example a third party's .* 1 of 1 answer", sites)
    assert "https://reviews.example/vantry" in pages
    for text in (sites, pages):
        assert "press.example" not in text  # cited where both are named
        assert "elsewhere.example" not in text


def claim(make, number, position, verdict, text):
    make.sql(
        "INSERT INTO claims (evaluation_id, position, text, sentence, kind, polarity, verdict) "
        "SELECT e.id, :position, :text, :text, 'fact', 'negative', :verdict FROM evaluations e "
        "JOIN question_runs r ON r.id = e.run_id WHERE r.number = :number",
        position=position,
        text=text,
        verdict=verdict,
        number=number,
    )


def test_contradicted_claims_come_first_with_their_run(browse, make, read):
    claim(make, read.runs[0], 0, "supported", "Members own it.")
    claim(make, read.runs[0], 1, "contradicted", "It closed in 2020.")
    browsing, path = browse(Scope.READ), f"/orgs/{read.org.id}"

    page = browsing.get(path)
    every = words_of(browsing.get(f"{path}/claims"))
    one = words_of(browsing.get(f"{path}/claims?verdict=supported"))

    assert "Contradicted by your facts" in page.text
    assert f'href="/runs/{read.runs[0]}"' in page.text
    assert every.index("It closed in 2020.") < every.index("Members own it.")
    assert "It closed" not in one


def test_a_number_leads_to_its_answers_and_each_to_its_run(browse, make, read):
    browsing = browse(Scope.READ, read.org.partner)
    path = f"/orgs/{read.org.id}/explain?metric=mention_rate&kind=unbranded&surface=api"

    page = browsing.get(path)
    left_out = browsing.get(f"{path}&standing=left-out")
    said = words_of(page)

    assert "2 of 5 answers" in said
    assert "Above and below the line: 2 answers" in said
    assert "the org is mentioned" in said
    assert "a name stands in the answer, but does not count" in said
    assert f'href="/runs/{read.runs[0]}"' in page.text
    assert f'href="/runs/{read.runs[5]}"' not in page.text
    assert f'href="/runs/{read.runs[5]}"' in left_out.text
    assert "failed: refused" in words_of(left_out)


PAGES = (
    "",
    "/changes",
    "/competitors",
    "/sources",
    "/claims",
    "/names",
    "/setup",
    "/import.json",
    "/report",
    "/report.csv",
)
PAGES += ("/explain?metric=mention_rate&kind=unbranded&surface=api", "/parts/changes", "/parts/answers")


def test_another_partners_pages_are_not_there(browse, make, read):
    stranger = browse(Scope.ADMIN, make.partner())

    for path in PAGES:
        theirs, none = (stranger.get(f"/orgs/{id_}{path}") for id_ in (read.org.id, UUID(int=1)))
        assert (theirs.status_code, none.status_code) == (404, 404), path
        assert read.org.name not in theirs.text, path
    assert str(read.org.id) not in stranger.get("/orgs").text
    assert stranger.get(f"/orgs?partner_id={read.org.partner}").status_code == 404


def test_an_organisation_that_was_never_asked_is_told_so(browse, make):
    org = make.org()
    browsing = browse(Scope.READ, org.partner)

    for path in (*PAGES[:7], PAGES[10]):
        page = browsing.get(f"/orgs/{org.id}{path}")
        assert page.status_code == 200, (path, page.text)
    assert "No numbers yet" in browsing.get(f"/orgs/{org.id}").text
    for path in ("/report", "/report.csv"):
        page = browsing.get(f"/orgs/{org.id}{path}")
        assert (page.status_code, "numbers yet" in page.text) == (404, True), path


WRONG = ("?kind=odd", "?date=yesterday", "?date=2026-01-01&since=2026-01-01", "?model=a&location=b", "?x=1")
WRONG += (
    "/changes?verdict=odd",
    "/changes?since=2026-02-02&until=2026-02-01",
    "/sources?by=odd",
    "/sources?answers=odd",
    "/explain?metric=fame",
)
WRONG += ("/explain", "/claims?cursor=zz", "/competitors?after=-1")


def test_a_wrong_address_is_a_page_that_says_what_is_wrong(browse, make, read):
    browsing = browse(Scope.READ)

    for path in WRONG:
        page = browsing.get(f"/orgs/{read.org.id}{path}")
        assert page.status_code == 422, (path, page.text)
        assert 'role="alert"' in page.text


def test_what_was_pruned_keeps_its_numbers(browse, make, read):
    make.sql("UPDATE batches SET pruned_at = now(), kept = '{}' WHERE id = :b", b=read.batch)

    page = browse(Scope.READ).get(f"/orgs/{read.org.id}?surface=api")

    assert page.status_code == 200
    assert "only its numbers are left" in page.text
    assert "2 of 5 answers" in words_of(page)


def test_the_report_is_served_with_its_own_style_alone(browse, make, read):
    browsing = browse(Scope.READ, read.org.partner)

    report = browsing.get(f"/orgs/{read.org.id}/report")
    sheet = browsing.get(f"/orgs/{read.org.id}/report.csv")

    policy = report.headers["content-security-policy"]
    style = report.text.split("<style>")[1].split("</style>")[0]
    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert report.text.count("<style") == 1
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "What AI assistants say about" in report.text
    assert sheet.headers["content-type"].startswith("text/csv")
    assert sheet.text.count("\n") > 20


HOSTILE = '<img src=x onerror="alert(1)">\u202e</title><script>alert(2)</script>'


def test_texts_from_outside_are_shown_as_texts(browse, make, read):
    make.sql("UPDATE orgs SET name = :name", name=HOSTILE)
    make.sql("UPDATE questions SET text = :text", text=HOSTILE)
    make.sql("UPDATE competitors SET name = :name WHERE name = 'Elm Bank'", name=HOSTILE)
    make.sql("UPDATE citations SET title = :title, url = 'javascript:alert(1)'", title=HOSTILE)
    claim(make, read.runs[0], 0, "contradicted", HOSTILE)
    browsing = browse(Scope.READ)

    for path in PAGES[:7]:
        text = browsing.get(f"/orgs/{read.org.id}{path}").text
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        assert 'href="javascript' not in text, path
        assert " style=" not in text, path
