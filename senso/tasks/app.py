"""The Celery app, and how a task is declared."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging, task_postrun, task_prerun, worker_init
from structlog.contextvars import bind_contextvars, clear_contextvars

from senso import edge, log, sentry
from senso.checks import encryption, postgres, redis, require
from senso.schema import require_head
from senso.settings import moved_clock, secret, settings
from senso.worker import logs, versions
from senso.worker.queues import ALL_QUEUES
from senso.worker.startup_errors import in_one_line

with in_one_line():
    versions.require(allow_others=lambda: settings().untested_celery)

# These import inner parts of Celery and kombu, which another version may not have.
from senso.worker import transport
from senso.worker.events import Amqp
from senso.worker.result_backend import GuardedRedisBackend

edge.supply()
transport.install()
# The warning is about messages that run code when they are deserialized; ours are JSON, and nothing else is accepted.
warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")
MODULES = ("senso.tasks.stages", "senso.tasks.periodic", "senso.tasks.lifecycle")
app = Celery("senso", amqp=Amqp, include=MODULES)
app.config_from_object("senso.worker.configuration")


@app.on_configure.connect
def refuse_wrong_settings(**_: Any) -> None:
    """Called first: Celery's own settings are derived from ours."""
    with in_one_line():
        for name in ("database_url", "redis_url"):
            secret(getattr(settings(), name), name.upper())


def of_celery() -> list[Any]:
    from sentry_sdk.integrations.celery import CeleryIntegration  # noqa: PLC0415  only where there is a DSN

    return [CeleryIntegration(monitor_beat_tasks=False)]


def task(name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A task `senso.<name>`; the routes determine its queue."""
    return app.task(name=f"senso.{name}", **options)  # type: ignore[no-any-return]


@setup_logging.connect
def use_our_logs(**_: Any) -> None:
    log.configure(settings().log_format)
    logs.shorten()


@celeryd_init.connect
def watch_worker(**_: Any) -> None:
    sentry.start("worker", settings().sentry_dsn, settings().environment, of_celery)


@beat_init.connect
def watch_beat(**_: Any) -> None:
    sentry.start("beat", settings().sentry_dsn, settings().environment, of_celery)


@celeryd_init.connect
@beat_init.connect
def check_servers(**_: Any) -> None:
    """Celery silently ignores a misconfigured backend, and a worker without the schema fails every task.

    A worker whose Postgres cannot store its results fails them, too, as does one that cannot read what is encrypted. If
    Redis is unreachable, Celery itself waits for
    it; if it lacks something, Celery would wait for ever.
    """
    with in_one_line():
        require(postgres.findings(settings().database_pool_size))
        require_head()
        require(encryption.findings())
        require(one for one in redis.findings(ALL_QUEUES) if one.reachable)


@celeryd_init.connect
@beat_init.connect
def say_moved_clock(**_: Any) -> None:
    said = moved_clock()
    if said:
        log.logger(__name__).warning(said)


@worker_init.connect
def require_guarded_backend(**_: Any) -> None:
    if not isinstance(app.backend, GuardedRedisBackend):
        raise SystemExit(f"senso: the result backend is {type(app.backend).__name__}, not the guarded one")


# The kind of id in a task's first argument, bound to all lines it logs; tasks of many runs or jobs name each.
SUBJECTS = {
    "senso.open_batch": "batch",
    "senso.find_names": "batch",
    "senso.ask_batch": "batch",
    "senso.finish_batch": "batch",
    "senso.cancel_snapshots": "batch",
    "senso.push": "push",
}


@task_prerun.connect
def bind_task(task_id: str, task: Any, args: Sequence[Any], **_: Any) -> None:
    subject = {SUBJECTS[task.name]: args[0]} if task.name in SUBJECTS and args else {}
    bind_contextvars(task=task.name, task_id=task_id, **subject)


@task_postrun.connect
def unbind_task(**_: Any) -> None:
    clear_contextvars()
