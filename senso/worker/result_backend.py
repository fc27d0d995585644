from typing import Any

from celery.backends.redis import RedisBackend
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from senso.log import logger

log = logger(__name__)


class GuardedRedisBackend(RedisBackend):  # type: ignore[misc]
    """Tries the note that a chord's member is done again when Redis hiccups.

    The stock backend writes it once: one connection error on one of sixty parts and the body never runs, although the
    member's own result says success. Safe since 5.7, whose Lua step counts each task id once.

    What Redis refuses for good, such as a write while it is full, is not raised: Celery would neither acknowledge the
    message nor free the slot of its task, and a worker without free slots takes nothing any more. The rows count down
    beside the chord and end the batch without it.
    """

    def on_chord_part_return(self, request: Any, state: str, result: Any, **options: Any) -> Any:
        part = super().on_chord_part_return
        try:
            return self.ensure(lambda: part(request, state, result, **options), ())
        except (RedisError, KombuError) as error:
            log.warning("a part of a chord could not be noted", task_id=request.id, error=type(error).__name__)
            return None

    def add_pending_result(self, result: Any, *_: Any, **__: Any) -> Any:
        """Nobody here waits for a result. The stock backend subscribes to each member of every chord that is sent and
        never lets go of it: two thousand members are two thousand subscriptions, kept for the life of the worker."""
        return result

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """No subscription when a task is sent, for the same reason."""
