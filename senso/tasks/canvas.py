"""All workflows in one table, and the only module that sends messages.

chain 1   open_batch | find_names | ask_batch
chords    read or extract, each for a group of runs, then finish_batch, which returns at once while anything remains
          (of a network's answers: extract for all its orgs, then finish_readers)
jobs      submit_snapshot for all vendor jobs of a batch
chain 2   finish_batch | push, joined by an outbox row, since only the last of many finish_batch ends the batch

Tasks are sent by their names, a part of the wire format, so this table does not import their modules.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from celery import chain, chord, group
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from senso.db import at_once
from senso.errors import ConfigError, Unreachable
from senso.failpoints import failpoint
from senso.log import logger
from senso.queries import outbox
from senso.queries.outbox import Intent, Pipeline
from senso.runtime.call_slots import groups
from senso.settings import settings
from senso.states import FinishedBy
from senso.tasks.app import app
from senso.worker.events import gathered
from senso.worker.queues import (
    JOBS_PER_MESSAGE,
    READINGS_PER_MESSAGE,
    RUNS_PER_MESSAGE,
    SHARED_ANSWERS_PER_MESSAGE,
)

log = logger(__name__)


def task(name: str, *arguments: str) -> Any:
    return app.signature(f"senso.{name}", args=arguments, immutable=True)


def start(intent: Intent) -> Any:
    (batch,) = intent.ids
    return chain(task("open_batch", batch), task("find_names", batch), task("ask_batch", batch))


def prepare(intent: Intent) -> Any:
    (batch,) = intent.ids
    return chain(task("find_names", batch), task("ask_batch", batch))


def each_then(name: str, body: str, size: int) -> Callable[[Intent], Any]:
    """A chord: `name` for each group of `size` runs, then `body` for the batch."""

    def pipeline(intent: Intent) -> Any:
        members = [task(name, *runs) for runs in groups(intent.ids, size)]
        if not settings().use_chords:
            return group(members)
        return chord(members, task(body, str(intent.batch_id), FinishedBy.CHORD.value))

    return pipeline


def each(name: str, size: int) -> Callable[[Intent], Any]:
    """A message for each `size` ids."""

    def pipeline(intent: Intent) -> Any:
        members = [task(name, *ids) for ids in groups(intent.ids, size)]
        return group(members) if len(members) > 1 else members[0]

    return pipeline


def one(name: str, *more: str) -> Callable[[Intent], Any]:
    def pipeline(intent: Intent) -> Any:
        return task(name, *intent.ids, *more)

    return pipeline


PIPELINES: dict[str, Callable[[Intent], Any]] = {
    Pipeline.ADMIT: one("tick.admit"),
    Pipeline.START: start,
    Pipeline.PREPARE: prepare,
    Pipeline.ASK: one("ask_batch"),
    Pipeline.READ: each_then("read", "finish_batch", RUNS_PER_MESSAGE),
    Pipeline.SUBMIT: each("submit_snapshot", JOBS_PER_MESSAGE),
    Pipeline.EXTRACT: each_then("extract", "finish_batch", READINGS_PER_MESSAGE),
    Pipeline.GATHER: one("gather"),
    Pipeline.EVALUATE: each_then("extract", "finish_readers", SHARED_ANSWERS_PER_MESSAGE),
    Pipeline.FINISH: one("finish_batch", FinishedBy.ROWS.value),
    Pipeline.SWEEP_FINISH: one("finish_batch", FinishedBy.SWEEP.value),
    Pipeline.MEMBERS: one("open_members"),
    Pipeline.LEAVE: one("leave"),
    Pipeline.PUSH: one("push"),
    Pipeline.CANCEL: one("cancel_snapshots"),
    Pipeline.ALARM: one("alarm"),
    Pipeline.DELIVER: one("deliver"),
}


def publish(ids: Sequence[int]) -> None:
    """Called right after the commit of the rows. What fails here stays in the outbox, and the relay sends it."""
    failpoint("intent committed")
    try:
        with at_once() as db:
            intents = outbox.take(db, ids)
        send(intents)
    except (Unreachable, ConfigError) as error:
        log.warning("could not publish; the relay will", messages=len(ids), error=str(error))


def send(intents: Sequence[Intent]) -> int:
    """Returns how many were sent. Marks them afterwards: a crash in between sends twice, which all tasks tolerate."""
    sent = []
    for intent in intents:
        if intent.pipeline not in PIPELINES:
            log.warning("this version does not know what to send; a later one will", pipeline=intent.pipeline)
            continue
        try:
            with gathered(app.amqp):
                PIPELINES[intent.pipeline](intent).apply_async()
        except (KombuError, OperationalError, RedisError, OSError) as error:
            log.warning("could not publish; the relay will", pipeline=intent.pipeline, error=type(error).__name__)
            break
        sent.append(intent)
    if sent:
        with at_once() as db:
            outbox.published(db, sent)
    return len(sent)


def send_each(name: str, ids: Sequence[Any]) -> None:
    """Sends a message per row. The rows store when they are due again, so a lost message loses no work."""
    send_all(task(name, str(id_)) for id_ in ids)


def send_groups(name: str, ids: Sequence[Any]) -> None:
    """The same for tasks that take many runs or jobs per message."""
    send_all(task(name, *map(str, some)) for some in groups(ids, RUNS_PER_MESSAGE))


def send_all(messages: Iterable[Any]) -> None:
    with gathered(app.amqp):
        for message in messages:
            message.apply_async()
