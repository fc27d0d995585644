"""Task events, except of ticks, in fewer messages: an event costs its sender and Flower more than what it reports.

Celery can send a list of events as one message (`task.multi`), which every event reader understands; but stock Celery
5.7 sends one at every iteration of its loop, and each task-sent event separately.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.app.amqp import AMQP
from celery.events.dispatcher import EventDispatcher
from celery.worker.consumer import Consumer as StockConsumer
from kombu.utils.objects import cached_property

# Two or three ticks a second would push the work that they start out of Flower. Errors of ticks are logged.
UNTOLD = "senso.tick."
# Longest delay until Flower sees an event. 24 buffered events are sent earlier: Celery's own limit.
FLUSH_SECONDS = 0.25


class Gathering(threading.local):
    """The task-sent events of this thread inside a `gathered` block; None outside one."""

    events: list[dict[str, Any]] | None = None
    producer: Any = None


gathering = Gathering()


class SentEvents(EventDispatcher):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Keeps no events that could not be sent while Redis was unreachable: stock Celery keeps them for ever, since it
        # flushes only a worker's own dispatcher.
        self._outbound_buffer: deque[Any] = deque(maxlen=0)

    def publish(self, type: str, fields: dict[str, Any], producer: Any, **options: Any) -> None:  # noqa: A002  Celery's
        if str(fields.get("name", "")).startswith(UNTOLD):
            return
        if gathering.events is None:
            super().publish(type, fields, producer, **options)
            return
        gathering.events.append(self._prepare_event(type, fields))
        gathering.producer = producer

    def send_gathered(self, events: list[dict[str, Any]], producer: Any) -> None:
        with self.mutex:
            self._publish(events, producer, "task.multi")


class Amqp(AMQP):  # type: ignore[misc]
    @cached_property
    def sent_events(self) -> SentEvents:
        return SentEvents(app=self.app, enabled=False)

    @property
    def _event_dispatcher(self) -> SentEvents:
        found: SentEvents = self.sent_events
        return found


@contextmanager
def gathered(amqp: Amqp) -> Iterator[None]:
    """Sends the task-sent events of the block as one message at its end."""
    gathering.events = []
    try:
        yield
        events, producer = gathering.events, gathering.producer
    finally:
        gathering.events = gathering.producer = None
    if events:
        amqp.sent_events.send_gathered(events, producer)


class Consumer(StockConsumer):  # type: ignore[misc]
    """Flushes its events by a timer of its loop, and not once per event."""

    def on_send_event_buffered(self) -> None:
        """Called by the thread of every task; does nothing, since the loop's timer flushes."""

    def start(self) -> None:
        if self.hub:
            self.hub.call_repeatedly(FLUSH_SECONDS, self._flush_events)
        super().start()

    def shutdown(self) -> None:
        self._flush_events()
        super().shutdown()
