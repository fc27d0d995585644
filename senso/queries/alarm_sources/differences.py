"""Reconciliations that found a difference between work and charges, unless an operator has accepted it."""

from sqlalchemy import text

from senso.queries.alarm_sources.base import Source, by, unknown
from senso.states import AlarmKind

KEY = "'differences:' || r.id"
FOUND = text(f"""
    SELECT {KEY} AS key, NULL::text AS subject, r.ran_at AS happened_at,
        r.count || CASE WHEN r.count = 1 THEN ' difference' ELSE ' differences' END
        || coalesce(', the first: ' || (r.differences -> 0 ->> 'text'), '') AS said
    FROM reconciliations r
    WHERE r.count > 0 AND r.accepted IS NULL AND r.ran_at > :since AND {unknown(KEY)}
    ORDER BY r.ran_at LIMIT :most
""")

# The row comes at the end and says when the comparison began: each of its statements may take ten minutes.
SOURCE = Source(AlarmKind.DIFFERENCES, 30, by(FOUND), overlap_seconds=2 * 3600)
