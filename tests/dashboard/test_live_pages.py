"""Live events for pages: those of the API, for a session."""

from contextlib import closing
from itertools import islice

import pytest
from operating import Initiator, cancel
from streams import begin_events

from senso.states import Scope

HEADERS = {"Accept": "text/html, text/event-stream", "HX-Request": "true"}


@pytest.fixture(autouse=True)
def ids_that_rise(make):
    begin_events(make)


def kinds(browsing, path, last_id=None):
    """Of the events, up to the end of the stream."""
    headers = HEADERS | ({} if last_id is None else {"Last-Event-ID": str(last_id)})
    with closing(browsing.get(path, headers=headers, stream=True)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [line[7:] for line in answer.iter_lines(decode_unicode=True) if line.startswith("event: ")]


def test_a_batch_that_has_ended_is_told_so(browse, make):
    batch = make.queued()
    cancel(batch, Initiator("mara"))

    assert kinds(browse(Scope.READ), f"/live/batches/{batch}")[-2:] == ["state", "end"]


def test_the_batch_of_another_partner_is_not_found(browse, make):
    batch, own = make.queued(), make.org()

    answer = browse(Scope.READ, own.partner).get(f"/live/batches/{batch}", headers=HEADERS)

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/live", "/live/batches/00000000-0000-4000-8000-000000000000"])
def test_nobody_listens_who_has_not_logged_in(browse, path):
    browsing = browse()
    browsing.session.cookies.clear()

    answer = browsing.get(path, headers=HEADERS)

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


@pytest.mark.parametrize("way", ["/logout", "/session/end"])
def test_a_stream_ends_when_its_session_is_logged_out(browse, way):
    browsing = browse(Scope.READ)

    with closing(browsing.get("/live", headers=HEADERS, stream=True)) as answer:
        browsing.post(way)
        comments = (line for line in answer.iter_lines(decode_unicode=True) if line.startswith(":"))
        told = list(islice(comments, 4))

    assert told[-1:] == [": the session has ended"]  # others are pings, each after 15 seconds


def test_a_stream_of_all_batches_is_open(browse, make):
    with closing(browse(Scope.READ).get("/live", headers=HEADERS, stream=True)) as answer:
        assert next(answer.iter_lines(decode_unicode=True)).startswith(("retry", "id"))
