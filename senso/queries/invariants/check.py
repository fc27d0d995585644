"""One difference that must not be there."""

from dataclasses import dataclass

# A batch is looked at while it is open, and afterwards when it ended since a given moment. `b` is the batch.
IN_SCOPE = "(CAST(:since AS timestamptz) IS NULL OR b.ended_at IS NULL OR b.ended_at >= :since)"
OPEN = "('queued', 'running')"
# What batch `b` works off: what it reads, or what it asks where it reads for nobody.
WORK = """LATERAL (
            SELECT count(*) AS rows, count(*) FILTER (WHERE e.state = 'done') AS done,
                count(*) FILTER (WHERE e.state IN ('pending', 'extracting')) AS open
            FROM evaluations e WHERE e.batch_id = b.id AND b.kind <> 'network'
            UNION ALL
            SELECT count(*), count(*) FILTER (WHERE r.state = 'answered'),
                count(*) FILTER (WHERE r.state IN ('planned', 'asking'))
            FROM question_runs r WHERE r.batch_id = b.id AND b.kind = 'network'
            ORDER BY rows DESC LIMIT 1
        )"""
# This episode was opened: before that a batch has neither a deadline nor anything to hand out.
HELD = "EXISTS (SELECT FROM ledger h WHERE h.idempotency_key = 'hold:' || b.id || ':' || b.episode)"


@dataclass(frozen=True, slots=True)
class Promise:
    """`means` and `action` are for whoever is woken by it."""

    promise: str
    what: str
    means: str
    action: str

    @property
    def name(self) -> str:
        return f"{self.promise} {self.what}"


@dataclass(frozen=True, slots=True)
class Check(Promise):
    """`sql` selects what breaks the promise, a row each."""

    sql: str
