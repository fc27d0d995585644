"""`senso`: parsing and printing, nothing else. An error is one line on stderr that says what to do."""

import errno
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

WRONG_USE = 2
INTERRUPTED = 130
# Imports create no garbage, but by default the collector scans their objects a hundred times: 1/7 of a command's time.
FEW_COLLECTIONS = 50_000


def main() -> NoReturn:
    """Exits quietly on Ctrl-C, also during imports, which take most of a command's first moment."""
    try:
        code = ended()
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def interrupted_at_once() -> Iterator[None]:
    """Exits on Ctrl-C during imports, where Python may print its exception and go on. Ignored signals stay ignored."""
    former = signal.getsignal(signal.SIGINT)
    if former is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def ended() -> Any:
    gc.set_threshold(FEW_COLLECTIONS)
    with interrupted_at_once():
        import typer  # noqa: PLC0415  see main
        from typer.exceptions import TyperException  # noqa: PLC0415

        from senso import edge, publishing  # noqa: PLC0415
        from senso.cli.commands import app  # noqa: PLC0415
        from senso.cli.encoding import be_tolerant  # noqa: PLC0415
        from senso.cli.program import forget_home  # noqa: PLC0415
        from senso.errors import SensoError  # noqa: PLC0415

    edge.supply()
    publishing.register(publish)
    be_tolerant()
    forget_home()
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        return misused(error)
    except SensoError as error:
        return fail(str(error), error.exit_code)
    except typer.Abort:
        return INTERRUPTED
    except BrokenPipeError:  # senso ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  every error becomes a line and an exit code
        return failed(error)
    return code


def publish(ids: list[int]) -> None:
    """Publishes what a command has enqueued."""
    from senso.tasks import canvas  # noqa: PLC0415  few commands enqueue anything, and Celery takes long to import

    canvas.publish(ids)


def failed(error: Exception) -> int:
    """Reports a full disk under stdout as such, and any other error as an internal one."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return fail(f"cannot write: {error.strerror}; make room", 1)
    if "sentry_sdk" in sys.modules:  # a no-op unless a command has started Sentry
        sys.modules["sentry_sdk"].capture_exception(error)
    if os.environ.get("SENSO_DEBUG"):
        raise error
    return fail(f"internal error, {type(error).__name__}: {cause(error)}; SENSO_DEBUG=1 shows where", 1)


def cause(error: Exception) -> str:
    """The error's first line. For a failed statement, Postgres's message without the statement and its values."""
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0] if said else "no word of why"


def misused(error: Any) -> int:
    """Prints the help if there are no arguments, or one line if they are wrong."""
    said = error.format_message() if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(said)  # noqa: T201
        return WRONG_USE
    context = getattr(error, "ctx", None)
    more = f"; see: {context.command_path} --help" if context else ""
    return fail(said.replace("Value error, ", "").rstrip(".") + more, WRONG_USE)


def fail(message: str, code: int) -> int:
    from senso.cli.program import pasteable  # noqa: PLC0415  see main

    print("senso: " + pasteable(" ".join(message.split())), file=sys.stderr)  # noqa: T201
    return code
