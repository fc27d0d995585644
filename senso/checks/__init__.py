"""Checks of everything that the product depends on, one check for each requirement.

A check is a function that returns findings and does not raise the errors that it looks for. `senso doctor` prints all
findings; `migrate`, `up` and workers refuse to start on a fault of Postgres or Redis that would cost answers later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from senso.errors import ConfigError, SensoError, Unreachable

State = Literal["ok", "note", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`: what was checked, what was found, why it matters, what to do about it.

    `ok` has neither `why` nor `do`. A `note` needs no action, a `warning` action soon. A `fault` stops the product:
    if `reachable` is False, a server did not answer, which may pass by itself (exit 5); otherwise a setting is wrong
    (exit 2).
    """

    name: str
    state: State
    said: str
    why: str = ""
    do: str = ""
    reachable: bool = True

    @property
    def line(self) -> str:
        """The text of an error, in one line."""
        return "; ".join(part for part in (f"{self.name}: {self.said}", self.why, self.do) if part)

    @property
    def error(self) -> SensoError:
        return ConfigError(self.line) if self.reachable else Unreachable(self.line)


def require(findings: Iterable[Finding]) -> None:
    """Raises ConfigError or Unreachable for the first fault."""
    for one in findings:
        if one.state == "fault":
            raise one.error
