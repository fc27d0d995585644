"""Partners, their credits, and the ledger."""

import csv
import io
import re
from datetime import date

import pytest

from senso.api.models import LARGEST
from senso.api.paging import encode
from senso.db import transaction
from senso.reads import id_ranges, ledger_pages
from senso.reads.ledger_pages import Filters
from senso.states import Entry, Scope


@pytest.fixture
def org(make):
    return make.org()


def entered(make, org, days):
    """A grant on each of these days, the oldest first."""
    for number, day in enumerate(days):
        make.sql(
            """INSERT INTO ledger (idempotency_key, entry, partner_id, credits, created_at)
            VALUES (:key, 'grant', :partner, :credits, :at)""",
            key=f"grant:{day} {number}", partner=org.partner, credits=number + 1, at=f"{day}T12:00:00Z",
        )  # fmt: skip
        make.sql("UPDATE partners SET available = available + :n WHERE id = :id", n=number + 1, id=org.partner)


def test_a_partner_is_found_by_a_part_of_its_name_and_shown_with_its_money(browse, make, org):
    make.sql("UPDATE partners SET name = 'Vantry', max_daily_cost_microusd = 2500000 WHERE id = :id", id=org.partner)
    make.sql("INSERT INTO cost_days (day, partner_id, microusd) VALUES ((now() AT TIME ZONE 'UTC')::date, :p, 1200000)",
             p=org.partner)  # fmt: skip
    other, browsing = make.partner(), browse(Scope.READ)

    found = browsing.get("/partners?search=vant").text
    shown = browsing.get(f"/partners/{org.partner}").text

    assert str(org.partner) in found
    assert str(other) not in found
    assert "No partner matches" in browsing.get("/partners?search=nobody").text
    assert "$1.20 of $2.50" in shown
    assert f'href="/orgs?partner_id={org.partner}"' in shown
    assert ">1,000<" in shown


def test_partners_are_paged_by_a_link(browse, make):
    for _ in range(55):
        make.partner()
    browsing = browse(Scope.READ)

    first = browsing.get("/partners").text
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = browsing.get(following).text

    of = [set(re.findall(r'href="/partners/([0-9a-f-]{36})"', page)) for page in (first, second)]
    assert [len(one) for one in of] == [50, 5]
    assert not of[0] & of[1]
    assert 'rel="next"' not in second


def test_a_grant_is_asked_for_confirmed_and_given_once(browse, make, org):
    browsing, path = browse(), f"/partners/{org.partner}/grant"

    asked = browsing.get(f"{path}?credits=40&ref=invoice+7").text
    answers = [browsing.post(path, {"credits": 40, "ref": "invoice 7"}) for _ in range(2)]
    shown = browsing.get(answers[0].headers["location"]).text
    other = browsing.post(path, {"credits": 41, "ref": "invoice 7"})

    assert "Grant 40 credits" in asked
    assert [one.status_code for one in answers] == [303, 303]
    assert "40 credits are granted under the ref invoice 7" in shown
    assert (other.status_code, "was used before" in other.text) == (409, True)
    assert "were granted before" in browsing.get(f"{path}?ref=invoice+7").text
    assert make.one("SELECT available FROM partners WHERE id = :id", id=org.partner) == 1040
    assert make.one("SELECT count(*) FROM audit WHERE action = 'grant' AND partner_id = :id", id=org.partner) == 1


def test_credits_are_granted_by_who_sees_all_partners(browse, make, org):
    browsing = browse(Scope.ADMIN, org.partner)

    assert browsing.post(f"/partners/{org.partner}/grant", {"credits": 4, "ref": "r"}).status_code == 403
    assert browsing.post(f"/partners/{org.partner}/grant", {"credits": 0, "ref": "r"}).status_code == 422
    assert make.one("SELECT available FROM partners WHERE id = :id", id=org.partner) == 1000


def test_a_partner_is_paused_once_with_a_reason_and_goes_on(browse, make, org):
    make.batch(org)
    browsing, form = browse(Scope.OPERATE, org.partner), {"scope": "partner", "name": org.partner}

    asked = browsing.get(f"/pause?scope=partner&name={org.partner}").text
    for _ in range(2):
        answer = browsing.post("/pause", form | {"reason": "a bill is wrong"})
        assert answer.headers["location"] == f"/partners/{org.partner}"
    paused = browsing.get(f"/partners/{org.partner}").text
    resumed = [browsing.post("/resume", form).headers["location"] for _ in range(2)]

    assert "<b>1 open batch</b>" in asked
    assert "a bill is wrong" in paused
    assert "paused by token test" in paused
    assert resumed[0].startswith(f"/partners/{org.partner}?freed=")
    assert resumed[1] == f"/partners/{org.partner}"
    assert "It goes on" in browsing.get(resumed[0]).text
    done = make.sql("SELECT action FROM audit WHERE partner_id = :id AND action IN ('pause', 'resume') ORDER BY id",
                    id=org.partner)  # fmt: skip
    assert [one["action"] for one in done] == ["pause", "resume"]


