"""`up`, `migrate`: what runs."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from senso import schema
from senso.cli.printing import err, out, print_json
from senso.cli.surroundings import alone, connected
from senso.errors import ConfigError
from senso.settings import settings


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """Set by Ctrl-C, by a terminal that closes and by whoever stops services; then put back as it was."""
    told = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: told.set()) for number in signals}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def up(call_workers: int | None, *, with_flower: bool) -> None:
    home = settings().senso_home.resolve()
    if with_flower:
        require_free_port(settings().flower_port)
    with told_to_stop() as told, alone(home), connected(migrate=True):
        from senso import stack  # noqa: PLC0415  needs the servers' URLs
        from senso.cli.surroundings import require_redis  # noqa: PLC0415

        require_redis()
        cores = call_workers or os.cpu_count() or 1
        children = [stack.beat(home), *stack.call_workers(cores), stack.control_worker()]
        children += [stack.flower()] if with_flower else []
        running = stack.Stack(children, say=lambda line: err.print(f"senso: {line}"))
        out.print(f"senso is up: {cores} call workers of {settings().calls_in_flight} calls at a time, control, beat")
        if with_flower:
            out.print(f"Flower: http://127.0.0.1:{settings().flower_port}   stop: Ctrl-C")
        try:
            running.start()
            running.run(told.is_set)
        finally:
            out.print("stopping")
            running.stop()


def require_free_port(port: int) -> None:
    """Raises ConfigError. Flower would die of it again and again, each time with a page of its own words."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise ConfigError(f"FLOWER_PORT: {port}: {why}; set another port, or say --no-flower") from None


def migrate(*, as_json: bool) -> None:
    with connected(migrate=True):
        head = schema.head_revision()
    if as_json:
        print_json({"revision": head})
    else:
        out.print(f"The schema is at revision {head}.")
