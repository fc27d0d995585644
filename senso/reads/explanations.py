"""Which answers of a batch stand behind one of its numbers, and what each adds to it.

The batch is read in pages, so that memory stays the same however many answers it has.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import repeat
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.db.typed import first, typed
from senso.explanation import Reading, Share, Standing, share
from senso.extraction.citations import kind
from senso.queries import competitors, results
from senso.queries.competitors import Register
from senso.queries.results import Found
from senso.reads.history import fact
from senso.score import Slice
from senso.states import BatchKind, BatchState, EvaluationState, RunState

PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class Numbered:
    """A batch that has numbers. `is_pruned`: its answers were deleted since."""

    id: UUID
    date: date
    kind: BatchKind
    state: BatchState
    is_pruned: bool


# In the order of `senso.reads.history`: the report is about the last one.
BATCHES = f"""
    SELECT b.id, b.batch_date AS date, b.kind, b.state, b.kept IS NOT NULL AS is_pruned FROM batches b
    WHERE b.org_id = :org AND EXISTS (SELECT FROM metrics m WHERE m.batch_id = b.id) AND {{}}
    ORDER BY b.batch_date DESC, b.kind = '{BatchKind.ORG}' DESC, b.id DESC LIMIT 1
"""
NEWEST, ONE = text(BATCHES.format("true")), text(BATCHES.format("b.id = :batch"))


def numbered(db: Connection, org: UUID, batch: UUID | None) -> Numbered | None:
    """The batch if it has numbers of the org; without one, the newest that has."""
    found = db.execute(ONE, {"org": org, "batch": batch}) if batch else db.execute(NEWEST, {"org": org})
    return first(Numbered, found)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that an answer cites. `is_own`: on the org's websites."""

    url: str
    title: str | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the batch. `number`: of its run. `competitors`: under the names that stand for them."""

    number: int
    run_id: UUID
    question: str
    question_kind: str
    surface: str
    model: str
    location: str
    state: EvaluationState
    error: str | None
    mentioned: bool | None
    sentiment: str | None
    rank: int | None
    competitors: tuple[str, ...]
    citations: tuple[Page, ...]
    share: Share


@dataclass(slots=True)
class Explained:
    """The sums over all answers, how many stand where and why, and the answers of one page of the list.

    `next`: the number after which the list goes on; None: it is complete.
    """

    numerator: int = 0
    denominator: int = 0
    tally: Counter[tuple[Standing, str, tuple[str, ...]]] = field(default_factory=Counter)
    listed: list[Answer] = field(default_factory=list)
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A number, and which answers are listed: at most `limit`, of runs with a number above `after`.

    `standings`: only those that stand so.
    """

    org: UUID
    batch: UUID
    name: str
    where: Slice
    after: int = 0
    limit: int = 20
    standings: frozenset[Standing] = frozenset(Standing)


def explained(db: Connection, wanted: Wanted) -> Explained:
    found = Explained()
    for one in answers(db, wanted):
        found.numerator += one.share.numerator
        found.denominator += one.share.denominator
        found.tally[one.share.standing, str(one.share.reason), one.share.rejections] += 1
        if one.number <= wanted.after or found.next is not None or one.share.standing not in wanted.standings:
            continue
        if len(found.listed) < wanted.limit:
            found.listed.append(one)
        else:
            found.next = found.listed[-1].number if found.listed else wanted.after
    return found


def answer(db: Connection, wanted: Wanted, number: int) -> Answer | None:
    """That of one run; None if the batch has not read it for the org."""
    found = list(page(db, wanted, known(db, wanted), after=number - 1, size=1))
    return found[0] if found and found[0].number == number else None


def answers(db: Connection, wanted: Wanted) -> Iterator[Answer]:
    """All of the batch, by number."""
    names, after = known(db, wanted), 0
    while found := list(page(db, wanted, names, after=after, size=PAGE_SIZE)):
        yield from found
        after = found[-1].number


@dataclass(frozen=True, slots=True)
class Names:
    """`sites`: the org's own. `others`: its competitors, as the numbers of this batch have merged them."""

    sites: tuple[str, ...]
    others: Register


NAMED = text(f"""
    SELECT c.name, count(*) AS times FROM evaluations e JOIN competitors c ON c.evaluation_id = e.id
    WHERE e.batch_id = :batch AND e.org_id = :org AND e.is_current AND e.state = '{EvaluationState.DONE}'
    GROUP BY c.name
""")


def known(db: Connection, wanted: Wanted) -> Names:
    named = rows(db.execute(NAMED, {"batch": wanted.batch, "org": wanted.org}))
    each_time = (one for name in named for one in repeat((name["name"],), name["times"]))
    return Names(results.websites(db, wanted.org), competitors.register(db, wanted.org, each_time))


# One reading of each run: the one that counts, else the newest.
PAGE = text(f"""
    WITH chosen AS MATERIALIZED (
        SELECT DISTINCT ON (r.number) e.id FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        WHERE e.batch_id = :batch AND e.org_id = :org AND r.number > :after
        ORDER BY r.number, e.is_current DESC, e.version DESC LIMIT :size
    )
    SELECT r.number, r.question, e.state, e.is_current, r.state AS run_state, coalesce(r.error, e.error) AS error,
        ARRAY(SELECT mark->>'kind' FROM jsonb_array_elements(e.marks) mark) AS marks, {results.OF_FOUND}
    FROM chosen JOIN evaluations e ON e.id = chosen.id
        JOIN LATERAL (SELECT r.*, q.kind AS question_kind, q.tags, q.text AS question
            FROM question_runs r JOIN questions q ON q.id = r.question_id WHERE r.id = e.run_id) r ON true
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id
    ORDER BY r.number
""")


@dataclass(frozen=True, slots=True)
class About:
    """What a row has beside what was found."""

    number: int
    question: str
    state: EvaluationState
    is_current: bool
    run_state: RunState
    error: str | None
    marks: list[str]


ABOUT = tuple(About.__slots__)


def page(db: Connection, wanted: Wanted, names: Names, *, after: int, size: int) -> Iterator[Answer]:
    values = {"batch": wanted.batch, "org": wanted.org, "after": after, "size": size}
    listed = rows(db.execute(PAGE, values))
    beside = [{name: row.pop(name) for name in ABOUT} for row in listed]
    for row, found in zip(beside, results.as_found(db, listed), strict=True):
        yield one_answer(wanted, names, typed(About, row), found)


def one_answer(wanted: Wanted, names: Names, about: About, found: Found) -> Answer:
    counted = fact(found, names.sites, names.others)
    reading = Reading(about.state, about.run_state, about.is_current, about.marks)
    return Answer(
        number=about.number,
        run_id=found.run_id,
        question=about.question,
        question_kind=found.question_kind,
        surface=found.surface,
        model=found.model,
        location=found.location,
        state=about.state,
        error=about.error,
        mentioned=found.mentioned,
        sentiment=found.sentiment,
        rank=found.rank,
        competitors=counted.competitors,
        citations=tuple(Page(one.url, one.title, kind(one, names.sites) == "primary") for one in found.citations),
        share=share(wanted.name, wanted.where, counted, reading),
    )
