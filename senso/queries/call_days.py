"""What calls add to the figures of a provider, a day and a partner: to those that are stored, and to those yet to be.

A call that failed is one that was tried again as soon as another one for the same thing follows it. It is the later
call that is looked at, and adds this to the day of the earlier one: then each call adds once, whenever it is counted.
"""

from senso.states import USEFUL, Outcome, among

FAILURES = {outcome.replace(" ", "_"): outcome for outcome in Outcome if outcome not in USEFUL}
IS_WHOLE = "({0}.shared_id IS NULL OR {0}.shared_id = {0}.id)"
DAY = "({0}.started_at AT TIME ZONE 'UTC')::date"
# A call of a network's batch that is for no org is the network's.
PARTNER = """CASE WHEN {0}.org_id IS NOT NULL THEN (SELECT o.partner_id FROM orgs o WHERE o.id = {0}.org_id)
        ELSE (SELECT n.partner_id FROM batches b JOIN networks n ON n.id = b.network_id
            WHERE b.id = {0}.batch_id) END"""
WHOLE = IS_WHOLE.format("c")
# Of calls `c`. Of the shares of a call that read for several orgs only the first is counted; each has its cost.
COUNTED = {
    "calls": f"count(*) FILTER (WHERE {WHOLE})",
    "useful": f"count(*) FILTER (WHERE {WHOLE} AND {among('c.outcome', USEFUL)})",
    **{name: f"count(*) FILTER (WHERE {WHOLE} AND c.outcome = '{outcome}')" for name, outcome in FAILURES.items()},
    "open": "count(*) FILTER (WHERE c.outcome IS NULL)",
    "cost_microusd": "coalesce(sum(c.cost_microusd), 0)::bigint",
    "unknown_cost": f"count(*) FILTER (WHERE {WHOLE} AND c.outcome IS NOT NULL AND c.cost_microusd IS NULL)",
}
FIGURES = (*COUNTED, "tried_again")
KEY = ("day", "provider", "partner_id")
# "+ 0": else Postgres may look for the last one in the key of all calls.
EARLIER = """SELECT * FROM llm_calls l WHERE l.run_id = c.run_id AND l.purpose = c.purpose
            AND l.org_id IS NOT DISTINCT FROM c.org_id AND l.id < c.id ORDER BY l.id + 0 DESC LIMIT 1"""


def added(calls: str) -> str:
    """A SELECT of KEY and FIGURES, perhaps several rows of a key. `calls`: a relation with the columns of llm_calls."""
    return f"""
        SELECT {DAY.format("c")} AS day, c.provider, {PARTNER.format("c")} AS partner_id,
            {", ".join(f"{counted} AS {name}" for name, counted in COUNTED.items())}, 0::bigint AS tried_again
        FROM {calls} c GROUP BY 1, 2, 3
        UNION ALL
        SELECT {DAY.format("f")}, f.provider, {PARTNER.format("f")}, {", ".join("0" for _ in COUNTED)}, count(*)
        FROM {calls} c CROSS JOIN LATERAL ({EARLIER}) f
        WHERE {IS_WHOLE.format("f")} AND NOT {among("f.outcome", USEFUL)}
        GROUP BY 1, 2, 3
    """


def store(calls: str) -> str:
    """An INSERT, which may be a part of a statement."""
    return f"""
        INSERT INTO call_days ({", ".join(KEY)}, {", ".join(FIGURES)})
        SELECT {", ".join(KEY)}, {", ".join(f"sum({name})" for name in FIGURES)} FROM ({added(calls)}) AS more
        GROUP BY {", ".join(KEY)}
        ON CONFLICT ({", ".join(KEY)})
            DO UPDATE SET {", ".join(f"{name} = call_days.{name} + excluded.{name}" for name in FIGURES)}
    """
