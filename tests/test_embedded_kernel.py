"""What differs between Linux and macOS; macOS is told by a name, its `lsof` by a script."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from senso.embedded import identity, kernel
from senso.errors import Unreachable


@pytest.fixture
def macos(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")


@pytest.fixture
def lsof(tmp_path):
    """Prints as lsof does with -Fn: a line for the process, the file and the name."""
    file = tmp_path / "lsof"
    file.write_text('#!/bin/sh\n[ "$3" = 12 ] && printf "p12\\nfcwd\\nn/a folder/with\\n" || exit 1\n')
    file.chmod(0o755)
    return str(file)


def test_on_linux_a_command_ends_with_its_parent():
    command = [*kernel.ending_with_us(signal.SIGTERM), "sh", "-c", "echo ready; sleep 60"]
    parent = f"import subprocess, sys; print(subprocess.Popen({command!r}).pid, flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", parent], stdin=-1, stdout=-1, text=True)
    said = {holder.stdout.readline().strip(), holder.stdout.readline().strip()}
    (child,) = said - {"ready"}
    holder.kill()
    holder.wait()

    assert all_gone(Path(f"/proc/{child}/stat"))


def all_gone(stat: Path) -> bool:
    """Within a moment the process is gone, or a zombie that nobody waits for."""
    for _ in range(100):
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        os.sched_yield()
        signal.sigtimedwait([], 0.05)
    return False


def test_on_macos_nothing_of_linux_is_needed_or_used(macos, monkeypatch):
    monkeypatch.setenv("PATH", "")

    assert kernel.missing_tool() is None
    assert kernel.ending_with_us(signal.SIGTERM) == ()


@pytest.mark.parametrize(("pid", "found"), [("12", "/a folder/with"), ("13", None)])
def test_lsof_says_where_a_process_works(lsof, pid, found):
    assert kernel.working_folder(pid, lsof) == found


def test_a_process_works_in_its_folder_and_in_no_other(tmp_path):
    assert kernel.works_in(str(os.getpid()), Path.cwd()) is True
    assert kernel.works_in(str(os.getpid()), tmp_path) is False
    assert kernel.works_in("999999999", tmp_path) is False


@pytest.mark.skipif(os.geteuid() != 0, reason="of root")
def test_on_macos_root_is_told_to_be_somebody_else(macos):
    with pytest.raises(Unreachable, match="run senso as an ordinary user"):
        list(identity.identities())
