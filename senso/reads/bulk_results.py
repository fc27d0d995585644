"""What a change of many batches has done: which batches it has changed, and why others were left as they are."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.reads.status import named
from senso.states import BatchState

MOST = 500
DONE = "done"


@dataclass(frozen=True, slots=True)
class DealtWith:
    """A batch as it stands now. `outcome`: done, or of a step that left it as it was. `why`: it was left."""

    batch_id: UUID
    state: BatchState
    org: str | None
    network: str | None
    outcome: str
    why: str | None

    @property
    def subject(self) -> str:
        return named(self.org, self.network)


# Two requests at once may both have left a batch as it was.
DEALT = f"""
    SELECT DISTINCT ON (batch_id) * FROM (
        SELECT id AS row, batch_id, '{DONE}' AS outcome, NULL AS why FROM audit
        WHERE details->>'bulk' = :bulk AND batch_id IS NOT NULL
        UNION ALL
        SELECT id, CAST(one->>'batch' AS uuid), one->>'outcome', one->>'why'
        FROM audit, jsonb_array_elements(details->'left') AS one
        WHERE details->>'bulk' = :bulk AND details->'left' IS NOT NULL
    ) AS every ORDER BY batch_id, outcome <> '{DONE}', row
"""
RESULTS = text(f"""
    WITH dealt AS ({DEALT})
    SELECT d.batch_id, b.state, o.name AS org, n.name AS network, d.outcome, d.why
    FROM dealt d JOIN batches b ON b.id = d.batch_id LEFT JOIN orgs o ON o.id = b.org_id
        LEFT JOIN networks n ON n.id = b.network_id
    ORDER BY d.outcome <> '{DONE}' DESC, d.row, d.batch_id LIMIT {MOST}
""")
COUNTS = text(f"SELECT outcome, count(*)::int AS batches FROM ({DEALT}) AS dealt GROUP BY 1 ORDER BY 1")


def dealt_with(db: Connection, bulk: UUID) -> list[DealtWith]:
    """Those that were left first; at most MOST."""
    return each(DealtWith, db.execute(RESULTS, {"bulk": str(bulk)}))


def counts(db: Connection, bulk: UUID) -> dict[str, int]:
    """By outcome."""
    return {one.outcome: one.batches for one in db.execute(COUNTS, {"bulk": str(bulk)})}
