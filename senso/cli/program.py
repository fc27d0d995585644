"""How the reader can type `senso`: what is suggested must run as it stands when it is pasted."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

COMMANDS = (
    "cancel",
    "credits",
    "demo",
    "doctor",
    "import",
    "ledger",
    "migrate",
    "models",
    "orgs",
    "partners",
    "report",
    "retry",
    "runs",
    "sandbox",
    "show",
    "status",
    "trigger",
    "up",
    "watch",
)
SUGGESTED = re.compile(rf"(?<![\w./-])senso (?=--help\b|(?:{'|'.join(COMMANDS)})\b)")
# What must be said before the program for it to find the same servers.
before: list[str] = []


def forget_home() -> None:
    before.clear()


def keep_home() -> None:
    """For who uses the servers of SENSO_HOME: where only this command's environment says it, the next one needs it too.

    .env says it to every command.
    """
    home = os.environ.get("SENSO_HOME")
    before[:] = [f"SENSO_HOME={shlex.quote(home)} "] if home else []


def command() -> str:
    """The program may not be on the PATH."""
    program = Path(sys.argv[0])
    if shutil.which("senso"):
        return "senso"
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m senso.cli"
    return shlex.quote(str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program))


def pasteable(said: str) -> str:
    """With every command of ours in it as the reader can type it. For our own words, not for those of others."""
    return SUGGESTED.sub(lambda _: f"{''.join(before)}{command()} ", said)
