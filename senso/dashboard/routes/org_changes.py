"""`/orgs/{id}/changes`: each number of two periods, with a verdict in plain words."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from senso.api import well_asked
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Id
from senso.api.routes.numbers import MetricName, Parts, spans
from senso.comparison import NUMBERS, Change
from senso.dashboard.orgs.chosen import DETAILS
from senso.dashboard.orgs.heads import Head, head
from senso.dashboard.orgs.links import Links, filtering
from senso.dashboard.orgs.listing import After, listing, of_parts
from senso.dashboard.rendering import page
from senso.dashboard.routes.orgs import SAYING, Slicing
from senso.db import Connection
from senso.numbers.verdicts import Verdict
from senso.reads import comparisons, findings, periods
from senso.reads.comparisons import Comparison
from senso.reads.periods import Asked

Reader = Annotated[Caller, needs(Scope.READ)]


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=filtering(context))

    @router.get("/orgs/{org_id}/changes")
    async def show_changes(
        request: Request,
        caller: Reader,
        org_id: Id,
        asked: Annotated[Asked, Depends(spans)],
        of: Slicing,
        name: MetricName | None = None,
        verdict: Verdict | None = None,
        after: After = 0,
    ) -> Response:
        found_head, found = await context.read(partial(changed, caller, org_id, asked))
        wanted = Wanted(of, name, verdict)
        rows = [one for one in found.changes if wanted.has(one)] if found else []
        said = {"name": name, "verdict": verdict} | dates(asked) | of_parts(of)
        values: dict[str, Any] = {
            "head": found_head,
            "found": found,
            "of": of,
            "asked": asked,
            "name": name,
            "verdict": verdict,
        }
        values |= {"links": Links(org_id), "names": NUMBERS, "verdicts": list(Verdict)} | SAYING
        return page(request, "org_changes.html", values | listing(rows, after, f"/orgs/{org_id}/changes", said))

    return router


@dataclass(frozen=True, slots=True)
class Wanted:
    """Changes of this slice, number and verdict; None: of any."""

    of: Parts
    name: str | None
    verdict: Verdict | None

    def has(self, one: Change) -> bool:
        of_slice = (getattr(self.of, part) in {None, getattr(one, part)} for part in ("kind", "surface", *DETAILS))
        return self.name in {None, one.name} and self.verdict in {None, one.verdict} and all(of_slice)


def changed(caller: Caller, org: UUID, asked: Asked, db: Connection) -> tuple[Head, Comparison | None]:
    """None: there is nothing to compare with yet. Raises NotFound for dates that have no numbers, and Problem."""
    found = head(db, caller, org)
    batches = periods.of_one_subject(periods.batches(db, org), asked.network)
    says_no_date = asked == Asked(None, None, None, None, asked.network)
    if not batches or (says_no_date and batches[0].date == batches[-1].date):
        return found, None
    with well_asked.query():
        for period in periods.spans(asked, [one.date for one in batches]):
            findings.readable(periods.within(batches, period))
        return found, comparisons.compare(db, org, batches, asked)


def dates(asked: Asked) -> dict[str, Any]:
    later = {"since": asked.since, "until": asked.until, "network_id": asked.network}
    return later | {"before_since": asked.before_since, "before_until": asked.before_until}
