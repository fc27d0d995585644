"""A worker that is told to go, seen from Celery's side: it goes calmly, and says that it has gone.

Of Celery 5.7: a cold shutdown (SIGQUIT; SIGTERM where REMAP_SIGTERM says so) waits worker_soft_shutdown_timeout, asks
the pool to end what is left, waits for the pool's threads, and sends no `worker_shutdown`, so that whoever left in
order would be taken for dead. A pool of threads has no way to end a task, and what it raises instead ends the shutdown
as an unrecoverable error, with a page of traceback and exit code 1.
"""

from typing import Any

from celery.bootsteps import StartStopStep
from celery.concurrency.thread import TaskPool
from celery.signals import worker_init

from senso.tasks.app import app
from senso.tasks.process import stop_heart


class Leaving(StartStopStep):  # type: ignore[misc]
    """At the end of a cold shutdown, as `worker_shutdown` is at the end of a warm one."""

    def start(self, worker: Any) -> None:
        pass

    def stop(self, worker: Any) -> None:
        pass

    def terminate(self, worker: Any) -> None:  # noqa: ARG002  Celery's signature
        stop_heart()


app.steps["worker"].add(Leaving)


@worker_init.connect
def let_threads_end(**_: Any) -> None:
    TaskPool.terminate_job = leave_alone


def leave_alone(_pool: TaskPool, _pid: int, _signal: int | None = None) -> None:
    """Its call ends by itself and is saved, or the process is killed and another takes over."""
