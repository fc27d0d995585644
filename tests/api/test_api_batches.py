"""Batches over HTTP: triggered, listed, cancelled, retried, by whom they may be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import requests
from at_work import start
from batch_rows import as_told, put, walk
from networks import asked, broken, ended, lenders
from operating import Initiator, cancel

from senso.cli.status import load
from senso.records import record
from senso.states import Scope
from senso.tasks.periodic import admit
from senso.tasks.stages import open_batch

ME = Initiator("mara")
WRITTEN = ("batches", "triggers", "audit", "outbox", "ledger", "partners", "api_requests")
DAYS = [date(2026, 3, day) for day in range(1, 8)]


@pytest.fixture
def rows(make):
    return lambda: {table: make.sql(f"SELECT * FROM {table} t ORDER BY t::text") for table in WRITTEN}


@pytest.fixture
def ask(api, make):
    """With a token of all partners and all scopes, unless another one is given."""
    everything = make.token()

    def send(method, path, body=None, token=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return api.ask(method, path, token or everything, json=body, headers=named)

    return send


@pytest.fixture
def get(ask):
    return lambda path: ask("GET", path)


def of(org, **more):
    return {"kind": "org", "org_id": str(org.id), **more}


def ids(answer):
    return [one["id"] for one in answer.json()["items"]]


# Trigger


def test_a_trigger_answers_the_batch_as_the_command_does(ask, make, messages):
    org = make.org()

    answer = ask("POST", "/batches", of(org, user_id="u-7"))

    told = answer.json()
    assert answer.status_code == 201
    assert told["outcome"] == "opened"
    assert told["days"] == [{"id": told["id"], "date": told["date"], "outcome": "opened"}]
    alike = as_told(record(load(UUID(told["id"])))) | {"seen_at": None}
    assert {name: told[name] for name in alike if name not in {"seen_at", "waiting_for"}} == {
        name: value for name, value in alike.items() if name not in {"seen_at", "waiting_for"}
    }
    assert [name for name, _ in messages("control")] == ["senso.tick.admit"]
    (audited,) = make.sql("SELECT actor, details FROM audit WHERE action = 'trigger'")
    assert audited["actor"].startswith("token test (")
    assert (audited["details"]["reason"], audited["details"]["user_id"]) == ("api", "u-7")


def test_a_second_trigger_attaches_to_the_first(ask, make):
    org = make.org()
    first = ask("POST", "/batches", of(org)).json()

    again = ask("POST", "/batches", of(org))

    assert (again.status_code, again.json()["outcome"], again.json()["id"]) == (200, "attached", first["id"])


def test_the_address_of_the_original_triggers_too(api, ask, make):
    org, token = make.org(), make.token(Scope.TRIGGER)

    def post(token):
        address = f"{api.url}/api/org/evaluation/{org.id}"
        return requests.post(address, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    answer = post(token)

    assert (answer.status_code, answer.json()["org_id"]) == (201, str(org.id))
    assert make.one("SELECT count(*) FROM batches") == 1
    refused = [post(one) for one in ("", make.token(Scope.READ), make.token(partner=make.partner()))]
    assert [one.status_code for one in refused] == [401, 403, 404]


def test_a_dry_run_says_what_it_would_cost_and_writes_nothing(ask, make, rows):
    org = make.org(questions=3, available=2)
    before = rows()

    answer = ask("POST", "/batches", of(org, dry_run=True), Idempotency_Key="one")

    told = answer.json()
    assert answer.status_code == 200
    assert (told["dry_run"], told["totals"]["runs"], told["totals"]["evaluations"]) == (True, 3, 3)
    assert told["totals"]["cost_microusd"] > 0
    assert [(one["needed"], one["available"], one["enough"]) for one in told["credits"]] == [(3, 2, False)]
    assert rows() == before


def test_a_dry_run_of_a_network_tells_a_partner_of_its_own_orgs_only(ask, make):
    orgs, network = lenders(make)
    wanted = {"kind": "network", "network_id": str(network), "dry_run": True}

    own = ask("POST", "/batches", wanted, make.token(partner=orgs[0].partner)).json()

    assert [one["org_id"] for one in own["networks"][0]["orgs"]] == [str(orgs[0].id)]
    assert [one["partner"] for one in own["credits"]] == [str(orgs[0].partner)]
    assert len(ask("POST", "/batches", wanted).json()["credits"]) == 3


def test_the_same_key_opens_one_batch_and_answers_the_same(ask, make):
    org = make.org()
    first = ask("POST", "/batches", of(org), Idempotency_Key="one")
    make.sql("UPDATE orgs SET active = false")  # by now, a new trigger would be refused

    again = ask("POST", "/batches", of(org), Idempotency_Key="one")
    other = ask("POST", "/batches", of(org, reopen=True), Idempotency_Key="one")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert make.one("SELECT count(*) FROM audit WHERE action = 'trigger'") == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "org"},
        {"kind": "week", "org_id": str(uuid4())},
        {"kind": "org", "org_id": "five"},
        {"kind": "org", "org_id": str(uuid4()), "network_id": str(uuid4())},
        {"kind": "network", "org_id": str(uuid4())},
        {"kind": "network_org", "network_id": str(uuid4())},
        {"kind": "org", "org_id": str(uuid4()), "partner_id": str(uuid4())},
        {"kind": "org", "org_id": str(uuid4()), "credits_per_evaluation": 0},
        {"kind": "org", "org_id": str(uuid4()), "user_id": "x" * 300},
        [],
        "org",
    ],
)
def test_a_body_that_says_something_else_is_refused(ask, rows, body):
    before = rows()

    answer = ask("POST", "/batches", body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert rows() == before


def test_what_cannot_be_asked_is_refused_with_the_reason(ask, make):
    answer = ask("POST", "/batches", of(make.org(active=False)))

    assert answer.status_code == 409
    assert "is not active" in answer.json()["detail"]


def test_a_cancelled_batch_stays_so_unless_it_is_reopened(ask, make):
    org = make.org()
    cancel(make.queued(org), ME)

    for dry_run in (False, True):
        refused = ask("POST", "/batches", of(org, dry_run=dry_run))
        assert refused.status_code == 409
        assert 'send "reopen": true' in refused.json()["detail"]
    again = ask("POST", "/batches", of(org, reopen=True))

    assert (again.status_code, again.json()["outcome"], again.json()["episode"]) == (200, "reopened", 2)


def test_an_org_gets_what_it_lacks_of_a_networks_answers(ask, make, sandbox):
    orgs, network = lenders(make, 2)
    ended(make, network)
    wanted = {"kind": "network_org", "network_id": str(network), "org_id": str(orgs[1].id)}

    foreseen = ask("POST", "/batches", wanted | {"dry_run": True}, make.token(partner=orgs[1].partner))
    opened = ask("POST", "/batches", wanted, make.token(partner=orgs[1].partner))

    assert foreseen.json()["totals"]["evaluations"] == 2
    assert (opened.status_code, opened.json()["kind"], opened.json()["outcome"]) == (201, "network_org", "opened")
    assert opened.json()["org_id"] == str(orgs[1].id)


def test_a_partner_is_not_shown_the_batch_by_which_a_network_of_another_is_being_asked(ask, make):
    orgs, network = lenders(make, 2)
    ask("POST", "/batches", {"kind": "network", "network_id": str(network)})
    wanted = {"kind": "network_org", "network_id": str(network), "org_id": str(orgs[1].id)}

    answer = ask("POST", "/batches", wanted, make.token(partner=orgs[1].partner))

    assert answer.status_code == 409
    assert "is being asked" in answer.json()["detail"]


def test_fifty_triggers_at_once_never_exceed_the_balance(ask, make):
    """Of one partner with credits for ten batches of two readings each."""
    orgs = [make.org(available=0) for _ in range(50)]
    payer = make.org(available=20).partner
    make.sql("UPDATE orgs SET partner_id = :payer", payer=payer)

    def trigger(org, key):
        """Again where the API is too busy, as it says: the key makes that harmless."""
        answer = ask("POST", "/batches", of(org), Idempotency_Key=key)
        return trigger(org, key) if answer.status_code == 503 else answer

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda org: trigger(org, str(org.id)), orgs))
        again = list(pool.map(lambda _: trigger(orgs[0], "same"), orgs))

    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in again}) == 1
    assert make.one("SELECT count(*) FROM batches") == 50
    while admit_and_open(make):
        assert make.one("SELECT available FROM partners WHERE id = :id", id=payer) >= 0
    assert make.one("SELECT -sum(credits) FROM ledger WHERE entry = 'hold'") == 20
    assert make.one("SELECT count(*) FROM batches WHERE state = 'blocked'") == 40
    assert not broken()


def admit_and_open(make) -> int:
    admit()
    running = make.sql("SELECT id FROM batches WHERE state = 'running' AND remaining IS NULL")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: open_batch(str(one["id"])), running))
    return len(running)


# Who may


def routes_of(batch, org, network, partner):
    """What is asked of one batch, and the scope that it needs."""
    return {
        ("GET", f"/batches/{batch}"): (Scope.READ, None),
        ("GET", f"/batches/{batch}/runs"): (Scope.READ, None),
        ("GET", f"/batches?org_id={org}"): (Scope.READ, None),
        ("GET", f"/batches?network_id={network}"): (Scope.READ, None),
        ("GET", f"/batches?partner_id={partner}"): (Scope.READ, None),
        ("POST", "/batches"): (Scope.TRIGGER, {"kind": "org", "org_id": str(org)}),
        ("POST", "/batches?"): (Scope.TRIGGER, {"kind": "network", "network_id": str(network)}),
        ("POST", f"/batches/{batch}/cancel"): (Scope.OPERATE, None),
        ("POST", f"/batches/{batch}/retry"): (Scope.OPERATE, None),
        ("POST", f"/batches/{batch}/retry?"): (Scope.OPERATE, {"dry_run": True}),
    }


def test_of_another_partner_there_is_nothing(ask, make, rows):
    _, network = lenders(make, 2)
    org = make.org()
    theirs = routes_of(make.queued(org), org.id, network, org.partner)
    nobodys = routes_of(*(uuid4() for _ in range(4)))
    token = make.token(partner=make.partner())
    before = rows()

    for (route, (_, body)), (absent, (_, other)) in zip(theirs.items(), nobodys.items(), strict=True):
        answer, none = ask(*route, body, token), ask(*absent, other, token)

        assert (answer.status_code, none.status_code) == (404, 404), route
        assert answer.json()["detail"].rsplit(" ", 1)[0] == none.json()["detail"].rsplit(" ", 1)[0]
    assert rows() == before


def test_a_lesser_scope_is_refused_and_changes_nothing(ask, make, rows):
    _, network = lenders(make, 2)
    org = make.org()
    batch = make.queued(org)
    lesser = {Scope.TRIGGER: make.token(Scope.READ), Scope.OPERATE: make.token(Scope.TRIGGER)}
    before = rows()

    for (method, path), (scope, body) in routes_of(batch, org.id, network, org.partner).items():
        if scope in lesser:
            assert ask(method, path, body, lesser[scope]).status_code == 403, path
    assert rows() == before


def test_a_network_of_another_is_filtered_by_where_an_org_of_ones_own_is_in_it(ask, make, sandbox):
    orgs, network = lenders(make, 2)
    batch, readers = asked(make, network)
    own = make.token(Scope.READ, orgs[1].partner)

    assert ids(ask("GET", f"/batches?network_id={network}", token=own)) == [str(readers[orgs[1].id])]
    assert ask("GET", f"/batches/{batch}", token=own).status_code == 404
    assert len(ids(ask("GET", f"/batches?network_id={network}"))) == 3


# Lists


def test_a_list_is_walked_without_gaps_or_repeats_while_batches_come(get, make):
    orgs = [make.org() for _ in range(2)]
    batches = [put(make, org, day) for org in orgs for day in DAYS]
    coming = iter(range(100))

    found = walk(get, "/batches?limit=3", lambda: put(make, orgs[0], date(2026, 4, 1) + timedelta(next(coming))))

    newest_first = sorted(batches, key=lambda one: one.int, reverse=True)
    assert [one["id"] for one in found] == list(map(str, newest_first))
    assert [one["date"] for one in found] == sorted((one["date"] for one in found), reverse=True)


def test_both_ends_of_dates_are_included(get, make):
    batches = {day: str(put(make, org, day)) for org in [make.org()] for day in DAYS}

    assert ids(get("/batches?since=2026-03-03&until=2026-03-05")) == [batches[day] for day in reversed(DAYS[2:5])]
    assert ids(get("/batches?since=2026-03-07&until=2026-03-07")) == [batches[DAYS[6]]]
    assert ids(get("/batches?until=2026-03-01")) == [batches[DAYS[0]]]
    assert ids(get("/batches?since=2026-03-08")) == []
    assert len(ids(get("/batches?since=0001-01-01&until=9999-12-31"))) == len(DAYS)


def test_a_list_is_filtered_by_all_that_is_said(ask, get, make):
    org, other = make.org(), make.org()
    failed, partial = put(make, org, DAYS[0], "failed"), put(make, org, DAYS[1], "partial")
    put(make, org, DAYS[2])
    put(make, other, DAYS[0], "failed")

    assert ids(get(f"/batches?state=failed&state=partial&org_id={org.id}")) == [str(partial), str(failed)]
    assert ids(get(f"/batches?state=failed&partner_id={org.partner}")) == [str(failed)]
    assert ids(get("/batches?kind=network")) == []
    assert ids(ask("GET", "/batches?state=failed", token=make.token(Scope.READ, org.partner))) == [str(failed)]


@pytest.mark.parametrize(
    "query",
    [
        *(
            "state=done",
            "kind=week",
            "since=yesterday",
            "since=20260301",
            "until=2026-02-30",
            "org_id=5",
            "limit=0",
            "limit=201",
        ),
        *("limit=x", "cursor=x", "cursor=WyI1Il0", "from=2026-01-01", "&".join(["state=failed"] * 8)),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(get, query):
    assert get(f"/batches?{query}").status_code == 422


def test_a_partner_lists_its_own_batches_also_of_its_networks(ask, make, sandbox):
    orgs, network = lenders(make, 2)
    batch, readers = asked(make, network)
    own = make.token(Scope.READ, orgs[0].partner)

    assert set(ids(ask("GET", "/batches", token=own))) == {str(batch), str(readers[orgs[0].id])}
    assert ids(ask("GET", "/batches?kind=network", token=own)) == [str(batch)]


# One batch


def test_a_batch_is_shown_once_and_again_only_when_it_has_changed(ask, make):
    batch = make.queued()
    first = ask("GET", f"/batches/{batch}")

    same = ask("GET", f"/batches/{batch}", If_None_Match=first.headers["ETag"])
    cancel(batch, ME)
    changed = ask("GET", f"/batches/{batch}", If_None_Match=first.headers["ETag"])

    assert first.json()["waiting_for"][0]["what"] == "worker"
    assert (same.status_code, same.content) == (304, b"")
    assert (changed.status_code, changed.json()["state"]) == (200, "cancelled")


def test_a_cancel_ends_the_batch_once(ask, make):
    org = make.org(questions=3)
    batch = make.batch(org)
    make.answered(make.runs(batch)[0])

    first = ask("POST", f"/batches/{batch}/cancel", {"user_id": "u-7"}, Idempotency_Key="one")
    again = ask("POST", f"/batches/{batch}/cancel")

    assert (first.status_code, first.json()["state"], first.json()["outcome"]) == (200, "cancelled", "cancelled")
    assert first.json()["under_way"] == {"calls": 0, "cost_microusd": 0, "calls_of_unknown_cost": 0, "jobs": {}}
    assert again.json()["outcome"] == "already"
    (audited,) = make.sql("SELECT actor, details->>'user_id' AS of FROM audit WHERE action = 'cancel'")
    assert (audited["actor"].startswith("token test ("), audited["of"]) == (True, "u-7")


def test_dry_runs_of_a_cancel_and_a_retry_write_nothing(ask, make, rows):
    running, ended_one = make.batch(make.org(questions=3)), make.batch(make.org(questions=2))
    cancel(ended_one, ME)
    before = rows()

    stop = ask("POST", f"/batches/{running}/cancel", {"dry_run": True})
    again = ask("POST", f"/batches/{ended_one}/retry", {"dry_run": True})

    assert (stop.json()["runs"], stop.json()["held"], stop.json()["released"]) == (3, 3, 3)
    assert (again.json()["totals"]["runs"], again.json()["credits"][0]["needed"]) == (2, 2)
    assert ask("POST", f"/batches/{running}/retry", {"dry_run": True}).status_code == 409
    assert rows() == before


def test_a_retry_queues_the_next_episode_for_what_failed(ask, make):
    batch = make.batch(make.org(questions=2))
    cancel(batch, ME)

    answer = ask("POST", f"/batches/{batch}/retry")

    told = answer.json()
    assert (answer.status_code, told["state"], told["episode"], told["asked_again"]) == (200, "queued", 2, 2)
    refused = ask("POST", f"/batches/{batch}/retry")
    assert (refused.status_code, "is queued" in refused.json()["detail"]) == (409, True)


def test_a_batch_that_has_ended_is_not_cancelled(ask, make):
    batch = put(make, make.org(), datetime.now(UTC).date())

    for body in ({}, {"dry_run": True}):
        refused = ask("POST", f"/batches/{batch}/cancel", body)
        assert (refused.status_code, "there is nothing to cancel" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize("batch", ["5", "x" * 300])
def test_what_is_no_id_is_refused(get, batch):
    assert get(f"/batches/{batch}").status_code == 422


def test_a_started_batch_is_found_by_what_it_does(get, make, sandbox):
    batch = make.queued()
    start(batch)

    assert get(f"/batches/{batch}").json()["state"] == "running"
    assert ids(get("/batches?state=running")) == [str(batch)]