def test_the_ledger_is_walked_with_its_balance_and_filtered_by_its_address(browse, make, org):
    entered(make, org, ["2026-03-01"] * 60 + ["2026-03-09"])
    browsing, path = browse(Scope.READ, org.partner), f"/partners/{org.partner}/ledger"

    first = browsing.get(path).text
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    last = browsing.get(following).text
    of_day = browsing.get(f"{path}?since=2026-03-09&until=2026-03-09").text

    assert '<td class="n">2,891</td>' in first
    assert '<td class="n">1,000</td>' in last
    assert "2026-03-09 60" in of_day
    assert "2026-03-01" not in of_day.partition("<tbody>")[2]
    assert "No row matches" in browsing.get(f"{path}?entry=charge").text


def test_the_ledger_is_written_as_csv_whole_and_filtered(browse, make, org):
    entered(make, org, ["2026-03-01", "2026-03-02", "2026-03-03"])
    browsing, path = browse(Scope.READ, org.partner), f"/partners/{org.partner}/ledger.csv"

    answer = browsing.get(path)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    some = list(csv.DictReader(io.StringIO(browsing.get(f"{path}?until=2026-03-02&entry=grant").text)))

    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("text/csv; charset=utf-8", "no-store")
    assert [(one["credits"], one["balance"]) for one in rows] == [
        ("3", "1006"),
        ("2", "1003"),
        ("1", "1001"),
        ("1000", "1000"),
    ]
    assert [(one["credits"], one["balance"]) for one in some] == [("2", ""), ("1", "")]


def test_rows_of_a_day_are_found_by_few_looks_whatever_the_order_of_their_moments(make, org):
    make.sql("UPDATE ledger SET created_at = '2026-01-05T12:00:00Z'")
    days = [f"2026-0{month}-{day:02}" for month in (3, 4) for day in range(1, 29)]
    entered(make, org, days)
    make.sql("UPDATE ledger SET created_at = created_at + interval '90 minutes' WHERE id % 3 = 0")

    with transaction() as db:
        for day in (days[0], days[30], days[-1]):
            wanted = date.fromisoformat(day)
            found = ledger_pages.found(db, org.partner, Filters(Entry.GRANT, None, wanted, wanted), None, 10)
            assert [str(one.created_at.date()) for one in found] == [day]
        low, high = id_ranges.within(db, "ledger", wanted, wanted)
        assert (low > 20, high > low) == (True, True)
        assert id_ranges.within(db, "ledger", None, None) == (0, None)


@pytest.mark.parametrize("days", ["since=0001-01-01", "until=9999-12-31", "since=0001-01-01&until=9999-12-31"])
def test_the_first_and_the_last_day_that_there_are_may_be_asked_for(browse, make, org, days):
    browsing, path = browse(Scope.READ), f"/partners/{org.partner}/ledger"

    answers = [browsing.get(f"{path}?{days}"), browsing.get(f"/audit?{days}")]
    rows = browsing.get(f"{path}.csv?{days}").text.splitlines()

    assert [one.status_code for one in answers] == [200, 200]
    assert len(rows) == 2
    assert browsing.get(f"{path}?since=86400").status_code == 422


@pytest.mark.parametrize(
    ("last", "status"),
    [(("9", "--5"), 422), (("9", "9" * 300), 422), (("9" * 18, str(LARGEST)), 200), (("9" * 18, str(-LARGEST)), 200)],
)
def test_a_cursor_that_was_made_up_is_refused_or_answered(browse, make, org, last, status):
    make.sql("INSERT INTO ledger (idempotency_key, entry, partner_id, credits) VALUES ('grant:a', 'grant', :p, -5)",
             p=org.partner)  # fmt: skip
    make.sql("INSERT INTO ledger (idempotency_key, entry, partner_id, credits) VALUES ('grant:b', 'grant', :p, 9)",
             p=org.partner)  # fmt: skip
    path = f"/partners/{org.partner}/ledger?cursor={encode(*last)}"

    assert browse(Scope.READ).get(path).status_code == status
