"""A check for one kind of inconsistency in the rows."""

from dataclasses import dataclass

# A batch is checked if it is open, or ended at :since or later (null: all batches). `b` is the batch.
EVEN_PRUNED = "(CAST(:since AS timestamptz) IS NULL OR b.ended_at IS NULL OR b.ended_at >= :since)"
# With its runs and readings: they are deleted from when the batch is pruned.
IN_SCOPE = f"(b.pruned_at IS NULL AND {EVEN_PRUNED})"
OPEN = "('queued', 'running')"
# The work of batch `b`: its evaluations, or its runs if it is a network batch.
WORK = """LATERAL (
            SELECT count(*) AS rows, count(*) FILTER (WHERE e.state = 'done') AS done,
                count(*) FILTER (WHERE e.state IN ('pending', 'extracting')) AS open
            FROM evaluations e WHERE e.batch_id = b.id AND e.is_current AND b.kind <> 'network'
            UNION ALL
            SELECT count(*), count(*) FILTER (WHERE r.state = 'answered'),
                count(*) FILTER (WHERE r.state IN ('planned', 'asking'))
            FROM question_runs r WHERE r.batch_id = b.id AND b.kind = 'network'
            ORDER BY rows DESC LIMIT 1
        )"""
# This episode was opened: before that, a batch has no deadline and nothing to hand out. A network's holds no credits.
HELD = """(EXISTS (SELECT FROM ledger h WHERE h.idempotency_key = 'hold:' || b.id || ':' || b.episode)
    OR (b.kind = 'network' AND b.deadline IS NOT NULL))"""


@dataclass(frozen=True, slots=True)
class Promise:
    """`means` and `action` are for the operator who is alerted."""

    promise: str
    what: str
    means: str
    action: str

    @property
    def name(self) -> str:
        return f"{self.promise} {self.what}"


@dataclass(frozen=True, slots=True)
class Check(Promise):
    """`sql` selects one row for each violation of the promise."""

    sql: str
