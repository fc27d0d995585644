"""What the product needs of what it stands on, each need looked at by itself.

A check is a function that returns findings and raises for nothing that it came to look at. `senso doctor` prints all of
them; `migrate`, `up` and every worker refuse to start on a fault of Postgres or Redis that would cost answers later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from senso.errors import ConfigError, SensoError, Unreachable

State = Literal["ok", "note", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`: what was looked at, what is so, why it matters, what to do about it.

    `ok` has neither `why` nor `do`. A `note` is no reason to do anything; a `warning` is one to do it soon; a `fault`
    stops the product: with `reachable` False nobody answered, which may pass by itself (exit 5), and else a setting is
    wrong (exit 2).
    """

    name: str
    state: State
    said: str
    why: str = ""
    do: str = ""
    reachable: bool = True

    @property
    def line(self) -> str:
        """As an error says it, in one line."""
        return "; ".join(part for part in (f"{self.name}: {self.said}", self.why, self.do) if part)

    @property
    def error(self) -> SensoError:
        return ConfigError(self.line) if self.reachable else Unreachable(self.line)


def require(findings: Iterable[Finding]) -> None:
    """Raises ConfigError or Unreachable for the first fault."""
    for one in findings:
        if one.state == "fault":
            raise one.error
