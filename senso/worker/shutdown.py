"""Lets Celery stop a worker without an error, and starts and ends its heartbeat.

In Celery 5.7 a cold shutdown (SIGQUIT; with REMAP_SIGTERM also SIGTERM) waits worker_soft_shutdown_timeout, asks the
pool to terminate the remaining tasks, waits for the pool's threads, and sends no `worker_shutdown`, so that a worker
that stopped in order would be considered dead. A thread pool cannot terminate a task; the error that it raises instead
ends the shutdown as an unrecoverable error, with a page of traceback and exit code 1.
"""

import signal
from collections.abc import Callable
from typing import Any

from celery.bootsteps import StartStopStep
from celery.concurrency.thread import TaskPool

from senso.runtime.call_slots import call_slots
from senso.runtime.heartbeat import heartbeat
from senso.worker.signals import defer_until_waiting


class HeartbeatStep(StartStopStep):  # type: ignore[misc]
    """Starts once Celery handles signals: a worker told to stop before that has no heartbeat that nobody would end.

    It ends at the end of a cold shutdown, as with `worker_shutdown` at the end of a warm one.
    """

    def start(self, worker: Any) -> None:  # noqa: ARG002  Celery's signature
        heartbeat.start()

    def stop(self, worker: Any) -> None:
        pass

    def terminate(self, worker: Any) -> None:  # noqa: ARG002  Celery's signature
        heartbeat.stop()


def let_threads_end() -> None:
    TaskPool.terminate_job = skip_termination


def close_slots_when_told_to_stop() -> None:
    """In the signal's handler: Celery reports a stop only after the time that it gives its tasks."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        former = signal.getsignal(number)
        if callable(former):
            signal.signal(number, closing_first(former))


def closing_first(former: Callable[..., Any]) -> Callable[..., None]:
    stop = defer_until_waiting(former)

    def closing(*said: Any) -> None:
        call_slots().close()
        stop(*said)

    return closing


def skip_termination(_pool: TaskPool, _pid: int, _signal: int | None = None) -> None:
    """The task's call ends by itself and is saved, or the process is killed and another worker takes over."""
