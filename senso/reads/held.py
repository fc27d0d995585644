"""What waits if calls stop: of a partner, to a provider, to a model, or all."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from senso.db.typed import first
from senso.states import OPEN_BATCHES, OPEN_RUNS, BatchState, StopScope, among

OF_PARTNER = """coalesce((SELECT partner_id FROM orgs WHERE id = b.org_id),
        (SELECT partner_id FROM networks WHERE id = b.network_id))"""
BATCHES = text(f"""
    SELECT count(*)::int AS batches, coalesce(sum(coalesce(b.remaining, b.planned, 0)), 0)::bigint AS runs
    FROM batches b WHERE {among("b.state", OPEN_BATCHES)}
        AND (CAST(:partner AS uuid) IS NULL OR {OF_PARTNER} = :partner)
""")
# Readings are not counted: which model reads one is known when it is claimed.
RUNS = text(f"""
    SELECT count(DISTINCT r.batch_id)::int AS batches, count(*) AS runs
    FROM batches b JOIN question_runs r ON r.batch_id = b.id AND {among("r.state", OPEN_RUNS)}
        JOIN models m ON m.id = r.model_id
    WHERE b.state = '{BatchState.RUNNING}' AND (CAST(:provider AS text) IS NULL OR m.provider = :provider)
        AND (CAST(:model AS text) IS NULL OR m.slug = :model)
""")


@dataclass(frozen=True, slots=True)
class Held:
    """`runs`: that are not asked or not read yet; for a provider or a model, not asked yet."""

    batches: int
    runs: int


def held(db: Connection, scope: StopScope, name: str | None) -> Held:
    """Open batches now, and what is left of them. `name`: None where everything is meant."""
    if scope in (StopScope.ALL, StopScope.PARTNER):
        found = first(Held, db.execute(BATCHES, {"partner": name}))
    else:
        of = {"provider": name if scope is StopScope.PROVIDER else None}
        found = first(Held, db.execute(RUNS, of | {"model": name if scope is StopScope.MODEL else None}))
    assert found is not None  # noqa: S101  a sum has a row
    return found
