"""What answers of batches claim about an org, page by page, in the order of `senso.queries.claims`."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.queries.claims import GROUPED, VERDICTS
from senso.score import ClaimedItem
from senso.states import Polarity, Verdict

# Each in ascending order, so that a page begins after the values of the last row; a claim without a verdict is last.
KEY = (
    f"coalesce(array_position({VERDICTS}, verdict), 9), -answers, run, text, coalesce(polarity, ''), coalesce(fact, '')"
)
PAGE = text(f"""
    SELECT text, kind, polarity, verdict, fact, sentence, url, run, answers FROM ({GROUPED}) grouped
    WHERE (CAST(:verdict AS text) IS NULL OR verdict = :verdict)
        AND (CAST(:polarity AS text) IS NULL OR polarity = :polarity)
        AND (CAST(:place AS int) IS NULL OR ({KEY}) > (:place, :fewer, :run, :said, :mood, :fact))
    ORDER BY {KEY} LIMIT :most
""")


class Last(NamedTuple):
    """The key of the last claim of a page."""

    place: int | None = None
    fewer: int | None = None
    run: int | None = None
    said: str | None = None
    mood: str | None = None
    fact: str | None = None


NO_VERDICT = 9
PLACES = {Verdict.CONTRADICTED: 1, Verdict.SUPPORTED: 2, Verdict.NOT_COVERED: 3}


def last(one: ClaimedItem) -> Last:
    place = NO_VERDICT if one.verdict is None else PLACES[one.verdict]
    return Last(place, -one.answers, one.run, one.text, one.polarity or "", one.fact or "")


def page(
    db: Connection,
    org: UUID,
    batches: Sequence[UUID],
    *,
    verdict: Verdict | None = None,
    polarity: Polarity | None = None,
    after: Last = Last(),  # noqa: B008  it cannot be changed
    most: int,
) -> list[ClaimedItem]:
    values = {"org": org, "batches": list(batches), "verdict": verdict, "polarity": polarity, "most": most}
    return each(ClaimedItem, db.execute(PAGE, values | after._asdict()))
