"""The handlers of Celery's signals: a worker starts, takes and ends tasks, and stops."""

from typing import Any

from celery.signals import task_postrun, task_prerun, worker_init, worker_ready, worker_shutdown

from senso import extraction, publishing
from senso.limits.process import allowances
from senso.runtime.garbage import spare_imported_modules
from senso.runtime.heartbeat import heartbeat
from senso.runtime.progress import progress
from senso.tasks import canvas
from senso.tasks.app import app
from senso.worker import shutdown, watchdog
from senso.worker.queues import CALL_QUEUES
from senso.workflows.alarms import watching

app.steps["worker"].add(shutdown.HeartbeatStep)
task_prerun.connect(progress.began, weak=False)
task_postrun.connect(progress.ended, weak=False)


@worker_init.connect
def begin(**_: Any) -> None:
    shutdown.let_threads_end()
    publishing.register(canvas.publish)


@worker_ready.connect
def take_messages(**_: Any) -> None:
    if app.amqp.queues.consume_from.keys() & CALL_QUEUES:
        extraction.load()
    spare_imported_modules()
    shutdown.close_slots_when_told_to_stop()
    watchdog.watch(tuple(app.amqp.queues.consume_from))
    watching.start()


@worker_shutdown.connect
def end(**_: Any) -> None:
    allowances.leave()
    heartbeat.stop()
