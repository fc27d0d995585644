"""How the reader can type `senso`."""

import shlex
import shutil
import sys
from pathlib import Path


def command() -> str:
    """The program may not be on the PATH."""
    program = Path(sys.argv[0])
    if shutil.which("senso"):
        return "senso"
    return shlex.quote(str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program))
