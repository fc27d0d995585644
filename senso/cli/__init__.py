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
# What imports make is no garbage, and by default it is looked through a hundred times: a seventh of a command.
FEW_COLLECTIONS = 50_000


def main() -> NoReturn:
    """Ctrl-C ends it quietly also while it imports, which is most of what it does in its first moment."""
    try:
        code = ended()
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def interrupted_at_once() -> Iterator[None]:
    """For imports: Python may print the exception of a Ctrl-C there and continue. An ignored SIGINT stays ignored."""
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
    except Exception as error:  # noqa: BLE001  each ends as a line and an exit code
        return failed(error)
    return code


def publish(ids: list[int]) -> None:
    """What a command has enqueued. Needs the broker's URL, which a command may only find out."""
    from senso.tasks import pipelines  # noqa: PLC0415  few commands enqueue anything, and Celery takes long to import

    pipelines.publish(ids)


def failed(error: Exception) -> int:
    """A full disk under what it prints to is nobody's mistake; the rest is ours."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return fail(f"cannot write: {error.strerror}; make room", 1)
    if "sentry_sdk" in sys.modules:  # it does nothing unless a command has started it
        sys.modules["sentry_sdk"].capture_exception(error)
    if os.environ.get("SENSO_DEBUG"):
        raise error
    return fail(f"internal error, {type(error).__name__}: {cause(error)}; SENSO_DEBUG=1 shows where", 1)


def cause(error: Exception) -> str:
    """Its first line; of a statement that failed what Postgres says, and neither the statement nor its values."""
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0] if said else "no word of why"


def misused(error: Any) -> int:
    """Help, where nothing was said; one line, where it was said wrongly."""
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
