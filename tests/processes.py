"""`senso` in a process of its own that starts at once: a parent that has imported the libraries forks it.

A command from nothing takes two seconds to import what it needs, and a hundred of them would be a test nobody runs.
What depends on the environment (settings, consoles, Celery's configuration) is imported by the command itself.
"""

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = ("alembic.command", "celery", "kombu.transport.redis", "psycopg2.extras", "rich.progress", "rich.table")
LIBRARIES += ("sqlalchemy.dialects.postgresql.psycopg2", "stamina", "structlog", "tldextract")
OURS = ("cli.commands", "embedded", "imports", "push", "queries.import_checks", "queries.imports", "reads.status")
OURS += ("extraction", "models", "prices", "providers.brightdata", "providers.openai", "queries.runs", "reports.page")
OURS += ("cli.sandboxing", "sentry")
PATIENCE_SECONDS = 90


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


class Commands:
    """`commands(["status"], environment, folder)`: runs it to its end."""

    def __init__(self, folder: Path) -> None:
        self.output, self.errors = folder / "output", folder / "errors"
        self.parent = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        )

    def __call__(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Ended:
        wanted = [list(arguments), dict(environment), str(folder), str(self.output), str(self.errors)]
        self.parent.stdin.write(json.dumps(wanted) + "\n")
        self.parent.stdin.flush()
        code = int(self.parent.stdout.readline())
        return Ended(code, self.output.read_text(), self.errors.read_text())

    def close(self) -> None:
        self.parent.communicate(timeout=10)


def fork_all() -> None:
    """Returns in a child only, which then is the command; the parent waits for each and says how it ended."""
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            become(*json.loads(line))
            return
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(1, f"{code}\n".encode())
    sys.exit()


def become(arguments: list[str], environment: dict[str, str], folder: str, output: str, errors: str) -> None:
    sys.argv = ["senso", *arguments]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in enumerate((os.devnull, output, errors)):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    signal.alarm(PATIENCE_SECONDS)


if __name__ == "__main__":
    for module in (*LIBRARIES, *(f"senso.{name}" for name in OURS)):
        importlib.import_module(module)
    gc.freeze()  # a collection in a child would copy all of it
    fork_all()

    from senso.cli import main

    try:
        main()
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(ended.code or 0))  # to clear up would copy all that was imported before
