"""What a request asks for wrongly, as 422 with where and what."""

from collections.abc import Iterator
from contextlib import contextmanager

from senso.api.problems import LONGEST_WHERE, invalid
from senso.errors import ConfigError
from senso.imports.source import ImportRefused, Place


@contextmanager
def query() -> Iterator[None]:
    """Filters that our own code refuses, such as a period that ends before it begins."""
    try:
        yield
    except ConfigError as error:
        raise invalid([("query", str(error))]) from None


@contextmanager
def body(within: Place = ()) -> Iterator[None]:
    """What an import refuses. `within`: where in an import file the body would stand."""
    try:
        yield
    except ImportRefused as error:
        place = error.place[len(within) :] if error.place[: len(within)] == within else ()
        where = ".".join(map(str, ("body", *place)))[:LONGEST_WHERE]
        raise invalid([(where, error.reason)]) from None
