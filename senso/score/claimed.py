"""What is claimed about an org, counted."""

from dataclasses import dataclass

from senso.states import Verdict


@dataclass(frozen=True, slots=True)
class ClaimCount:
    """How many claims, and how many answers that make at least one of them."""

    claims: int = 0
    answers: int = 0


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """One claim, and how many answers make it. `sentence`, `run`: of the first of them; `url`: cited nearest to it.

    `verdict`: None if the org had no facts on file; `fact`: the one that the verdict is by.
    """

    text: str
    kind: str | None
    polarity: str | None
    verdict: Verdict | None
    fact: str | None
    sentence: str | None
    url: str | None
    run: int
    answers: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is claimed about the org in the answers that mention it. `items`: not all, if there are many."""

    answers: int = 0
    contradicted: ClaimCount = ClaimCount()
    supported: ClaimCount = ClaimCount()
    not_covered: ClaimCount = ClaimCount()
    unjudged: ClaimCount = ClaimCount()
    positive: ClaimCount = ClaimCount()
    negative: ClaimCount = ClaimCount()
    neutral: ClaimCount = ClaimCount()
    items: tuple[ClaimedItem, ...] = ()

    @property
    def by_verdict(self) -> dict[str, ClaimCount]:
        return {name: getattr(self, name) for name in ("contradicted", "supported", "not_covered", "unjudged")}

    @property
    def by_polarity(self) -> dict[str, ClaimCount]:
        return {name: getattr(self, name) for name in ("positive", "negative", "neutral")}

    @property
    def claims(self) -> int:
        return sum(one.claims for one in self.by_verdict.values())
