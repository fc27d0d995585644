"""`/orgs/{id}/competitors`, `/sources`, `/claims`: what the answers of a batch say."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from senso.api import well_asked
from senso.api.access import Caller, Scope, needs
from senso.api.chosen_batches import ChosenBatches
from senso.api.context import Context
from senso.api.models import Id
from senso.api.paging import Cursor
from senso.api.paging import page as cut
from senso.api.routes.findings import Found, Judged, Mood, Whose, as_claim, claims_of, last_claim
from senso.api.routes.numbers import Parts
from senso.dashboard.links import to
from senso.dashboard.orgs import answers as reading
from senso.dashboard.orgs import chosen as choosing
from senso.dashboard.orgs import words
from senso.dashboard.orgs.chosen import About, Pool, Sliced
from senso.dashboard.orgs.heads import Head
from senso.dashboard.orgs.heads import head as head_of
from senso.dashboard.orgs.links import Links, filtering
from senso.dashboard.orgs.listing import ROWS, After, listing, of_parts
from senso.dashboard.rendering import page
from senso.dashboard.routes.orgs import SAYING, Slicing
from senso.db import Connection
from senso.reads import findings
from senso.reads.claim_pages import Last
from senso.reads.findings import Chosen
from senso.score import Metric
from senso.states import Category, Polarity, Verdict

Reader = Annotated[Caller, needs(Scope.READ)]
# others: those that name a competitor on file, and not the org.
In = Annotated[str | None, Query(pattern="^others$", description="others, or all answers")]
By = Annotated[str, Query(pattern="^(site|page)$", description="site or page")]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/orgs/{org_id}", route_class=filtering(context))
    add_named(router, context)
    add_cited(router, context)
    add_claims(router, context)
    return router


def add_named(router: APIRouter, context: Context) -> None:
    @router.get("/competitors")
    async def show_competitors(
        request: Request, caller: Reader, org_id: Id, chosen: ChosenBatches, of: Slicing, after: After = 0
    ) -> Response:
        found = await context.read(partial(named, caller, org_id, chosen, of))
        return page(request, "org_competitors.html", shown(found, of) | of_page(found, after, "competitors", of))


def add_cited(router: APIRouter, context: Context) -> None:
    @router.get("/sources")
    async def show_sources(
        request: Request,
        caller: Reader,
        org_id: Id,
        chosen: ChosenBatches,
        of: Slicing,
        by: By = "site",
        category: Whose = None,
        answers: In = None,
        after: After = 0,
    ) -> Response:
        found = await context.read(partial(cited, caller, org_id, chosen, of, Sources(by, category, answers)))
        said = {"by": by if by == "page" else None, "category": category, "answers": answers}
        values = {"by": by, "category": category, "categories": list(Category), "answers": answers}
        return page(
            request, "org_sources.html", shown(found, of) | values | of_page(found, after, "sources", of, **said)
        )


@dataclass(frozen=True, slots=True)
class OfAnswers:
    """`about`: None where no batch has numbers yet. `pool`: None where the batch has no such answers.

    `numbers`: of the slice, that say the same in all.
    """

    head: Head
    about: About | None
    pool: Pool | None
    rows: Sequence[Any]
    numbers: Sequence[Metric] = ()

    @property
    def links(self) -> Links:
        return Links(self.head.org.id, None if self.about is None or self.about.is_newest else self.about.batch.id)


def named(caller: Caller, org: UUID, chosen: Chosen, of: Parts, db: Connection) -> OfAnswers:
    """Raises NotFound and Problem."""
    head, about, found = chosen_answers(db, caller, org, chosen, of)
    if about is None or found is None:
        return OfAnswers(head, about, None, [])
    with well_asked.query():
        comparison = reading.compared(db, org, about)
        answers = reading.answers(db, head.org, about, found.where, comparison)
    return OfAnswers(head, about, found.pool, answers.leaders)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the address says of them."""

    by: str
    category: Category | None
    answers: str | None


def cited(caller: Caller, org: UUID, chosen: Chosen, of: Parts, wanted: Sources, db: Connection) -> OfAnswers:
    """Raises NotFound and Problem."""
    head, about, found = chosen_answers(db, caller, org, chosen, of)
    if about is None or found is None:
        return OfAnswers(head, about, None, [])
    count, of_others = findings.pages if wanted.by == "page" else findings.citations, wanted.answers is not None
    with well_asked.query():
        rows = count(db, org, findings.readable([about.batch]), reading.part_of(found.where), of_others=of_others)
    kept = [one for one in rows if wanted.category in {None, one.category}]
    whose = words.picked(found.numbers, words.CITED_PAGES)
    return OfAnswers(head, about, found.pool, kept, [one for one in whose if one.denominator])


def chosen_answers(
    db: Connection, caller: Caller, org: UUID, chosen: Chosen, of: Parts
) -> tuple[Head, About | None, Sliced | None]:
    choosing.require_one_detail(of)
    head = head_of(db, caller, org)
    about = choosing.about(db, org, chosen)
    if about is None:
        return head, None, None
    return head, about, choosing.sliced(db, about.batch, of, list(choosing.pools(db, about.batch)))


def shown(found: OfAnswers, of: Parts) -> dict[str, Any]:
    return {"head": found.head, "found": found, "of": of, "links": found.links} | SAYING


def of_page(found: OfAnswers, after: int, name: str, of: Parts, **said: Any) -> dict[str, Any]:
    batch = found.links.batch
    path = f"/orgs/{found.head.org.id}/{name}"
    return listing(found.rows, after, path, {"batch_id": batch} | of_parts(of) | said)


def add_claims(router: APIRouter, context: Context) -> None:
    @router.get("/claims")
    async def show_claims(
        request: Request,
        caller: Reader,
        org_id: Id,
        chosen: ChosenBatches,
        verdict: Judged = None,
        polarity: Mood = None,
        cursor: Cursor = None,
    ) -> Response:
        work = partial(claimed, caller, org_id, chosen, verdict, polarity, last_claim(cursor))
        head, found = await context.read(work)
        listed = cut(found.rows if found else [], ROWS, lambda one: one.key, as_claim)
        said = {"verdict": verdict, "polarity": polarity} | of_batches(chosen)
        values: dict[str, Any] = {
            "head": head,
            "found": found,
            "items": listed.items,
            "said": said,
            "links": Links(org_id),
        }
        values |= {"verdicts": list(Verdict), "polarities": list(Polarity)} | SAYING
        values["next"] = to(f"/orgs/{org_id}/claims", said | {"cursor": listed.next}) if listed.next else None
        return page(request, "org_claims.html", values)


def of_batches(chosen: Chosen) -> dict[str, Any]:
    spans = {"since": chosen.since, "until": chosen.until}
    return {"batch_id": chosen.batch, "network_id": chosen.network} | spans


def claimed(
    caller: Caller,
    org: UUID,
    chosen: Chosen,
    verdict: Verdict | None,
    polarity: Polarity | None,
    after: Last,
    db: Connection,
) -> tuple[Head, Found | None]:
    """None: no batch has numbers yet. Raises NotFound and Problem."""
    head = head_of(db, caller, org)
    if choosing.about(db, org, Chosen()) is None:
        return head, None
    return head, claims_of(caller, org, chosen, verdict, polarity, after, ROWS + 1, db)
