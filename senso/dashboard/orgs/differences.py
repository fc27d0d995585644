"""What has changed since the last time, in the order in which a manager asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from senso.comparison import HEADLINES, Change
from senso.numbers.verdicts import Verdict
from senso.reads.change_words import is_part
from senso.reads.comparisons import Comparison
from senso.reports.content import ORDER

Pool = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Differences:
    """`headlines`: the main numbers of each whole pool, in the order of reading. `moved`: what else moved.

    `tried`: how many numbers were compared by chance; `read_otherwise`: another model or prompt has read the answers.
    """

    before: str
    after: str
    headlines: Sequence[tuple[Pool, Sequence[Change]]]
    moved: Sequence[Change]
    has_moved: int
    tried: int
    read_otherwise: bool


def differences(found: Comparison) -> Differences:
    main = [one for one in found.changes if one.name in HEADLINES and not is_part(one)]
    moved = [one for one in found.changes if one.verdict is Verdict.MOVED]
    return Differences(
        before=str(found.before),
        after=str(found.after),
        headlines=[(pool, some) for pool in ORDER if (some := of_pool(main, pool))],
        moved=[one for one in moved if one not in main],
        has_moved=len(moved),
        tried=sum(one.corrected_p is not None for one in found.changes),
        read_otherwise=found.was.readers != found.now.readers,
    )


def of_pool(changes: Sequence[Change], pool: Pool) -> list[Change]:
    mine = [one for one in changes if (one.kind, one.surface) == pool]
    return sorted(mine, key=lambda one: HEADLINES.index(one.name))
