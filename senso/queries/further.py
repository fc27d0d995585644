"""What a batch may ask once more: its cells, as they were frozen when it opened."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.queries.stopped import holds_run, may_begin_each
from senso.states import QuestionKind, RunState, Surface

# A cell whose last run failed is left out: asking once more would be paid for nothing. `samples`: how often it was
# asked; never more than its org wants now.
CELLS = text(f"""
    SELECT r.question_id, r.model_id, r.location_id, q.kind, m.surface, r.sample + 1 AS samples,
        NOT {may_begin_each(holds_run("r"))} AS stopped
    FROM question_runs r JOIN questions q ON q.id = r.question_id JOIN models m ON m.id = r.model_id
        JOIN batches b ON b.id = r.batch_id JOIN orgs o ON o.id = b.org_id
    WHERE r.batch_id = :batch AND r.state = '{RunState.ANSWERED}' AND r.sample + 1 < o.most_samples AND o.active
        AND b.deadline > now() + make_interval(secs => :seconds)
        AND NOT EXISTS (
            SELECT FROM question_runs n
            WHERE (n.batch_id, n.question_id, n.model_id, n.location_id, n.sample)
                = (r.batch_id, r.question_id, r.model_id, r.location_id, r.sample + 1))
    ORDER BY r.number
""")


@dataclass(frozen=True, slots=True)
class Cell:
    """`stopped`: it cannot be asked now, by a pause or a ceiling of cost."""

    question_id: UUID
    model_id: UUID
    location_id: UUID
    kind: QuestionKind
    surface: Surface
    samples: int
    stopped: bool

    @property
    def pool(self) -> tuple[QuestionKind, Surface]:
        return self.kind, self.surface


def cells(db: Connection, batch: UUID, seconds_left: float) -> list[Cell]:
    """In the order in which they were asked; none if less than `seconds_left` remain before the batch's deadline."""
    return each(Cell, db.execute(CELLS, {"batch": batch, "seconds": seconds_left}))


PREVIOUS = text("""
    SELECT p.id FROM batches b JOIN batches p ON (p.kind, p.org_id) = (b.kind, b.org_id) AND p.batch_date < b.batch_date
    WHERE b.id = :batch AND p.pruned_at IS NULL AND EXISTS (SELECT FROM metrics m WHERE m.batch_id = p.id)
    ORDER BY p.batch_date DESC LIMIT 1
""")


def previous(db: Connection, batch: UUID) -> UUID | None:
    """The org's last batch before this one that has numbers and answers."""
    return db.execute(PREVIOUS, {"batch": batch}).scalar()
