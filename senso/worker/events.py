"""Task events, all but those of ticks, in fewer messages: one costs its sender and Flower more than what it tells of.

Celery sends a list of events as one message too (`task.multi`), and every reader of events understands it; but stock
Celery 5.7 sends one as soon as its loop comes round, and the event that a task was sent always by itself.
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

# Two or three ticks a second would push out of Flower the work that they start. What goes wrong in one is logged.
UNTOLD = "senso.tick."
# How late Flower may see what happens. Twenty-four events go out even before: Celery's own limit.
FLUSH_SECONDS = 0.25


class Gathering(threading.local):
    """The events of what this thread has sent inside a block of `gathered`; None outside of one."""

    events: list[dict[str, Any]] | None = None
    producer: Any = None


gathering = Gathering()


class SentEvents(EventDispatcher):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # What could not be told while Redis was away: stock Celery keeps it for ever, since only a worker's own
        # dispatcher is flushed.
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
    """The events that say that something was sent go out as one message at the end of the block."""
    gathering.events = []
    try:
        yield
        events, producer = gathering.events, gathering.producer
    finally:
        gathering.events = gathering.producer = None
    if events:
        amqp.sent_events.send_gathered(events, producer)


class Consumer(StockConsumer):  # type: ignore[misc]
    """Flushes its events by the clock of its loop, and not once for each that comes."""

    def on_send_event_buffered(self) -> None:
        """Called by the thread of every task; the loop's own timer does what is to be done."""

    def start(self) -> None:
        if self.hub:
            self.hub.call_repeatedly(FLUSH_SECONDS, self._flush_events)
        super().start()

    def shutdown(self) -> None:
        self._flush_events()
        super().shutdown()
