"""kombu's Redis transport where Redis is full, a line is lost in a worker's loop, or a server is demoted.

In these cases stock kombu 5.7 ends the worker or blocks it for ever. Messages are stored as stock kombu stores them, so
stock clients can read them. Nothing else is changed: a message is a group of runs, and saving time per message gained
nothing measurable (docs/speed.md).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from kombu.utils.json import dumps
from redis._parsers.base import BaseParser
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, OutOfMemoryError, ResponseError  # noqa: A004  the library's name for it
from redis.retry import Retry

from senso.log import logger

__all__ = ["Transport", "install"]

log = logger(__name__)
ONCE = Retry(NoBackoff(), 0)
# One script for stock kombu's transaction of four commands. It writes both keys or neither: a crash in between would
# leave a message that is never found.
TAKE = """
    redis.call('zadd', KEYS[1], ARGV[1], ARGV[3])
    redis.call('hset', KEYS[2], ARGV[3], ARGV[2])
"""
# Not a transaction either: a full Redis refuses commands that are queued in one, even those that only delete.
ACK = """
    redis.call('zrem', KEYS[1], ARGV[1])
    redis.call('hdel', KEYS[2], ARGV[1])
"""


class Demoted(ConnectionError):
    """The server became a replica while we were connected to it: reconnecting finds the new primary.

    Stock redis-py takes this for an error of the command, and a worker would keep asking the old server for ever.
    """


@contextmanager
def unless_full(said: str) -> Iterator[None]:
    """Logs the error of a full Redis. Stock kombu raises it, which ends the worker and all its work in progress.

    Messages that are lost here are sent again from their rows.
    """
    try:
        yield
    except ResponseError as error:
        if not is_full(error):
            raise
        log.warning("Redis is full", outcome=said)


def is_full(error: ResponseError) -> bool:
    """Redis 6.2 wraps the error of a command in that of the script that holds it."""
    return isinstance(error, OutOfMemoryError) or "-OOM " in str(error)


class QoS(redis.QoS):
    """Notes and acknowledges a message in one command each, which a full Redis refuses alone or not at all."""

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
        """Raises the errors of Redis."""
        super(redis.QoS, self).ack(delivery_tag)
        if not self.is_orphaned:
            with self.channel.conn_or_acquire() as client:
                self.let_go([self.unacked_index_key, self.unacked_key], [delivery_tag], client)

    @property
    def is_orphaned(self) -> bool:
        """Whether the channel has lost its transport.

        After a lost connection kombu may close a channel whose transport is gone already, and with it the address of
        Redis: stock kombu then ends the worker with an AttributeError. The messages stay in `unacked`, and are sent
        again from their rows.
        """
        return getattr(self.channel.connection, "client", None) is None

    def restore_by_tag(self, *arguments: Any, **options: Any) -> None:
        """A message that cannot be requeued stays in `unacked`, and is sent again from its row."""
        with unless_full("a message was not given back"):
            super().restore_by_tag(*arguments, **options)

    def restore_visible(self, *arguments: Any, **options: Any) -> None:
        with unless_full("messages of dead workers were not given back"):
            super().restore_visible(*arguments, **options)

    def restore_unacked_once(self, stderr: Any = None) -> None:
        """Called when the channel closes, for any reason."""
        if not self.is_orphaned:
            super().restore_unacked_once(stderr)


class Channel(redis.Channel):
    QoS = QoS

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
        super()._put(queue, message, **options)


class Transport(redis.Transport):
    Channel = Channel


def install() -> None:
    """All redis:// connections of this process use this transport, and leave a server that is demoted."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
    # Clients that are blocked in BRPOP at that moment get UNBLOCKED.
    BaseParser.EXCEPTION_CLASSES |= dict.fromkeys(("READONLY", "UNBLOCKED", "MASTERDOWN"), Demoted)
