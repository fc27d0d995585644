"""`senso`: parsing and printing, nothing else. An error is one line on stderr that says what to do."""

import gc
import os
import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from senso.cli.encoding import be_tolerant
from senso.errors import SensoError

WRONG_USE = 2
INTERRUPTED = 130
# What imports make is no garbage, and by default it is looked through a hundred times: a seventh of a command.
FEW_COLLECTIONS = 50_000


def main() -> NoReturn:
    gc.set_threshold(FEW_COLLECTIONS)
    be_tolerant()
    from senso.cli.commands import app  # noqa: PLC0415  `senso --help` and errors should not wait for what is not used

    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        code = misused(error)
    except SensoError as error:
        code = fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:  # senso ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if "sentry_sdk" in sys.modules:  # it does nothing unless a command has started it
            sys.modules["sentry_sdk"].capture_exception(error)
        if os.environ.get("SENSO_DEBUG"):
            raise
        code = fail(f"internal error, {type(error).__name__}: {cause(error)}; SENSO_DEBUG=1 shows where", 1)
    sys.exit(code if isinstance(code, int) else 0)


def cause(error: Exception) -> str:
    """Its first line; of a statement that failed what Postgres says, and neither the statement nor its values."""
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0] if said else "no word of why"


def misused(error: TyperException) -> int:
    """Help, where nothing was said; one line, where it was said wrongly."""
    said = error.format_message() if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(said)  # noqa: T201
        return WRONG_USE
    context = getattr(error, "ctx", None)
    more = f"; see: {context.command_path} --help" if context else ""
    return fail(said.replace("Value error, ", "").rstrip(".") + more, WRONG_USE)


def fail(message: str, code: int) -> int:
    print("senso: " + " ".join(message.split()), file=sys.stderr)  # noqa: T201
    return code
