"""What Linux does for the servers and macOS does not: end them with their guardian, and say where a process works.

On macOS, servers whose guardian was killed go on until the next command, which stops them before it starts its own.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

LINUX = "linux"
MACOS = "darwin"
LSOF = "/usr/sbin/lsof"
LSOF_SECONDS = 5


def missing_tool() -> str | None:
    """A program of the operating system that the embedded servers need and that is not there."""
    needed = ("setpriv", "unshare") if sys.platform == LINUX else ()
    return next((tool for tool in needed if not shutil.which(tool)), None)


def ending_with_us(by: signal.Signals) -> tuple[str, ...]:
    """Goes before a command: if this process is killed, the kernel sends that signal to the command's process."""
    return ("setpriv", f"--pdeathsig={by.name.removeprefix('SIG')}") if sys.platform == LINUX else ()


def works_in(pid: str, folder: Path) -> bool | None:
    """Whether the process works in the folder; None if that is unknown, because it belongs to another user."""
    if sys.platform == MACOS:
        return str(folder) == working_folder(pid)
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except PermissionError:
        return None
    except OSError:
        return False  # gone, or a zombie whose parent does not wait for it


def working_folder(pid: str, lsof: str = LSOF) -> str | None:
    """None for a process that is gone."""
    command = [lsof, "-a", "-p", pid, "-d", "cwd", "-Fn"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LSOF_SECONDS)
    return next((line[1:] for line in done.stdout.splitlines() if line.startswith("n")), None)
