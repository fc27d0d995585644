"""Live events over HTTP: what a listener gets, whatever it missed, and what ends its stream."""

import signal
from uuid import uuid4

import pytest
from api_process import serving
from ground import NOWHERE, addresses
from operating import Initiator, cancel
from streams import begin_events, listening

from senso.states import Scope

ME = Initiator("mara")


@pytest.fixture(autouse=True)
def ids_that_rise(make):
    begin_events(make)


@pytest.fixture
def token(make):
    return make.token(Scope.READ)


def change(make, batch):
    make.sql("UPDATE batches SET remaining = remaining - 1 WHERE id = :b", b=batch)


def rows(make, batch):
    return [one["id"] for one in make.sql("SELECT id FROM events WHERE batch_id = :b ORDER BY id", b=batch)]


def test_a_stream_says_how_a_batch_stands_and_ends_with_it(api, make, token):
    batch = make.queued()
    with listening(api, f"/batches/{batch}/events", token) as stream:
        assert stream.until("state").data["state"] == "queued"
        cancel(batch, ME)
        last, end = stream.rest()

    assert (last.event, last.data["state"], last.data["id"]) == ("state", "cancelled", str(batch))
    assert (end.event, end.id) == ("end", last.id)
    assert stream.ids == rows(make, batch)


def test_a_client_that_knows_the_end_is_told_to_stay_away(api, make, token):
    batch = make.queued()
    cancel(batch, ME)
    with listening(api, f"/batches/{batch}/events", token) as stream:
        stream.rest()

    again = api.ask("GET", f"/batches/{batch}/events", token, headers={"Last-Event-ID": stream.last_id})

    assert (again.status_code, again.content) == (204, b"")


def test_a_listener_that_comes_back_ten_times_misses_and_repeats_nothing(api, make, token):
    batch, heard, last = make.batch(questions=30), [], None
    for turn in range(10):
        with listening(api, f"/batches/{batch}/events", token, last) as stream:
            change(make, batch)
            stream.next()
            if turn % 2:
                change(make, batch)
                stream.next()
            last = stream.last_id
        heard += stream.ids
        change(make, batch)
    cancel(batch, ME)
    with listening(api, f"/batches/{batch}/events", token, last) as stream:
        stream.rest()

    assert heard + stream.ids == [one for one in rows(make, batch) if one >= heard[0]]
    assert len(heard) >= 15


def test_with_the_id_0_all_that_is_kept_is_sent(api, make, token):
    batch = make.batch()
    with listening(api, f"/batches/{batch}/events", token) as stream:
        stream.next()
        change(make, batch)
        stream.next()
    cancel(batch, ME)
    with listening(api, f"/batches/{batch}/events", token, 0) as again:
        again.rest()

    assert again.ids == rows(make, batch)
    assert len(again.ids) >= 3


def test_a_partners_token_hears_of_its_own_batches_only(api, make):
    ours, theirs = make.org(), make.org()
    token, their_batch = make.token(Scope.READ, ours.partner), make.queued(theirs)
    with listening(api, "/events", token, 0) as whole, listening(api, f"/partners/{ours.partner}/events", token) as one:
        make.sql(
            "INSERT INTO breaker_events (provider, model, event, calls, failures, open_seconds, transition) "
            "VALUES ('openai', 'gpt', 'opened', 20, 15, 30, 'one')"
        )
        our_batch = make.queued(ours)
        for stream in (whole, one):
            heard = stream.next()
            assert (heard.event, heard.data["id"]) == ("state", str(our_batch))
    for path in (f"/batches/{their_batch}/events", f"/partners/{theirs.partner}/events"):
        there, nowhere = (
            api.ask("GET", asked, token) for asked in (path, path.replace(path.split("/")[2], str(uuid4())))
        )
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert there.json()["detail"].split()[:2] == nowhere.json()["detail"].split()[:2]


