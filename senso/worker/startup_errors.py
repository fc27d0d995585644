"""A start-up error of a Celery program, printed as our commands do: one line, and the matching exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from senso.errors import SensoError


@contextmanager
def in_one_line() -> Iterator[None]:
    """Celery would print our exceptions as its own internal errors, with a traceback."""
    try:
        yield
    except SensoError as error:
        print(f"senso: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201  there is no log yet
        raise SystemExit(error.exit_code) from None
