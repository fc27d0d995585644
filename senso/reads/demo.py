"""What the demo shows of its batch."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each, first
from senso.queries.fragments import LOCATION
from senso.states import EvaluationState, QuestionKind, Sentiment

EXAMPLE = text(f"""
    SELECT q.text AS question, m.slug AS model, {LOCATION} AS location, r.answer_text, e.mention_text,
        e.sentiment, e.rank
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN questions q ON q.id = r.question_id
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id
    WHERE e.batch_id = :batch AND e.state = '{EvaluationState.DONE}'
    ORDER BY e.mentioned DESC, q.kind = '{QuestionKind.UNBRANDED}' DESC, r.number LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Example:
    """`mention_text`: the sentences of the answer that name the org; None if none does."""

    question: str
    model: str
    location: str
    answer_text: str
    mention_text: str | None
    sentiment: Sentiment | None
    rank: int | None


def example(db: Connection, batch_id: UUID) -> Example | None:
    """One answer to show, with a mention if there is one."""
    return first(Example, db.execute(EXAMPLE, {"batch": batch_id}))


ASKED = text(f"""
    SELECT count(DISTINCT question_id) AS questions, coalesce(array_agg(DISTINCT m.slug), '{{}}') AS models,
        coalesce(array_agg(DISTINCT {LOCATION}), '{{}}') AS locations
    FROM question_runs r JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id
    WHERE r.batch_id = :batch
""")


@dataclass(frozen=True, slots=True)
class Asked:
    questions: int
    models: list[str]
    locations: list[str]


def asked(db: Connection, batch_id: UUID) -> Asked:
    return each(Asked, db.execute(ASKED, {"batch": batch_id}))[0]


def count_orgs(db: Connection) -> int:
    return int(db.execute(text("SELECT count(*) FROM orgs")).scalar_one())
