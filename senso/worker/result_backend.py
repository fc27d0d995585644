"""Celery's result backend, which counts the members of chords, when Redis fails or is full."""

from typing import Any

from celery.backends.redis import RedisBackend
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from senso.log import logger

log = logger(__name__)


class GuardedRedisBackend(RedisBackend):  # type: ignore[misc]
    """Retries the write that counts a finished member of a chord when a connection to Redis fails.

    The stock backend writes it once: after one connection error on one of sixty members the body never runs, although
    the member's own result says success. Safe since 5.7, whose Lua script counts each task id once.

    What Redis refuses permanently, such as a write while it is full, is not raised: Celery would neither acknowledge
    the message nor free the slot of its task, and a worker without free slots takes no more messages. The rows are
    counted down independently of the chord and end the batch without it.
    """

    def on_chord_part_return(self, request: Any, state: str, result: Any, **options: Any) -> Any:
        part = super().on_chord_part_return
        try:
            return self.ensure(lambda: part(request, state, result, **options), ())
        except (RedisError, KombuError) as error:
            log.warning("a part of a chord could not be noted", task_id=request.id, error=type(error).__name__)
            return None

    def add_pending_result(self, result: Any, *_: Any, **__: Any) -> Any:
        """Does not subscribe: no process waits for a result.

        The stock backend subscribes to each member of every chord that is sent and never unsubscribes: two thousand
        members are two thousand subscriptions, kept for the life of the worker.
        """
        return result

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """No subscription when a task is sent, for the same reason."""
