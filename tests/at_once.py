"""Several commands at the same moment, each in a process of its own.

A parent imports what they need once and forks them, so that they differ by microseconds and not by the time of
imports. What depends on the environment is read by the commands themselves.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from processes import LIBRARIES, OURS, PATIENCE_SECONDS

ALSO = ("celery.app.amqp", "celery.backends.redis", "celery.canvas", "redis", "rich.markup", "rich.pretty")
ALSO += tuple(f"senso.{name}" for name in (*OURS, "cli.bulk_changes", "cli.cancelling", "cli.triggering", "cli.status"))
ALSO += ("senso.checks.redis", "senso.worker.queues", "senso.workflows.membership", "senso.workflows.retrying")
ALSO += ("senso.workflows.bulk_changes", "senso.workflows.finishing", "senso.embedded.server", "senso.reads.status")


@dataclass(frozen=True)
class Ended:
    """`code`: negative if a signal has ended it."""

    code: int
    out: str
    err: str


class AtOnce:
    """`at_once(["retry", batch], ["cancel", batch])`: runs them to their ends. `more`: variables beside the test's."""

    def __init__(self) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        )

    def __call__(self, *commands: Sequence[object], **more: str) -> list[Ended]:
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"COLUMNS": "100"} | more
            wanted = [[str(word) for word in command] for command in commands], dict(environment), folder
            self.parent.stdin.write(json.dumps(wanted) + "\n")
            self.parent.stdin.flush()
            codes = json.loads(self.parent.stdout.readline())
            return [
                Ended(code, Path(folder, f"{number}.out").read_text(), Path(folder, f"{number}.err").read_text())
                for number, code in enumerate(codes)
            ]

    def close(self) -> None:
        self.parent.communicate(timeout=10)


def fork_all(commands: Sequence[list[str]], environment: Mapping[str, str], folder: str) -> list[int]:
    wait, go = os.pipe()
    children = [
        forked(command, environment, f"{folder}/{number}", (wait, go)) for number, command in enumerate(commands)
    ]
    os.close(wait)
    os.close(go)  # the children, which wait for its end, begin
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def forked(command: list[str], environment: Mapping[str, str], output: str, gate: tuple[int, int]) -> int:
    child = os.fork()
    if child:
        return child
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((0, os.devnull), (1, f"{output}.out"), (2, f"{output}.err")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), number)
    signal.alarm(PATIENCE_SECONDS)
    os.close(gate[1])
    os.read(gate[0], 1)
    sys.argv = ["senso", *command]
    from senso.cli import main  # noqa: PLC0415

    main()
    raise AssertionError("main exits")


if __name__ == "__main__":
    for module in (*LIBRARIES, *ALSO):
        importlib.import_module(module)
    while line := sys.stdin.readline():
        codes = fork_all(*json.loads(line))
        os.write(1, f"{json.dumps(codes)}\n".encode())
