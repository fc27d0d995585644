"""How often each model names an org at each place: the cells of a map."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.queries.fragments import LOCATION, answering_model
from senso.states import EvaluationState, QuestionKind, Surface

# Readings are found by their batch; OFFSET 0 keeps Postgres from reading whole tables of runs and questions.
CELLS = text(f"""
    SELECT model, location, count(*) AS answers, count(*) FILTER (WHERE mentioned) AS named FROM (
        SELECT {answering_model("m", "r")} AS model, {LOCATION} AS location, e.mentioned
        FROM evaluations e
            CROSS JOIN LATERAL (SELECT * FROM question_runs WHERE id = e.run_id OFFSET 0) r
            CROSS JOIN LATERAL (SELECT kind FROM questions WHERE id = r.question_id OFFSET 0) q
            JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id
        WHERE e.batch_id = :batch
            AND CASE WHEN e.is_current AND e.org_id = :org THEN e.state END = '{EvaluationState.DONE}'
            AND q.kind = :kind AND m.surface = :surface
    ) read
    GROUP BY model, location ORDER BY model, location
""")


@dataclass(frozen=True, slots=True)
class Cell:
    """`named`: of the `answers` that were read, those that mention the org."""

    model: str
    location: str
    answers: int
    named: int

    @property
    def share(self) -> float:
        return self.named / self.answers


def cells(db: Connection, batch: UUID, org: UUID, kind: QuestionKind, surface: Surface) -> list[Cell]:
    """Of one pool; models and places without an answer are left out."""
    return each(Cell, db.execute(CELLS, {"batch": batch, "org": org, "kind": kind, "surface": surface}))
