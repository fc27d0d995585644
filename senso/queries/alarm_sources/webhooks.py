"""Webhooks that were switched off, because nothing that was sent to them was accepted for two days."""

from sqlalchemy import text

from senso.queries.alarm_sources.base import Source, by, unknown
from senso.states import AlarmKind

KEY = "'webhook:' || w.id || ':' || extract(epoch FROM w.disabled_at)"
FOUND = text(f"""
    SELECT {KEY} AS key, w.id::text AS subject, w.disabled_at AS happened_at,
        'Webhook ' || w.id || coalesce(' of ' || p.name, '') || ': ' || w.disabled_because AS said
    FROM webhooks w LEFT JOIN partners p ON p.id = w.partner_id
    WHERE w.disabled_at > :since AND {unknown(KEY)}
    ORDER BY w.disabled_at LIMIT :most
""")

SOURCE = Source(AlarmKind.WEBHOOKS, 30, by(FOUND))
