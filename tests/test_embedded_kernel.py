"""What differs between Linux and macOS; macOS is told by a name, its `lsof` by a script."""

import os
import signal
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


def test_on_linux_a_command_is_told_of_the_end_of_its_parent():
    assert kernel.ending_with_us(signal.SIGTERM) == ("setpriv", "--pdeathsig=TERM")


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
