"""kombu's Redis transport, for thousands of small messages: what it does for every one is done once for many.

Stock kombu 5.7 makes a Redis client object for each command, takes and acknowledges each message in a transaction of
its own, and sends each message of a chord by itself. What stands in Redis is the same, so stock clients may read it.
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
# How long an acknowledgement may wait for others. A crash in between delivers a message again, which claims bear.
ACKNOWLEDGE_SECONDS = 0.05
ONCE = Retry(NoBackoff(), 0)
# What stock kombu's transaction of four commands writes, by one: both or neither, or a crash would leave a message that
# nobody finds.
TAKE = """
    redis.call('zadd', KEYS[1], ARGV[1], ARGV[3])
    redis.call('hset', KEYS[2], ARGV[3], ARGV[2])
"""
# No transaction either: what is queued in one is refused by a Redis that is full, although it only takes away.
LET_GO = """
    redis.call('zrem', KEYS[1], unpack(ARGV))
    redis.call('hdel', KEYS[2], unpack(ARGV))
"""


class Demoted(ConnectionError):
    """The server became a replica while we were connected to it: its successor is found by connecting anew.

    Stock redis-py takes this for a mistake in the command, and a worker would go on asking the old server for ever.
    """


class Gathering(threading.local):
    """What this thread has sent inside a block of `together`; None outside of one."""

    messages: list[tuple[str, str]] | None = None  # the key of a queue, and what is pushed on it
    channel: Any = None


gathering = Gathering()


@contextmanager
def unless_full(said: str) -> Iterator[None]:
    """Stock kombu raises what a full Redis refuses, which ends the worker, and with it all that it has in hand.

    The rows send again whatever is lost for it.
    """
    try:
        yield
    except OutOfMemoryError:
        log.warning("Redis is full", outcome=said)


class QoS(redis.QoS):
    """A message is taken by one command, and acknowledgements of a worker's loop go out together."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.done: list[str] = []
        self.is_due = False

    @cached_property
    def take(self) -> Any:
        return self.channel.client.register_script(TAKE)

    @cached_property
    def let_go(self) -> Any:
        return self.channel.client.register_script(LET_GO)

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
        """After a lost connection kombu may close a channel whose transport is gone already, and with it the address of
        Redis: stock kombu then ends the worker with an AttributeError. The messages stay in `unacked`, and their rows
        send them again."""
        return getattr(self.channel.connection, "client", None) is None

    def acknowledge(self) -> None:
        """Raises the errors of Redis; the tags are then kept, and go out with the next."""
        self.is_due = False
        if self.is_orphaned:
            return
        if tags := list(self.done):
            with self.channel.conn_or_acquire() as client:
                self.let_go([self.unacked_index_key, self.unacked_key], tags, client)
            del self.done[: len(tags)]

    def restore_by_tag(self, *arguments: Any, **options: Any) -> None:
        """A message that cannot go back to its queue stays in `unacked`, and its rows send it again."""
        with unless_full("a message was not given back"):
            super().restore_by_tag(*arguments, **options)

    def restore_visible(self, *arguments: Any, **options: Any) -> None:
        with unless_full("messages of dead workers were not given back"):
            super().restore_visible(*arguments, **options)

    def restore_unacked_once(self, stderr: Any = None) -> None:
        """When the channel closes, whatever the reason."""
        if self.is_orphaned:
            return
        with suppress(*self.channel.connection_errors):
            self.acknowledge()
        super().restore_unacked_once(stderr)


class Channel(redis.Channel):
    QoS = QoS
    shared: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002  kombu's
        """One client for the life of a pool: it holds nothing but the pool, so threads may share it."""
        if asynchronous:
            return super()._create_client(asynchronous=True)
        if self.shared is None or self.shared.connection_pool is not self.pool:
            self.shared = super()._create_client()
        return self.shared

    def _receive_one(self, subscribed: Any) -> Any:
        """The end of the line is raised, as of every other line of a worker.

        By itself redis-py 7 connects anew, and then waits there, in the one loop of the worker, for what nobody sends:
        connected, and taking nothing from any queue.
        """
        if subscribed.connection is not None:
            subscribed.connection.retry = ONCE
        return super()._receive_one(subscribed)

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        """With the moment at which it was first sent, which stays when it is delivered again: `doctor` looks at it."""
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
    """What this thread sends inside the block goes out at its end, in one round trip; nothing of it if it raises.

    Raises the errors of Redis: what has arrived is then not known.
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
    """Whatever in this process connects to redis:// does so by this transport, and leaves a server that is demoted."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
    # UNBLOCKED is told to those who wait in BRPOP at that moment.
    BaseParser.EXCEPTION_CLASSES |= dict.fromkeys(("READONLY", "UNBLOCKED", "MASTERDOWN"), Demoted)
