from typing import Any

from celery.backends.redis import RedisBackend


class GuardedRedisBackend(RedisBackend):  # type: ignore[misc]
    """Tries the note that a chord's member is done again when Redis hiccups.

    The stock backend writes it once: one connection error on one of sixty parts and the body never runs, although the
    member's own result says success. Safe since 5.7, whose Lua step counts each task id once.
    """

    def on_chord_part_return(self, request: Any, state: str, result: Any, **options: Any) -> Any:
        part = super().on_chord_part_return
        return self.ensure(lambda: part(request, state, result, **options), ())

    def add_pending_result(self, result: Any, *_: Any, **__: Any) -> Any:
        """Nobody here waits for a result. The stock backend subscribes to each member of every chord that is sent and
        never lets go of it: two thousand members are two thousand subscriptions, kept for the life of the worker."""
        return result

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """No subscription when a task is sent, for the same reason."""
