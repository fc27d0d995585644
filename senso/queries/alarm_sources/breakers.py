"""Models that are left alone because most of their calls failed."""

from sqlalchemy import text

from senso.queries.alarm_sources.base import Source, by, unknown, while_there_is
from senso.states import AlarmKind

KEY = "'breaker:' || e.transition"
FOUND = text(f"""
    SELECT {KEY} AS key, e.provider AS subject, e.at AS happened_at,
        e.provider || ' ' || e.model || ': ' || e.failures || ' of ' || e.calls || ' calls failed'
        || coalesce(' (' || e.error || ')', '') || ', left alone for ' || e.open_seconds || ' s' AS said
    FROM breaker_events e
    WHERE e.event = 'opened' AND e.at > :since AND {unknown(KEY)}
    ORDER BY e.at LIMIT :most
""")
# A model that nobody asks any more stays as it is: after a day that is no trouble of today.
LASTS = text("""
    SELECT coalesce(bool_or(event <> 'closed'), false) FROM (
        SELECT DISTINCT ON (provider, model) event FROM breaker_events
        WHERE at > now() - interval '1 day' ORDER BY provider, model, id DESC
    ) latest
""")

# Redis keeps what a breaker did until Postgres and a control worker are there to write it down.
SOURCE = Source(AlarmKind.BREAKER, 10, by(FOUND), while_there_is(LASTS), overlap_seconds=3600)
