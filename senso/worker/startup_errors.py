"""A refusal of a program of Celery's, as one of our commands says it: one line, and the exit code that goes with it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from senso.errors import SensoError


@contextmanager
def in_one_line() -> Iterator[None]:
    """Celery would print an exception of ours as a fault of its own, with where it came from."""
    try:
        yield
    except SensoError as error:
        print(f"senso: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201  there is no log yet
        raise SystemExit(error.exit_code) from None
