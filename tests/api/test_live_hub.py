"""Listeners of one process, without a server: what each is given, and what becomes of those that take nothing."""

import asyncio
import threading
import time
from uuid import uuid4

import pytest
import requests
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from test_api_server import in_thread, said_to

from senso.api import connections
from senso.api.access.streams import Streams
from senso.api.body_limits import BodyLimits
from senso.api.live import listening
from senso.api.live.hub import Hub
from senso.api.live.listening import Listener
from senso.reads.live import Event, Scope

BATCH, PARTNER, TOKEN = uuid4(), uuid4(), uuid4()


def told(id_, *, batch=BATCH, partner=PARTNER, is_end=False):
    return Event(id_, batch, partner, "progress", f'{{"n": {id_}}}', is_end)


def heard(*events, scope=Scope(), after=0, then=lambda hub: None):  # noqa: B008  frozen
    """What a listener that has events up to `after` takes of these."""

    async def listen():
        hub, listener = Hub(Streams(1)), Listener(scope, TOKEN)
        hub.skip_to(0)
        listener.after = after
        hub.join(listener)
        hub.deliver(events)
        then(hub)
        return (await listener.take()).decode(), listener.is_over

    return asyncio.run(listen())


def ids(text):
    return [int(line.removeprefix("id: ")) for line in text.splitlines() if line.startswith("id: ")]


@pytest.mark.parametrize(
    ("scope", "expected"), [(Scope(), [1, 2, 3]), (Scope(partner=PARTNER), [1, 2]), (Scope(batch=BATCH), [1])]
)
def test_each_gets_what_it_listens_to(scope, expected):
    text, _ = heard(told(1), told(2, batch=uuid4()), told(3, batch=None, partner=None), scope=scope)

    assert ids(text) == expected


def test_what_it_has_is_not_given_again():
    assert ids(heard(told(1), told(2), told(3), after=2)[0]) == [3]
    assert ids(heard(told(1), told(2), then=lambda hub: hub.deliver([told(1), told(2), told(3)]))[0]) == [1, 2, 3]


def test_the_end_of_a_batch_ends_its_stream_and_no_other():
    text, is_over = heard(told(1, is_end=True), scope=Scope(batch=BATCH))
    assert (text.endswith("event: end\ndata: {}\n\n"), is_over) == (True, True)

    assert heard(told(1, is_end=True))[1] is False


def test_who_takes_nothing_is_sent_away_instead_of_buffered(monkeypatch):
    monkeypatch.setattr(listening, "MOST_WAITING", 3)

    text, is_over = heard(*(told(n) for n in range(1, 10)))

    assert (text, is_over) == (": too slow: reconnect with Last-Event-ID\n\n", True)


def test_ids_that_begin_anew_end_all_streams():
    assert heard(told(9), then=lambda hub: hub.reset(1)) == (": the events begin anew: reconnect\n\n", True)


def test_a_stream_that_began_before_the_ids_did_is_ended():
    async def listen():
        hub = Hub(Streams(1))
        listener = Listener(Scope(), TOKEN, hub.resets)
        hub.reset(1)
        hub.join(listener)
        return await listener.take()

    assert asyncio.run(listen()) == b": the events begin anew: reconnect\n\n"


def test_a_session_that_ends_ends_its_streams_and_no_others():
    async def listen():
        hub = Hub(Streams(1))
        ends, stays, by_token = listeners = [Listener(Scope(), TOKEN, session=one) for one in ("mine", "other", None)]
        for one in listeners:
            hub.join(one)
        hub.drop_sessions({"other"})
        return await ends.take(), ends.is_over, stays.is_over, by_token.is_over

    assert asyncio.run(listen()) == (b": the session has ended\n\n", True, False, False)


def test_a_stream_ends_for_the_first_reason_that_was_found():
    async def listen():
        hub, listener = Hub(Streams(1)), Listener(Scope(), TOKEN, session="mine")
        hub.join(listener)
        hub.drop_tokens(set())
        hub.drop_sessions(set())
        return await listener.take()

    assert asyncio.run(listen()) == b": the token is no longer valid\n\n"


def test_while_nothing_happens_it_is_pinged(monkeypatch):
    monkeypatch.setattr(listening, "PING_SECONDS", 0.01)

    assert heard()[0] == ": ping\n\n"


def served(texts, **limits):
    made = FastAPI()

    @made.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(texts())

    made.add_middleware(BodyLimits, **limits)
    return in_thread(made)


def test_a_client_that_takes_nothing_is_cut_off(monkeypatch):
    monkeypatch.setattr(connections, "STUCK_SECONDS", 0.2)
    left = threading.Event()

    async def texts():
        try:
            while True:
                yield b"x" * 1_000_000
                await asyncio.sleep(0)
        finally:
            left.set()

    with served(texts) as url, requests.get(url, stream=True, timeout=10):
        assert left.wait(10)


def test_a_stream_outlives_the_time_that_a_body_may_take():
    async def texts():
        for _ in range(4):
            yield b"x"
            await asyncio.sleep(0.1)

    with served(texts, most_seconds=0.2) as url:
        began = time.monotonic()
        answer = said_to(url, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", pause=1)

    assert time.monotonic() - began > 0.2
    assert answer.count(b"1\r\nx\r\n") == 4
    assert answer.endswith(b"0\r\n\r\n")
