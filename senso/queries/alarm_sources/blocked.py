"""Partners without enough credits: once a partner and day, however many batches wait for it."""

from sqlalchemy import text

from senso.queries.alarm_sources.base import Source, by, unknown, while_there_is
from senso.states import AlarmKind

LATELY = "b.state = 'blocked' AND b.batch_date >= current_date - 1"
FOUND = text(f"""
    SELECT w.key, w.partner::text AS subject, w.at AS happened_at,
        p.name || ' (' || p.id || ') has no credits for ' || w.batches
        || CASE WHEN w.batches = 1 THEN ' batch of ' ELSE ' batches of ' END || w.day AS said
    FROM (
        SELECT 'blocked:' || o.partner_id || ':' || b.batch_date AS key, o.partner_id AS partner, b.batch_date AS day,
            count(*) AS batches, min(coalesce(b.ended_at, b.queued_at)) AS at
        FROM batches b JOIN orgs o ON o.id = b.org_id WHERE {LATELY}
        GROUP BY o.partner_id, b.batch_date
    ) w JOIN partners p ON p.id = w.partner
    WHERE {unknown("w.key")}
    ORDER BY w.at LIMIT :most
""")
LASTS = text(f"SELECT EXISTS (SELECT FROM batches b WHERE {LATELY})")

SOURCE = Source(AlarmKind.BLOCKED, 30, by(FOUND), while_there_is(LASTS))
