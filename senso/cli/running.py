"""`up` and `migrate`: start the stack, and update the schema."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from senso import schema
from senso.cli import ports, upcoming
from senso.cli.environment import alone, connected
from senso.cli.printing import err, out, print_json
from senso.db import DBAPIError, looking, transaction
from senso.errors import SensoError
from senso.quantities import counted
from senso.queries import alarms
from senso.settings import clock, settings

if TYPE_CHECKING:
    from senso.stack import Child, Stack
    from senso.workflows.upcoming import Week


@dataclass(frozen=True, slots=True)
class StopSignals:
    """The signals received: the first asks to stop, the second to stop at once."""

    once: threading.Event = field(default_factory=threading.Event)
    force: threading.Event = field(default_factory=threading.Event)

    def record(self, *_: object) -> None:
        (self.force if self.once.is_set() else self.once).set()


@contextmanager
def handle_stop_signals() -> Iterator[StopSignals]:
    """Handles SIGINT, SIGTERM and SIGHUP (a closed terminal) during the block, then restores the former handlers."""
    stop_signals = StopSignals()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop_signals.record) for number in signals}
    try:
        yield stop_signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Ports:
    """None: not started."""

    flower: int | None
    api: int | None
    metrics: int | None


def up(call_workers: int | None, *, with_flower: bool, with_api: bool, with_metrics: bool) -> None:
    home = settings().senso_home.resolve()
    with handle_stop_signals() as stop_signals, alone(home):
        found = free_ports(with_flower=with_flower, with_api=with_api, with_metrics=with_metrics)
        with connected(migrate=True):
            run(stop_signals, home, call_workers or os.cpu_count() or 1, found)
    say("senso: stopped.")


def free_ports(*, with_flower: bool, with_api: bool, with_metrics: bool) -> Ports:
    """Raises ConfigError."""
    flower = api = metrics = None
    if with_flower:
        flower = ports.free("FLOWER_PORT", ports.LOOPBACK, settings().flower_port, ", or say --no-flower")
    if with_api:
        api = ports.free("PORT", settings().api_host, settings().port, ", or say --no-api")
    if with_metrics:
        host, port = settings().metrics_host, settings().metrics_port
        metrics = ports.free("METRICS_PORT", host, port, ", or say --no-metrics")
    return Ports(flower, api, metrics)


def run(stop_signals: StopSignals, home: Path, call_workers: int, at: Ports) -> None:
    from senso import stack  # noqa: PLC0415  only once nothing is refused
    from senso.cli.environment import require_redis  # noqa: PLC0415

    require_redis()
    week, timetable = foreseen()
    flower_url = settings().flower_url or (ports.url_of(ports.LOOPBACK, at.flower) if at.flower else None)
    children = [stack.api(at.api, flower_url)] if at.api is not None else []
    children += [stack.beat(home), *stack.call_workers(call_workers, settings().calls_in_flight)]
    children += [stack.control_worker()]
    children += [stack.flower(at.flower)] if at.flower is not None else []
    children += [stack.metrics(at.metrics)] if at.metrics is not None else []
    running = stack.Stack(children, say=lambda line: err.print(f"senso: {line}"), dies_on=raise_alarm)
    try:
        running.start()
        print_start(home, call_workers, at)
        upcoming.tell(week, timetable)
        running.run(stop_signals.once.is_set)
    finally:
        stop(running, stop_signals, stack.STOP_SECONDS)


def raise_alarm(child: "Child") -> None:
    """Of a child that keeps dying at its start: it may be all of them, and then nobody else is left to tell."""
    from senso.workflows.alarms import watching  # noqa: PLC0415  it is seldom needed

    with suppress(SensoError, DBAPIError), transaction() as db:
        alarms.restarted(db, socket.gethostname(), child.name, child.last_code, child.deaths)
    watching.Watch().once()


def foreseen() -> tuple["Week", Path]:
    """The week's scheduled runs and the timetable's path. Raises ConfigError for a timetable that would crash beat."""
    from senso.tasks import schedule_file  # noqa: PLC0415  Celery takes long to import
    from senso.workflows import upcoming  # noqa: PLC0415

    schedule_file.load()
    with looking() as db:
        return upcoming.estimate_week(db, clock(), schedule_file.hour()), schedule_file.path()


def print_start(home: Path, call_workers: int, at: Ports) -> None:
    workers = f"{counted(call_workers, 'call worker')} of up to {counted(settings().calls_in_flight, 'call')} at a time"
    out.print(f"senso is up in {home}: {workers}, control, beat.", soft_wrap=True)
    if at.flower is not None:
        out.print(f"Flower: {ports.url_of(ports.LOOPBACK, at.flower)}")
    if at.api is not None:
        out.print(f"API: {ports.url_of(settings().api_host, at.api)}")
    if at.metrics is not None:
        out.print(f"Metrics: {ports.url_of(settings().metrics_host, at.metrics)}/metrics")
    out.print("Stop it with Ctrl-C.")


def stop(running: "Stack", stop_signals: StopSignals, most_seconds: int) -> None:
    say(f"senso: stopping: calls under way have up to {most_seconds} s. Ctrl-C again stops at once.")
    left = running.stop(stop_signals.force.is_set)
    if left:
        why = "as told" if stop_signals.force.is_set() else f"after {most_seconds} s"
        say(f"senso: cut off {why}: {', '.join(left)}. What they had under way is done again at the next start.")


def say(line: str) -> None:
    """Ignores a closed terminal, which must not prevent an orderly stop."""
    with suppress(OSError):
        out.print(line)


def migrate(*, as_json: bool) -> None:
    with connected(migrate=True):
        head = schema.head_revision()
    if as_json:
        print_json({"revision": head})
    else:
        out.print(f"The schema is at revision {head}.")