def test_the_whole_has_every_batch_and_the_breakers(api, make, token):
    with listening(api, "/events", token) as stream:
        first, second = make.queued(), make.queued()
        make.sql(
            "INSERT INTO breaker_events (provider, model, event, calls, failures, open_seconds, transition) "
            "VALUES ('openai', 'gpt', 'opened', 20, 15, 30, 'one')"
        )
        heard = [stream.next() for _ in range(3)]

    assert {one.data.get("id") for one in heard if one.event == "state"} == {str(first), str(second)}
    assert [one.data["event"] for one in heard if one.event == "breaker"] == ["opened"]


def test_without_a_token_there_is_no_stream(api, make):
    batch = make.queued()

    for path in ("/events", f"/batches/{batch}/events", f"/partners/{uuid4()}/events"):
        assert api.ask("GET", path, None).status_code == 401


def test_a_wrong_id_is_refused(api, token):
    for wrong in ("abc", "-1", str(2**63)):
        answer = api.ask("GET", "/events", token, headers={"Last-Event-ID": wrong})

        assert answer.status_code == 422
        assert "Last-Event-ID" in answer.text


@pytest.mark.parametrize("ends", ["revoked_at = now()", "created_at = created_at - interval '2 days'"])
def test_a_token_that_is_revoked_or_expires_ends_its_streams_and_no_others(api, make, token, ends):
    other = make.token(Scope.READ)
    expires = ", expires_at = now()" if ends.startswith("created") else ""
    with listening(api, "/events", token) as stays, listening(api, "/events", other) as stream:
        make.sql(f"UPDATE tokens SET {ends} {expires} WHERE start = :start", start=other[:12])
        (last,) = stream.rest()
        batch = make.queued()
        assert stays.next().data["id"] == str(batch)

    assert last.comment == "the token is no longer valid"


def test_who_was_away_for_too_long_is_told_of_the_gap(api, make, token):
    batch = make.queued()
    with listening(api, f"/batches/{batch}/events", token) as stream:
        stream.next()
    (kept,) = make.sql("SELECT min(id) AS oldest, max(id) AS newest FROM events")

    for away in (5, 10**9):
        for path in (f"/batches/{batch}/events", "/events"):
            with listening(api, path, token, away) as stream:
                gap = stream.next()
                assert (gap.event, gap.data) == ("gap", kept)
                if "batches" in path:
                    assert stream.next().data["state"] == "queued"


def test_a_partner_is_not_told_how_many_events_there_are(api, make):
    batch = make.queued()
    (owner,) = make.sql(
        "SELECT o.partner_id AS id FROM batches b JOIN orgs o ON o.id = b.org_id WHERE b.id = :b", b=batch
    )
    own = make.token(Scope.READ, owner["id"])

    for path in (f"/batches/{batch}/events", f"/partners/{owner['id']}/events", "/events"):
        with listening(api, path, own, 10**9) as stream:
            gap = stream.next()
            assert (gap.event, gap.data) == ("gap", {})


def test_a_batch_whose_events_are_gone_is_told_as_it_stands(api, make, token):
    batch = make.queued()
    cancel(batch, ME)
    with listening(api, f"/batches/{batch}/events", token) as stream:
        stream.rest()
    make.sql("DELETE FROM events")

    with listening(api, f"/batches/{batch}/events", token) as stream:
        stands, end = stream.rest()

    assert (stands.event, stands.data["state"], end.event) == ("state", "cancelled", "end")
    again = api.ask("GET", f"/batches/{batch}/events", token, headers={"Last-Event-ID": stream.last_id})
    assert again.status_code == 204


def test_streams_of_a_token_are_limited_and_a_server_that_stops_ends_them(database, make, token, tmp_path):
    given = addresses(NOWHERE) | {"DATABASE_URL": database, "API_STREAMS_PER_TOKEN": "1"}
    with serving(tmp_path, given) as api:
        with listening(api, "/events", token):
            refused = api.ask("GET", "/events", token)
            assert (refused.status_code, "has its 1 streams open" in refused.json()["detail"]) == (429, True)
            with listening(api, "/events", make.token(Scope.READ)) as of_another:
                api.process.send_signal(signal.SIGTERM)
                (last,) = of_another.rest()
        assert last.comment == "the server stops: reconnect with Last-Event-ID"
        assert api.process.wait(30) == 0
    assert "Traceback" not in api.log
