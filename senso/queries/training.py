"""Readings in which nothing was doubtful, with all that their calls were told: examples to train a model with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from senso.db import Connection
from senso.db.statement import Prepared
from senso.extraction.judging import BY_RULE, SAMPLED
from senso.queries.evaluations import SELECTED, ReadWork, read_work
from senso.queries.models import Reader
from senso.queries.rereadings import FORMER
from senso.states import EvaluationState, RunState

PAGE = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which readings; None: of all orgs, of all days, by all versions of the prompt."""

    org_id: UUID | None = None
    since: date | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """A current reading of which nothing was dropped, corrected or doubted.

    `stored`: its values by the names that a reading has, and its lists.
    """

    work: ReadWork
    stored: Mapping[str, Any]


# Marks that say how an answer was read, and nothing against it.
HARMLESS = (BY_RULE, SAMPLED)
UNDOUBTED = "NOT jsonb_path_exists(e.marks, '$[*] ? ({})')".format(
    " && ".join(f'@.kind != "{one}"' for one in HARMLESS)
)
# Ids begin with the day of the run.
CLEAN = f"""
    SELECT e.id, e.run_id, r.batch_id AS asked_by, e.org_id, e.batch_id, e.fence, e.failures, e.reader, r.answer_text,
        r.question_id, e.prompt_version
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id
    WHERE e.id > CAST(:after AS uuid) AND e.is_current AND e.state = '{EvaluationState.DONE}' AND {UNDOUBTED}
        AND r.state = '{RunState.ANSWERED}' AND e.prompt_version = ANY(CAST(:versions AS text[]))
        AND (CAST(:org AS uuid) IS NULL OR e.org_id = CAST(:org AS uuid))
    ORDER BY e.id LIMIT CAST(:most AS int)
"""
FOUND = Prepared(f"""
    WITH claimed AS MATERIALIZED ({CLEAN}),
    called AS (SELECT CAST(NULL AS bigint) AS id, run_id, org_id, prompt_version FROM claimed)
    SELECT * FROM ({SELECTED}) found ORDER BY id
""")
STORED = Prepared(f"""
    SELECT e.id, jsonb_build_object({FORMER},
        'competitors', ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id ORDER BY c.id),
        'claims', (SELECT coalesce(jsonb_agg(to_jsonb(c) - 'id' - 'evaluation_id' ORDER BY position), '[]')
            FROM claims c WHERE c.evaluation_id = e.id)) AS stored
    FROM evaluations e WHERE e.id = ANY(CAST(:ids AS uuid[]))
""")


def first_id(since: date | None) -> UUID:
    """No reading of an answer of that day or later has a smaller id."""
    if since is None:
        return UUID(int=0)
    day = datetime(since.year, since.month, since.day, tzinfo=UTC)
    return UUID(int=int(day.timestamp() * 1000) << 80)


def verified(
    db: Connection, wanted: Wanted, readers: Sequence[Reader], versions: Sequence[str], after: UUID
) -> list[Verified]:
    """A page of them behind the id `after`, the oldest first. `versions`: those that this program has."""
    values = {"org": wanted.org_id, "versions": [wanted.version] if wanted.version else list(versions), "most": PAGE}
    page = [read_work(one, readers) for one in FOUND.rows(db, values | {"after": after})]
    stored = {one["id"]: one["stored"] for one in STORED.rows(db, {"ids": [one.id for one in page]})}
    return [Verified(one, stored[one.id]) for one in page]
