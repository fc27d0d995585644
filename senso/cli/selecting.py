"""Filters of `cancel` and `retry`: which batches they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from senso.cli.environment import short, uuid
from senso.cli.status import moment_since
from senso.errors import ConfigError
from senso.queries.selections import Filters
from senso.states import BatchState

OPTIONS = "--state, --since, --reason, --partner, --org"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was typed: a batch, or filters."""

    batch: str | None
    states: Sequence[BatchState]
    since: str | None
    reason: str | None
    partner: str | None
    org: str | None

    def only(self) -> UUID | None:
        """The batch that was named. Raises ConfigError unless it is either a batch or filters."""
        is_filtered = any(value is not None for value in (self.since, self.reason, self.partner, self.org))
        if self.batch is None and not (self.states or is_filtered):
            raise ConfigError(f"say which: the id of a batch, or filters: {OPTIONS}")
        if self.batch is not None and (self.states or is_filtered):
            raise ConfigError(f"a batch, or filters over all of them ({OPTIONS}); not both")
        return None if self.batch is None else uuid(self.batch, "batch")

    def filters(self) -> Filters:
        """Raises ConfigError for a value that cannot be meant."""
        return Filters(
            batch=self.only(),
            states=tuple(self.states),
            since=moment_since(self.since) if self.since is not None else None,
            reason=short("--reason", self.reason) if self.reason is not None else None,
            partner=uuid(self.partner, "partner") if self.partner is not None else None,
            org=uuid(self.org, "org") if self.org is not None else None,
        )

    def said(self, *, reopen: bool = False) -> dict[str, Any]:
        """As it is recorded, by which a command that goes on with an interrupted one finds it."""
        typed = {"since": self.since, "reason": self.reason, "partner": self.partner, "org": self.org}
        found: dict[str, Any] = {name: value for name, value in typed.items() if value is not None}
        states = {"state": sorted(self.states)} if self.states else {}
        return found | states | ({"reopen": True} if reopen else {})
