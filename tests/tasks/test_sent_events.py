"""What tells Flower that something was sent."""

import pytest
from kombu import Connection, Producer

from senso.tasks.app import app
from senso.tasks.events import gathered, gathering


@pytest.mark.parametrize("alone", [True, False])
def test_what_cannot_be_told_while_redis_is_away_is_forgotten(alone):
    """Nobody would ever send it later, and a long outage must not fill the memory of whoever tries again and again."""
    events = app.amqp.sent_events
    with Connection("redis://127.0.0.1:1/0", transport_options={"socket_connect_timeout": 0.1}) as nowhere:
        producer = Producer(nowhere, auto_declare=False)
        for _ in range(3):
            if alone:
                events.publish("task-sent", {"uuid": "1"}, producer)
                continue
            with gathered(app.amqp):
                events.publish("task-sent", {"uuid": "1"}, producer)

    assert (len(events._outbound_buffer), gathering.events) == (0, None)
