"""Where the limits and breakers of the models stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from senso.reads.gauges import Model


class Standing(Protocol):
    """Of one model. `requests_used`, `tokens_used`: of the last 60 s. `waits`, `waited_ms`: of all calls so far."""

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def requests_used(self) -> int: ...
    @property
    def tokens_used(self) -> int: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def in_flight_limit(self) -> int | None: ...
    @property
    def not_before(self) -> datetime | None: ...
    @property
    def breaker(self) -> str: ...
    @property
    def waits(self) -> int: ...
    @property
    def waited_ms(self) -> int: ...


def standings(models: Sequence[Model]) -> Sequence[Standing]:  # noqa: ARG001
    """Of no model: this version has no limits that workers share."""
    return ()
