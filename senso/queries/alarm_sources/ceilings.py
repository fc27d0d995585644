"""Days on which the ceiling of cost was reached, of all partners or of one."""

from sqlalchemy import text

from senso.queries.alarm_sources.base import Source, by, unknown, while_there_is
from senso.states import AlarmKind

KEY = "'ceiling:' || c.day || ':' || coalesce(c.partner_id::text, 'all')"
FOUND = text(f"""
    SELECT {KEY} AS key, c.partner_id::text AS subject, c.reached_at AS happened_at,
        coalesce(p.name || ' (' || p.id || ')', 'All partners together') || ': the ceiling of $'
        || round(c.ceiling_microusd / 1000000.0, 2) || ' was reached on ' || c.day || ': $'
        || round(c.spent_microusd / 1000000.0, 2) || ' spent or under way' AS said
    FROM cost_stops c LEFT JOIN partners p ON p.id = c.partner_id
    WHERE c.reached_at > :since AND {unknown(KEY)}
    ORDER BY c.reached_at LIMIT :most
""")

LASTS = text("""
    SELECT EXISTS (SELECT FROM cost_stops WHERE lifted_at IS NULL AND day >= CAST(now() AT TIME ZONE 'UTC' AS date))
""")

SOURCE = Source(AlarmKind.CEILING, 10, by(FOUND), while_there_is(LASTS))
