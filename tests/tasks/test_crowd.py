"""A crowd and a chord side by side: whoever reads the queue must not be able to tell which of the two was sent."""

import base64
import json
import re
from uuid import uuid4

import pytest
from celery import chord

from senso.tasks.app import app
from senso.tasks.crowd import Crowd
from senso.tasks.transport import together

RUNS = [str(uuid4()) for _ in range(3)]


def body():
    return app.signature("senso.finish_batch", args=("a batch", "chord"), immutable=True)


def by_canvas():
    chord([app.signature("senso.read", args=(run,), immutable=True) for run in RUNS], body()).apply_async()


def by_crowd():
    with together():
        Crowd(app, "senso.read", RUNS, body()).apply_async()


def raw(messages):
    """Oldest first, with the body opened and each id replaced by the order in which it was first met."""
    found = [json.loads(one) for one in reversed(messages.redis.lrange("ask", 0, -1))]
    for one in found:
        one["body"] = json.loads(base64.b64decode(one["body"]))
    met: dict[str, str] = {}
    ids = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    kept = dict.fromkeys(RUNS)
    return [
        json.loads(
            re.sub(
                ids,
                lambda id_: id_[0] if id_[0] in kept else met.setdefault(id_[0], f"id {len(met)}"),
                json.dumps(one, sort_keys=True),
            )
        )
        for one in found
    ]


def sizes():
    results = app.backend.client
    return [results.get(key) for key in results.scan_iter("*.s")]


@pytest.fixture
def sent(messages):
    def send(by):
        messages.clear()
        by()
        found = raw(messages), sizes()
        messages.clear()
        return found

    return send


def test_a_crowd_is_sent_as_canvas_sends_a_chord(sent):
    members, size = sent(by_crowd)

    assert (members, size) == sent(by_canvas)
    assert len(members) == len(RUNS)
    assert size == [b"3"]


def test_what_is_sent_together_does_not_arrive_when_the_block_fails(messages):
    def fail_on_the_way():
        with together():
            by_crowd_within()
            raise ZeroDivisionError

    def by_crowd_within():
        app.signature("senso.read", args=(RUNS[0],), immutable=True).apply_async()

    with pytest.raises(ZeroDivisionError):
        fail_on_the_way()

    assert messages("ask") == []
