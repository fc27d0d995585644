"""A call that was allowed, and what came of asking for several."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Permit:
    """A call that may be made, once.

    `size`: tokens known before the call; `cost`: all that were reserved, in `bucket` of the window. `epoch`: of the
    breaker when it was given: what an older one reports says nothing about the present. `probe`: it tries, for all,
    whether the vendor is back.
    """

    purpose: str
    size: int
    cost: int
    bucket: int
    epoch: int
    taken_at: float
    probe: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """`waits`: seconds for each of the calls that were not allowed. `why`: the first of them was not."""

    permits: list[Permit]
    waits: list[float]
    why: str | None = None
