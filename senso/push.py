"""Stage 6: builds the result in the form that the main application accepts, and sends it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from senso.score import CitedDomain, Claimed, CompetitorCount, Metric
from senso.states import BatchKind, BatchState

SERVICE = "application"
TIMEOUT_SECONDS = 10  # the application only stores the result; a call that hangs is retried later
SCHEMA_VERSION = 1
SLICE = ("kind", "surface", "model", "location", "tag")
OF_NUMBER = tuple(name for name in Metric.__slots__ if name not in {"name", *SLICE})


@dataclass(frozen=True, slots=True)
class Result:
    """What is pushed for a batch. `counts`: evaluations by state."""

    batch_id: UUID
    episode: int
    kind: BatchKind
    org_id: UUID | None
    network_id: UUID | None
    date: date
    state: BatchState
    counts: dict[str, int]
    cost_microusd: int
    charged: int
    metrics: Sequence[Metric]
    competitors: Sequence[CompetitorCount]
    citations: Sequence[CitedDomain]
    claims: Claimed = field(default_factory=Claimed)


def content(result: Result) -> dict[str, Any]:
    """JSON of the agreed form (schema_version 1)."""
    return {
        "schema_version": SCHEMA_VERSION,
        "batch_id": str(result.batch_id),
        "episode": result.episode,
        "kind": result.kind,
        "org_id": result.org_id and str(result.org_id),
        "network_id": result.network_id and str(result.network_id),
        "date": result.date.isoformat(),
        "state": result.state,
        "counts": result.counts,
        "cost_microusd": result.cost_microusd,
        "charged": result.charged,
        "metrics": [metric_json(metric) for metric in result.metrics],
        "competitors": [asdict(count) for count in result.competitors],
        "citations": [asdict(domain) for domain in result.citations],
        "claims": claims_json(result.claims),
    }


def claims_json(found: Claimed) -> dict[str, Any]:
    counts = {name: count.claims for name, count in found.by_verdict.items()}
    return counts | {"items": [asdict(item) for item in found.items]}


def metric_json(metric: Metric) -> dict[str, Any]:
    where = {name: getattr(metric, name) for name in SLICE}
    return {"name": metric.name, "slice": where, **{name: getattr(metric, name) for name in OF_NUMBER}}


def send(base_url: str, token: str | None, key: str, body: dict[str, Any]) -> None:
    """Raises an OutsideError if the application did not accept it. By the key it recognises a repeated request.

    The application may be in a private network, since an operator's setting says where it is.
    """
    # Who computes a result sends none, and aiohttp takes long to import.
    from senso.http import call  # noqa: PLC0415
    from senso.outgoing.addresses import Reach  # noqa: PLC0415
    from senso.outgoing.connections import through  # noqa: PLC0415

    headers = {"Idempotency-Key": key} | ({"Authorization": f"Bearer {token}"} if token else {})
    call(
        SERVICE,
        "POST",
        base_url + "/analytics",
        json=body,
        headers=headers,
        timeout_seconds=TIMEOUT_SECONDS,
        through=through(Reach.OWN),
    )
