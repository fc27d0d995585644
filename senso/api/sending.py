"""Sends what was enqueued, in a thread of its own: a Redis that is frozen delays an answer by seconds at most."""

from queue import SimpleQueue
from threading import Event, Thread

from senso.log import logger
from senso.publishing import Publisher

ANSWER_SECONDS = 2
log = logger(__name__)


class Sender:
    """A publisher. What it does not send in time it sends later, or the relay does."""

    def __init__(self, publish: Publisher, seconds: float = ANSWER_SECONDS) -> None:
        self.publish, self.seconds = publish, seconds
        self.waiting: SimpleQueue[tuple[list[int], Event]] = SimpleQueue()
        Thread(target=self.send_all, daemon=True).start()

    def __call__(self, ids: list[int]) -> None:
        sent = Event()
        self.waiting.put((ids, sent))
        sent.wait(self.seconds)

    def send_all(self) -> None:
        while True:
            ids, sent = self.waiting.get()
            try:
                self.publish(ids)
            except Exception:
                log.exception("could not publish; the relay will", messages=len(ids))
            sent.set()
