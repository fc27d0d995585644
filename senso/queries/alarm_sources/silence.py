"""No tick for five minutes: no beat sends them, or no control worker takes them.

Whoever has just started, or has just reached Postgres again, does not judge: the others may have, too.
"""

from sqlalchemy import text

from senso.queries.alarm_sources.base import Source, by, unknown, while_there_is
from senso.states import AlarmKind

SILENT = """
    WITH heard AS (
        SELECT 'beat' AS who, 'No beat has sent a tick' AS what, (
            SELECT max(coalesce(ticked_at, started_at)) FROM beats
        ) AS at
        UNION ALL
        SELECT 'control', 'No control worker has been there to take a tick', (
            SELECT max(greatest(heartbeat_at, ended_at)) FROM workers WHERE 'control' = ANY(queues)
        )
    ),
    silent AS (
        SELECT who, what, at FROM heard
        WHERE coalesce(at < now() - interval '5 minutes', true) AND CAST(:watched AS float) >= 300
    )
"""
KEY = "'silence:' || s.who || ':' || coalesce(floor(extract(epoch FROM s.at))::text, 'ever, ' || current_date)"
FOUND = text(f"""
    {SILENT}
    SELECT {KEY} AS key, s.who AS subject, coalesce(s.at, now()) AS happened_at,
        s.what || coalesce(' since ' || to_char(s.at, 'YYYY-MM-DD HH24:MI') || ' UTC', ' yet') AS said
    FROM silent s WHERE {unknown(KEY)}
    ORDER BY s.who LIMIT :most
""")
LASTS = text(f"{SILENT} SELECT EXISTS (SELECT FROM silent)")

SOURCE = Source(AlarmKind.SILENCE, 10, by(FOUND), while_there_is(LASTS))
