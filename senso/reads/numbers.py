"""Which number of an org's batch is meant, and its explanation as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from senso.errors import ConfigError, NotFound
from senso.explanation import Standing
from senso.push import metric_json
from senso.queries import results
from senso.reads import explanations
from senso.reads.explanations import Explained, Numbered, Wanted
from senso.records import record
from senso.score import COUNTS, Metric, Slice

SHOWN = 60
PARTS = ("model", "location", "tag")


@dataclass(frozen=True, slots=True)
class Asked:
    """A number and where its list of answers begins; None: left out."""

    metric: str
    kind: str | None
    surface: str | None
    model: str | None
    location: str | None
    tag: str | None
    batch: UUID | None
    after: int
    limit: int


def asked_for(db: Connection, org: UUID, name: str, asked: Asked, *, option: str) -> tuple[Numbered, Metric]:
    """`name`: of the org. `option`: how errors write a filter before its value.

    Raises NotFound for a batch without numbers, ConfigError for an unknown number or slice, naming what there is.
    """
    metric = known_name(asked.metric)
    batch = numbered(db, org, name, asked.batch)
    return batch, chosen(results.metrics(db, batch.id), metric, asked, option)


def wanted(org: UUID, batch: Numbered, metric: Metric, asked: Asked) -> Wanted:
    where = Slice(metric.kind, metric.surface, metric.model, metric.location, metric.tag)
    return Wanted(org, batch.id, metric.name, where, asked.after, asked.limit)


def known_name(typed: str) -> str:
    """Raises ConfigError."""
    name = typed.strip().lower().replace(" ", "_").replace("-", "_")
    if name not in COUNTS:
        raise ConfigError(f"no number is called {typed[:SHOWN]!r}; there are: {', '.join(COUNTS)}")
    return name


def numbered(db: Connection, org: UUID, name: str, batch: UUID | None) -> Numbered:
    found = explanations.numbered(db, org, batch)
    if found is None and batch is not None:
        raise NotFound(f"no batch {batch} with numbers of {name}; senso status lists the latest")
    if found is None:
        raise NotFound(f"org {org} ({name}) has no numbers yet; open a batch: senso trigger org {org}")
    if found.is_pruned:
        raise NotFound(f"the answers of batch {found.id} were pruned; only its numbers are left: senso report {org}")
    return found


def chosen(metrics: Sequence[Metric], name: str, asked: Asked, option: str) -> Metric:
    if sum(getattr(asked, part) is not None for part in PARTS) > 1:
        written = " or ".join(option.format(part).rstrip(" =") for part in PARTS)
        raise ConfigError(f"{written}, not both: numbers are by one of them")
    named = [one for one in metrics if one.name == name]
    if not named:
        raise ConfigError(f"this batch has no {name}; it has: {listed(one.name for one in metrics)}")
    pool = [one for one in named if asked.kind in {None, one.kind} and asked.surface in {None, one.surface}]
    write = f"{option.format('kind')}{{}} {option.format('surface')}{{}}"
    pools = listed(write.format(one.kind, one.surface) for one in pool or named)
    if not pool:
        raise ConfigError(f"this batch has no such numbers; it has: {pools}")
    if len({(one.kind, one.surface) for one in pool}) > 1:
        raise ConfigError(f"say which, since they are never counted together: {pools}")
    return of_part(pool, asked, option)


def of_part(pool: Sequence[Metric], asked: Asked, option: str) -> Metric:
    for one in pool:
        if all(getattr(one, part) == getattr(asked, part) for part in PARTS):
            return one
    part = next((part for part in PARTS if getattr(asked, part) is not None), PARTS[0])
    there = listed(filter(None, (getattr(one, part) for one in pool)))
    said = f"{option.format(part)}{getattr(asked, part)}"
    raise ConfigError(f"{said[:80]!r}: no numbers of it here; there are: {there}")


def listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "none"


def explanation_json(org: UUID, batch: Numbered, metric: Metric, found: Explained) -> dict[str, Any]:
    """Without the answers that are listed."""
    return {
        "org_id": org,
        "batch": record(batch),
        "metric": metric_json(metric),
        "counted": {
            "numerator": found.numerator,
            "denominator": found.denominator,
            "is_as_stored": is_as_stored(metric, found),
        },
        "answers": [
            {"standing": standing, "reason": reason, "rejections": rejections, "answers": answers}
            for (standing, reason, rejections), answers in tallied(found)
        ],
        "next": found.next,
    }


def is_as_stored(metric: Metric, found: Explained) -> bool:
    return (metric.numerator, metric.denominator) == (found.numerator, found.denominator)


def tallied(found: Explained) -> list[tuple[tuple[Standing, str, tuple[str, ...]], int]]:
    """In the order of the standings, the most frequent reasons first."""
    order = list(Standing)
    return sorted(found.tally.items(), key=lambda one: (order.index(one[0][0]), -one[1], one[0][1:]))
