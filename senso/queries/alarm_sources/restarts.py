"""Processes that are restarted again and again: five short lives on one machine within ten minutes.

`senso up` writes down a child that dies at its start; of processes under another supervisor the rows of workers tell. A
worker that leaves in order sets its last heartbeat back by an hour and does not count.
"""

from sqlalchemy import text

from senso.queries.alarm_sources.base import Source, by, unknown
from senso.states import AlarmKind

FOUND = text(f"""
    WITH lives AS (
        SELECT host, process, count(*) AS times, max(deaths) AS deaths, max(at) AS at,
            'ended with ' || coalesce((array_agg(exit_code ORDER BY id DESC))[1]::text, 'nothing said') AS how
        FROM restarts WHERE at > now() - interval '10 minutes' GROUP BY host, process
        UNION ALL
        SELECT split_part(id, ':', 1), 'worker', count(*), count(*), max(ended_at), 'died within two minutes'
        FROM workers
        WHERE started_at > now() - interval '10 minutes' AND ended_at - heartbeat_at < interval '30 minutes'
            AND heartbeat_at - started_at < interval '2 minutes'
        GROUP BY 1 HAVING count(*) >= 5
    ),
    found AS (
        SELECT 'restarts:' || host || ':' || process || ':' || to_char(at, 'YYYY-MM-DD HH24') AS key, lives.* FROM lives
    )
    SELECT f.key, f.host AS subject, f.at AS happened_at,
        f.process || ' on ' || f.host || ' was started ' || f.deaths || ' times in a row; it ' || f.how AS said
    FROM found f WHERE {unknown("f.key")}
    ORDER BY f.at LIMIT :most
""")

SOURCE = Source(AlarmKind.RESTARTS, 10, by(FOUND))
