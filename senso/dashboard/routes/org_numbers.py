"""`/orgs/{id}/explain`, `/report`, `/report.csv`: the answers behind a number, and all numbers to take away."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from senso.api import seen, well_asked
from senso.api.access import Caller, Scope, needs
from senso.api.chosen_batches import Network
from senso.api.context import Context
from senso.api.models import Id
from senso.api.paging import Cursor, decode, encode
from senso.api.routes.numbers import MetricName
from senso.dashboard.orgs.heads import Head
from senso.dashboard.orgs.heads import head as head_of
from senso.dashboard.orgs.links import Links, filtering
from senso.dashboard.rendering import page
from senso.dashboard.routes.orgs import SAYING, Slicing
from senso.db import Connection
from senso.errors import NotFound
from senso.explanation import Standing
from senso.reads import directory, explanations, numbers, org_reports, reason_words
from senso.reads.explanations import Explained, Numbered, Wanted
from senso.reads.numbers import Asked
from senso.reads.org_reports import Found
from senso.reports.page import page as report_page
from senso.reports.sheet import sheet
from senso.score import Metric, Slice

Reader = Annotated[Caller, needs(Scope.READ)]
Batch = Annotated[Id | None, Query(description="unset: the newest with numbers")]
Stands = Annotated[Standing | None, Query(description="only answers that stand so; unset: all that are not left out")]
ROWS = 50
COUNTING = frozenset(Standing) - {Standing.LEFT_OUT}
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
# The report is one file with its style in it, for mails and printers; nothing else is allowed on its page.
POLICY = "default-src 'none'; style-src 'sha256-{}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/orgs/{org_id}", route_class=filtering(context))
    add_explanation(router, context)
    add_reports(router, context)
    return router


def add_explanation(router: APIRouter, context: Context) -> None:
    @router.get("/explain")
    async def explain(
        request: Request,
        caller: Reader,
        org_id: Id,
        metric: MetricName,
        of: Slicing,
        batch_id: Batch = None,
        standing: Stands = None,
        cursor: Cursor = None,
    ) -> Response:
        after = decode(cursor, int)
        asked = Asked(
            metric, of.kind, of.surface, of.model, of.location, of.tag, batch_id, after[0] if after else 0, ROWS
        )
        head, found = await context.read(partial(explained, caller, org_id, asked, standing))
        if found is None:
            return page(request, "org_unexplained.html", {"head": head})
        links = Links(org_id, batch_id)
        said = {"metric": metric} | found.said
        following = (
            links.to("explain", **said, standing=standing, cursor=encode(found.of.next)) if found.of.next else None
        )
        values = {"head": head, "found": found, "links": links, "said": said, "standing": standing}
        values |= {"reasons": reason_words, "tallied": tallied(found.of), "next": following, "Standing": Standing}
        return page(request, "org_explain.html", values | SAYING)


@dataclass(frozen=True, slots=True)
class Behind:
    """A number and its answers. `metric`: None for one model at one place, whose number is not stored."""

    batch: Numbered
    where: Slice
    metric: Metric | None
    of: Explained

    @property
    def is_as_stored(self) -> bool:
        return self.metric is None or numbers.is_as_stored(self.metric, self.of)

    @property
    def said(self) -> dict[str, Any]:
        return {part: getattr(self.where, part) for part in ("kind", "surface", "model", "location", "tag")}


def explained(
    caller: Caller, org: UUID, asked: Asked, standing: Standing | None, db: Connection
) -> tuple[Head, Behind | None]:
    """None: no batch has numbers yet. Raises NotFound and Problem."""
    head = head_of(db, caller, org)
    if explanations.numbered(db, org, None) is None:
        return head, None
    batch, metric, wanted = wanted_of(db, org, asked)
    listed = COUNTING if standing is None else frozenset({standing})
    found = explanations.explained(db, replace(wanted, standings=listed))
    return head, Behind(batch, wanted.where, metric, found)


def wanted_of(db: Connection, org: UUID, asked: Asked) -> tuple[Numbered, Metric | None, Wanted]:
    if asked.kind and asked.surface and asked.model and asked.location and not asked.tag:
        batch = numbers.numbered(db, org, "this organisation", asked.batch)
        where = Slice(asked.kind, asked.surface, asked.model, asked.location)
        return batch, None, Wanted(org, batch.id, asked.metric, where, asked.after, asked.limit)
    with well_asked.query():
        batch, metric = numbers.asked_for(db, org, "this organisation", asked, option="{}=")
    return batch, metric, numbers.wanted(org, batch, metric, asked)


def tallied(found: Explained) -> dict[Standing, list[tuple[str, Sequence[str], int]]]:
    """By standing, why, and how many answers."""
    by: dict[Standing, list[tuple[str, Sequence[str], int]]] = {}
    for (standing, reason, rejections), answers in numbers.tallied(found):
        by.setdefault(standing, []).append((reason, rejections, answers))
    return by


def add_reports(router: APIRouter, context: Context) -> None:
    @router.get("/report")
    async def show_report(caller: Reader, org_id: Id, network_id: Network = None) -> Response:
        """As `senso report --format html` writes it, of the newest batch."""
        found = await context.read(partial(reported, caller, org_id, network_id))
        text = report_page(found.report)
        return Response(text, media_type="text/html", headers=headers(text))

    @router.get("/report.csv")
    async def show_sheet(caller: Reader, org_id: Id, network_id: Network = None) -> Response:
        """As `senso report --format csv` writes it: the numbers of all batches."""
        found = await context.read(partial(reported, caller, org_id, network_id))
        named = {"Content-Disposition": f'attachment; filename="{org_id}.csv"', "Cache-Control": "no-store"}
        return Response(sheet(found.batches), media_type="text/csv", headers=named)


def headers(text: str) -> dict[str, str]:
    """The first style is the report's own: what stands before it is escaped."""
    style = STYLE.search(text)
    digest = sha256(style[1].encode() if style else b"").digest()
    return {"Content-Security-Policy": POLICY.format(b64encode(digest).decode()), "Cache-Control": "no-store"}


def reported(caller: Caller, org: UUID, network: UUID | None, db: Connection) -> Found:
    """Raises Problem and NotFound."""
    seen.require_org(db, caller, org)
    known = directory.org(db, org)
    found = org_reports.found(db, org, known.name, network) if known else None
    if found is None:
        raise NotFound("no batch with numbers yet")
    return found
