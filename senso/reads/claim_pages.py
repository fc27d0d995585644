"""What answers of batches claim about an org, page by page, in the order of `senso.queries.claims`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.queries.claims import GROUPED, VERDICTS
from senso.score import ClaimedItem
from senso.states import Polarity, Verdict

# Each in ascending order, so that a page begins after the values of the last row; a claim without a verdict is last.
MARK = "md5(concat_ws(chr(31), lower(text), coalesce(kind, ''), coalesce(polarity, ''), coalesce(fact, '')))"
KEY = f"coalesce(array_position({VERDICTS}, verdict), 9), -answers, run, {MARK}"
PAGE = text(f"""
    SELECT text, kind, polarity, verdict, fact, sentence, url, run, answers, {MARK} AS mark FROM ({GROUPED}) grouped
    WHERE (CAST(:verdict AS text) IS NULL OR verdict = :verdict)
        AND (CAST(:polarity AS text) IS NULL OR polarity = :polarity)
        AND (CAST(:place AS bigint) IS NULL OR ({KEY}) > (:place, :fewer, :run, :mark))
    ORDER BY {KEY} LIMIT :most
""")
NO_VERDICT = 9
PLACES = {Verdict.CONTRADICTED: 1, Verdict.SUPPORTED: 2, Verdict.NOT_COVERED: 3, None: NO_VERDICT}


class Last(NamedTuple):
    """The key of the last claim of a page."""

    place: int | None = None
    fewer: int | None = None
    run: int | None = None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Claim(ClaimedItem):
    """`mark`: tells claims apart that are alike in all by which they are ordered."""

    mark: str

    @property
    def key(self) -> tuple[int, int, int, str]:
        return PLACES[self.verdict], -self.answers, self.run, self.mark


def page(
    db: Connection,
    org: UUID,
    batches: Sequence[UUID],
    *,
    verdict: Verdict | None = None,
    polarity: Polarity | None = None,
    after: Last = Last(),  # noqa: B008  it cannot be changed
    most: int,
) -> list[Claim]:
    values = {"org": org, "batches": list(batches), "verdict": verdict, "polarity": polarity, "most": most}
    return each(Claim, db.execute(PAGE, values | after._asdict()))
