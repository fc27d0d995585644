"""What a command says of a mistake of ours: one line, with nothing in it that stands in a row."""

import os
import signal
import subprocess
import sys
import time

import pytest
from shell import Shell
from sqlalchemy import text

from senso.cli import status
from senso.db import transaction


def break_the_look(*_: object, **__: object) -> None:
    with transaction() as db:
        db.execute(text("INSERT INTO partners (id, name) VALUES (:id, 'Larch Hill')"), {"id": "no id"})


@pytest.mark.usefixtures("database")
def test_a_statement_that_is_wrong_is_said_in_one_line_without_itself_and_its_values(monkeypatch, capsys):
    monkeypatch.setattr(status, "status", break_the_look)

    done = Shell(monkeypatch, capsys)("status")

    assert done.code == 1
    assert done.err.startswith("senso: internal error, DataError: invalid input syntax for type uuid")
    assert done.err.count("\n") == 1
    assert not [word for word in ("INSERT", "Larch Hill", "[SQL", "sqlalche.me") if word in done.err]


# It says "began" once main() has: what comes before is Python's own.
BEGINNING = """
import gc, os
from senso.cli import main
set_threshold = gc.set_threshold
gc.set_threshold = lambda count: (set_threshold(count), os.write(1, b"began\\n"))
main()
"""


@pytest.mark.parametrize("seconds", [0.02, 0.05, 0.1, 0.15, 0.2])
def test_whoever_stops_a_command_in_its_first_moment_sees_no_traceback(seconds):
    command = subprocess.Popen(
        [sys.executable, "-c", BEGINNING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert command.stdout.readline() == "began\n"
    time.sleep(seconds)
    command.send_signal(signal.SIGINT)

    _, said = command.communicate(timeout=30)

    assert "Traceback" not in said


@pytest.mark.usefixtures("database")
def test_a_full_disk_under_the_output_is_said_as_that():
    with open("/dev/full", "w") as full:  # noqa: PTH123  a device, and no file of ours
        done = subprocess.run(
            [sys.executable, "-m", "senso.cli", "status"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=os.environ,
        )  # fmt: skip

    assert (done.returncode, done.stderr) == (1, "senso: cannot write: No space left on device; make room\n")
