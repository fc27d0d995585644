"""What tells Flower that something was sent."""

import pytest
from kombu import Connection, Producer

from senso.tasks.app import app
from senso.worker.events import UNTOLD, SentEvents, gathered, gathering


def test_ticks_send_no_events_and_all_other_tasks_do():
    app.loader.import_default_modules()
    ours = {name: task.send_events for name, task in app.tasks.items() if name.startswith("senso.")}

    assert {name for name, told in ours.items() if not told} == {name for name in ours if name.startswith(UNTOLD)}
    assert len([name for name in ours if name.startswith(UNTOLD)]) >= 7


@pytest.mark.parametrize(("name", "told"), [("senso.tick.poll", 0), ("senso.read", 1)])
def test_that_a_tick_was_sent_is_not_told(name, told):
    sent = []
    events = SentEvents(app=app, enabled=False)
    events._publish = lambda event, *_, **__: sent.append(event)

    events.publish("task-sent", {"uuid": "1", "name": name}, producer=None)

    assert len(sent) == told


@pytest.mark.parametrize("alone", [True, False])
def test_what_cannot_be_told_while_redis_is_away_is_forgotten(alone):
    """Nobody would ever send it later, and a long outage must not fill the memory of whoever tries again and again."""
    events, no_patience = app.amqp.sent_events, {"max_retries": 1, "interval_start": 0, "interval_step": 0.01}
    with Connection("redis://127.0.0.1:1/0", transport_options=no_patience) as nowhere:
        producer = Producer(nowhere, auto_declare=False)
        for _ in range(3):
            if alone:
                events.publish("task-sent", {"uuid": "1"}, producer)
                continue
            with gathered(app.amqp):
                events.publish("task-sent", {"uuid": "1"}, producer)

    assert (len(events._outbound_buffer), gathering.events) == (0, None)
