"""kombu's Redis transport for thousands of small messages: what it does for each message is done once for many.

Stock kombu 5.7 makes a Redis client object for each command, takes and acknowledges each message in its own
transaction, and sends each message of a chord separately. The data in Redis is the same, so stock clients may read it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from kombu.asynchronous import get_event_loop
from kombu.transport import TRANSPORT_ALIASES, redis
from kombu.utils.json import dumps
from redis._parsers.base import BaseParser
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, OutOfMemoryError  # noqa: A004  the library's name for it
from redis.retry import Retry

from senso.log import logger

__all__ = ["Transport", "install", "together"]

log = logger(__name__)
# How long an acknowledgement may wait for others. A crash in between redelivers a message; claims make that harmless.
ACKNOWLEDGE_SECONDS = 0.05
ONCE = Retry(NoBackoff(), 0)
# One script for stock kombu's transaction of four commands. It writes both keys or neither: a crash in between would
# leave a message that is never found.
TAKE = """
    redis.call('zadd', KEYS[1], ARGV[1], ARGV[3])
    redis.call('hset', KEYS[2], ARGV[3], ARGV[2])
"""
# Not a transaction either: a full Redis refuses commands that are queued in one, even those that only delete.
ACK = """
    redis.call('zrem', KEYS[1], unpack(ARGV))
    redis.call('hdel', KEYS[2], unpack(ARGV))
"""


class Demoted(ConnectionError):
    """The server became a replica while we were connected to it: reconnecting finds the new primary.

    Stock redis-py takes this for an error of the command, and a worker would keep asking the old server for ever.
    """


class Gathering(threading.local):
    """The messages of this thread inside a `together` block; None outside one."""

    messages: list[tuple[str, str]] | None = None  # the key of a queue, and the value to push
    channel: Any = None


gathering = Gathering()


@contextmanager
def unless_full(said: str) -> Iterator[None]:
    """Logs the error of a full Redis. Stock kombu raises it, which ends the worker and all its work in progress.

    Messages that are lost here are sent again from their rows.
    """
    try:
        yield
    except OutOfMemoryError:
        log.warning("Redis is full", outcome=said)


class QoS(redis.QoS):
    """Takes a message with one command, and sends the acknowledgements of a worker's loop together."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.done: list[str] = []
        self.is_due = False

    @cached_property
    def take(self) -> Any:
        return self.channel.client.register_script(TAKE)

    @cached_property
    def let_go(self) -> Any:
        return self.channel.client.register_script(ACK)

    def append(self, message: Any, delivery_tag: str) -> None:
        sent_to = message.delivery_info
        kept = dumps([message._raw, sent_to["exchange"], sent_to["routing_key"]])  # noqa: SLF001  as kombu does
        with self.channel.conn_or_acquire() as client, unless_full("a message was taken without a copy"):
            self.take([self.unacked_index_key, self.unacked_key], [time.time(), kept, delivery_tag], client)
        super(redis.QoS, self).append(message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        self.done.append(delivery_tag)
        super(redis.QoS, self).ack(delivery_tag)
        loop = get_event_loop()
        if loop is None:
            self.acknowledge()
        elif not self.is_due:
            self.is_due = True
            loop.call_later(ACKNOWLEDGE_SECONDS, self.acknowledge)

    @property
    def is_orphaned(self) -> bool:
        """Whether the channel has lost its transport.

        After a lost connection kombu may close a channel whose transport is gone already, and with it the address of
        Redis: stock kombu then ends the worker with an AttributeError. The messages stay in `unacked`, and are sent
        again from their rows.
        """
        return getattr(self.channel.connection, "client", None) is None

    def acknowledge(self) -> None:
        """Raises the errors of Redis; the tags are then kept and sent with the next ones."""
        self.is_due = False
        if self.is_orphaned:
            return
        if tags := list(self.done):
            with self.channel.conn_or_acquire() as client:
                self.let_go([self.unacked_index_key, self.unacked_key], tags, client)
            del self.done[: len(tags)]

    def restore_by_tag(self, *arguments: Any, **options: Any) -> None:
        """A message that cannot be requeued stays in `unacked`, and is sent again from its row."""
        with unless_full("a message was not given back"):
            super().restore_by_tag(*arguments, **options)

    def restore_visible(self, *arguments: Any, **options: Any) -> None:
        with unless_full("messages of dead workers were not given back"):
            super().restore_visible(*arguments, **options)

    def restore_unacked_once(self, stderr: Any = None) -> None:
        """Called when the channel closes, for any reason."""
        if self.is_orphaned:
            return
        with suppress(*self.channel.connection_errors):
            self.acknowledge()
        super().restore_unacked_once(stderr)


class Channel(redis.Channel):
    QoS = QoS
    shared: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002  kombu's
        """One client per pool: it holds nothing but the pool, so threads may share it."""
        if asynchronous:
            return super()._create_client(asynchronous=True)
        if self.shared is None or self.shared.connection_pool is not self.pool:
            self.shared = super()._create_client()
        return self.shared

    def _receive_one(self, subscribed: Any) -> Any:
        """Raises when the connection is lost, like every other connection of a worker.

        By itself redis-py 7 reconnects, and then blocks the worker's only loop in a read of a reply that never comes:
        the worker is connected, but takes nothing from any queue.
        """
        if subscribed.connection is not None:
            subscribed.connection.retry = ONCE
        return super()._receive_one(subscribed)

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        """Adds the time of the first sending, which is kept on redelivery: `doctor` reads it."""
        message["properties"].setdefault("timestamp", int(time.time()))
        if gathering.messages is None:
            super()._put(queue, message, **options)
            return
        key = self._q_for_pri(queue, self._get_message_priority(message, reverse=False))
        gathering.messages.append((key, dumps(message)))
        gathering.channel = self


class Transport(redis.Transport):
    Channel = Channel


@contextmanager
def together() -> Iterator[None]:
    """Sends what this thread enqueues in the block at its end, in one round trip; nothing if the block raises.

    Raises the errors of Redis: which messages arrived is then unknown.
    """
    gathering.messages = []
    try:
        yield
        messages, channel = gathering.messages, gathering.channel
    finally:
        gathering.messages = gathering.channel = None
    if messages:
        with channel.conn_or_acquire() as client, client.pipeline(transaction=False) as pipe:
            for key, message in messages:
                pipe.lpush(key, message)
            pipe.execute()


def install() -> None:
    """All redis:// connections of this process use this transport, and leave a server that is demoted."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
    # Clients that are blocked in BRPOP at that moment get UNBLOCKED.
    BaseParser.EXCEPTION_CLASSES |= dict.fromkeys(("READONLY", "UNBLOCKED", "MASTERDOWN"), Demoted)
