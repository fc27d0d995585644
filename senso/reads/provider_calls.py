"""What each provider was asked each day, and how its calls ended."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.queries import call_days


@dataclass(frozen=True, slots=True)
class ProviderDay:
    """Calls of one provider on one day (UTC). `tried_again`: those that failed and were followed by another call.

    The others that failed, by how they ended; `open`: without an outcome, under way or never reported. `cost_microusd`:
    except of `unknown_cost` calls.
    """

    day: date
    provider: str
    calls: int
    useful: int
    tried_again: int
    rate_limited: int
    unavailable: int
    refused: int
    malformed: int
    failed: int
    open: int
    cost_microusd: int
    unknown_cost: int


# Grows only, so that an old one may be passed on.
LAST = text("SELECT last_call FROM counting")
SINCE = "(now() AT TIME ZONE 'UTC')::date - (:days - 1)"
# What has been counted, and the calls that have not been: the latest, and those that are open. From `:last` Postgres
# knows how few the latest are.
DAYS = text(f"""
    WITH uncounted AS MATERIALIZED (
        SELECT * FROM llm_calls WHERE id > :last AND id > (SELECT last_call FROM counting)
        UNION ALL
        SELECT c.* FROM uncounted_calls u JOIN llm_calls c ON c.id = u.id
    ),
    found AS (
        SELECT {", ".join(call_days.KEY)}, {", ".join(call_days.FIGURES)} FROM call_days WHERE day >= {SINCE}
        UNION ALL
        SELECT * FROM ({call_days.added("uncounted")}) AS latest WHERE day >= {SINCE}
    )
    SELECT day, provider, {", ".join(f"sum({name})::bigint AS {name}" for name in call_days.FIGURES)}
    FROM found WHERE CAST(:partner AS uuid) IS NULL OR partner_id = :partner
    GROUP BY day, provider ORDER BY day DESC, provider
""")


def days(db: Connection, most: int, partner: UUID | None = None) -> list[ProviderDay]:
    """Of the last `most` days, today included; a day without calls of a provider is left out.

    `partner`: only calls for it.
    """
    last = db.execute(LAST).scalar_one()
    values = {"days": most, "last": last, "partner": partner and str(partner)}
    return each(ProviderDay, db.execute(DAYS, values))
