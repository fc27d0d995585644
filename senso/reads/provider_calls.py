"""What each provider was asked each day, and how its calls ended."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.typed import each
from senso.states import USEFUL, Outcome, among


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


def ended(outcome: Outcome) -> str:
    return f"count(*) FILTER (WHERE is_whole AND outcome = '{outcome}')"


# Calls of a network's batch that are for no org are its partner's.
OF_PARTNER = """CASE WHEN c.org_id IS NOT NULL
            THEN EXISTS (SELECT FROM orgs o WHERE o.id = c.org_id AND o.partner_id = :partner)
            ELSE EXISTS (SELECT FROM batches b JOIN networks n ON n.id = b.network_id
                WHERE b.id = c.batch_id AND n.partner_id = :partner) END"""
# Looked up for calls that failed, which are few: to order all calls of a day would take longer than to read them.
AGAIN = """EXISTS (SELECT FROM llm_calls l WHERE l.run_id = c.run_id AND l.id > c.id AND l.purpose = c.purpose
                AND l.org_id IS NOT DISTINCT FROM c.org_id)"""
# A call is one of a run, or of a reading of it for an org; of those for one thing the last decides. Of the shares of a
# call that read for several orgs only the first is counted.
DAYS = text(f"""
    WITH lately AS (
        SELECT provider, (started_at AT TIME ZONE 'UTC')::date AS day, outcome, cost_microusd,
            shared_id IS NULL OR shared_id = id AS is_whole,
            CASE WHEN NOT {among("outcome", USEFUL)} THEN {AGAIN} END AS again
        FROM llm_calls c
        WHERE started_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
            - make_interval(days => :days - 1) AND (CAST(:partner AS uuid) IS NULL OR {OF_PARTNER})
    )
    SELECT day, provider, count(*) FILTER (WHERE is_whole) AS calls,
        count(*) FILTER (WHERE is_whole AND {among("outcome", USEFUL)}) AS useful,
        count(*) FILTER (WHERE is_whole AND again) AS tried_again,
        {ended(Outcome.RATE_LIMITED)} AS rate_limited, {ended(Outcome.UNAVAILABLE)} AS unavailable,
        {ended(Outcome.REFUSED)} AS refused, {ended(Outcome.MALFORMED)} AS malformed, {ended(Outcome.FAILED)} AS failed,
        count(*) FILTER (WHERE outcome IS NULL) AS open, coalesce(sum(cost_microusd), 0)::bigint AS cost_microusd,
        count(*) FILTER (WHERE is_whole AND outcome IS NOT NULL AND cost_microusd IS NULL) AS unknown_cost
    FROM lately GROUP BY day, provider ORDER BY day DESC, provider
""")


def days(db: Connection, most: int, partner: UUID | None = None) -> list[ProviderDay]:
    """Of the last `most` days, today included; a day without calls of a provider is left out.

    `partner`: only calls for it.
    """
    return each(ProviderDay, db.execute(DAYS, {"days": most, "partner": partner and str(partner)}))
