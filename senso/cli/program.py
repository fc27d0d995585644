"""How the user can call `senso`: a suggested command must run unchanged when it is pasted."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

COMMANDS = (
    "alarms",
    "api",
    "backup",
    "cancel",
    "compare",
    "credits",
    "demo",
    "doctor",
    "eval",
    "explain",
    "export-training",
    "import",
    "ledger",
    "mcp",
    "metrics",
    "migrate",
    "models",
    "names",
    "orgs",
    "partners",
    "pause",
    "prompts",
    "providers",
    "prune",
    "reevaluate",
    "report",
    "restore",
    "resume",
    "retry",
    "rotate-keys",
    "runs",
    "sandbox",
    "show",
    "status",
    "token",
    "trigger",
    "up",
    "watch",
    "webhooks",
)
SUGGESTED = re.compile(rf"(?<![\w./-])senso (?=--help\b|(?:{'|'.join(COMMANDS)})\b)")
# What a suggested command must start with to find the same servers.
before: list[str] = []


def forget_home() -> None:
    before.clear()


def keep_home() -> None:
    """For commands that use SENSO_HOME's servers: if only this command's environment sets it, the next one must, too.

    A value in .env applies to every command.
    """
    home = os.environ.get("SENSO_HOME")
    before[:] = [f"SENSO_HOME={shlex.quote(home)} "] if home else []


def command() -> str:
    """How to call this program, which may not be on the PATH."""
    program = Path(sys.argv[0])
    if shutil.which("senso"):
        return "senso"
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m senso.cli"
    return shlex.quote(str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program))


def pasteable(said: str) -> str:
    """The text with every `senso` command in it as the user can type it. For texts of ours, not for those of others."""
    return SUGGESTED.sub(lambda _: f"{''.join(before)}{command()} ", said)
