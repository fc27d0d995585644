"""Batches that failed, or of which more failed than ALARM_FAILED_SHARE allows."""

from sqlalchemy import text

from senso.queries.alarm_sources.base import Source, by, unknown
from senso.states import AlarmKind

KEY = "'batch:' || b.id || ':' || b.episode"
FOUND = text(f"""
    SELECT {KEY} AS key, b.id::text AS subject, b.ended_at AS happened_at,
        concat_ws(' in ', o.name, n.name) || ' of ' || b.batch_date || ', batch ' || b.id || ', ' || b.state
        || CASE WHEN b.state = 'partial' THEN ': ' || lost.count || ' of ' || b.planned || ' not done' ELSE '' END
        || coalesce(': ' || b.error, '') AS said
    FROM batches b LEFT JOIN orgs o ON o.id = b.org_id LEFT JOIN networks n ON n.id = b.network_id
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN b.state = 'failed' THEN b.planned
            WHEN b.kind = 'network' THEN (SELECT count(*) FROM question_runs r
                WHERE r.batch_id = b.id AND r.state IN ('failed', 'cancelled'))
            ELSE (SELECT count(*) FROM evaluations e
                WHERE e.batch_id = b.id AND e.state IN ('failed', 'cancelled'))
        END AS count
    ) lost
    WHERE b.state IN ('partial', 'failed') AND b.ended_at > :since AND {unknown(KEY)}
        AND NOT EXISTS (  -- an end that only gave it the numbers of other readings
            SELECT FROM audit a WHERE a.batch_id = b.id AND a.action = 'reevaluate' AND a.at = b.ended_at)
        AND (b.state = 'failed' OR lost.count > CAST(:share AS float) * b.planned)
    ORDER BY b.ended_at LIMIT :most
""")

SOURCE = Source(AlarmKind.FAILED, 10, by(FOUND))
