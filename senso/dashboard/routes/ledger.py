"""`/partners/{id}/ledger`: each movement of credits, as a page and as CSV."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from senso.api import seen
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.days import Day
from senso.api.paging import Cursor, decode, number, wrong
from senso.api.routes.partners import credits_of
from senso.dashboard import links
from senso.dashboard.cutting import ROWS, cut
from senso.dashboard.links import MAY_BE_EMPTY
from senso.dashboard.page_route import page_route
from senso.dashboard.rendering import HEADERS, page
from senso.db import Connection
from senso.queries.ledger import PartnerCredits
from senso.reads import ledger_pages
from senso.reads.ledger_pages import Entered, Filters, Found, Last
from senso.reports.sheet import cell
from senso.states import Entry

Reader = Annotated[Caller, needs(Scope.READ)]
COLUMNS = ("created_at", "entry", "credits", "balance", "idempotency_key", "org_id", "kind", "batch_id", "run_id")
AT_ONCE = 2000
NO_FILTERS = Filters()
Row = Entered | Found


def filters(
    entry: Annotated[Entry | None, MAY_BE_EMPTY] = None,
    batch: Annotated[UUID | None, MAY_BE_EMPTY] = None,
    since: Annotated[Day | None, MAY_BE_EMPTY] = None,
    until: Annotated[Day | None, MAY_BE_EMPTY] = None,
) -> Filters:
    return Filters(entry, batch, since, until)


Chosen = Annotated[Filters, Depends(filters)]


def routes(context: Context) -> APIRouter:
    router = APIRouter(route_class=page_route(context))

    @router.get("/partners/{partner_id}/ledger")
    async def ledger(
        request: Request, caller: Reader, partner_id: UUID, chosen: Chosen, cursor: Cursor = None
    ) -> Response:
        if cleaned := links.without_empty(request):
            return cleaned
        last = last_of(decode(cursor, int, str))
        found, read = await context.read(partial(of_page, caller, partner_id, chosen, last))
        rows, following = cut(read, place)
        at, said = f"/partners/{partner_id}/ledger", said_of(chosen)
        values = {
            "found": found,
            "rows": rows,
            "chosen": chosen,
            "is_whole": chosen == NO_FILTERS,
            "entries": [("", "all"), *Entry],
        }
        values["next"] = links.to(at, said | {"cursor": following}) if following else None
        return page(request, "ledger.html", values | {"csv": links.to(f"{at}.csv", said)})

    @router.get("/partners/{partner_id}/ledger.csv")
    async def ledger_csv(caller: Reader, partner_id: UUID, chosen: Chosen) -> Response:
        """All rows that match, the newest first, read some thousands at a time."""
        await context.read(partial(seen.require_partner, caller=caller, partner=partner_id))
        name = f'attachment; filename="ledger-{partner_id}.csv"'
        lines = csv_lines(context, caller, partner_id, chosen)
        return StreamingResponse(lines, headers=HEADERS | {"Content-Disposition": name}, media_type="text/csv")

    return router


def said_of(chosen: Filters) -> dict[str, object]:
    return {"entry": chosen.entry, "batch": chosen.batch, "since": chosen.since, "until": chosen.until}


def last_of(found: tuple[int, str] | None) -> tuple[int, int | None] | None:
    """The id of the last row of the page before, and the balance before that row where it is known. Raises Problem."""
    if found is None:
        return None
    try:
        return found[0], number(found[1]) if found[1] else None
    except ValueError:
        raise wrong() from None


def place(row: Row) -> tuple[int, str]:
    return row.id, str(row.before) if isinstance(row, Entered) else ""


def of_page(
    caller: Caller, partner: UUID, chosen: Filters, last: tuple[int, int | None] | None, db: Connection
) -> tuple[PartnerCredits, Sequence[Row]]:
    return credits_of(caller, partner, db), entered(caller, partner, chosen, last, ROWS + 1, db)


def entered(
    caller: Caller, partner: UUID, chosen: Filters, last: tuple[int, int | None] | None, most: int, db: Connection
) -> Sequence[Row]:
    """Raises Problem."""
    seen.require_partner(db, caller, partner)
    if chosen != NO_FILTERS:
        return ledger_pages.found(db, partner, chosen, last and last[0], most)
    known = Last(last[0], last[1]) if last is not None and last[1] is not None else None
    return ledger_pages.page(db, partner, known, most)


async def csv_lines(context: Context, caller: Caller, partner: UUID, chosen: Filters) -> AsyncIterator[str]:
    yield as_csv([COLUMNS])
    last: tuple[int, int | None] | None = None
    while True:
        rows = await context.read(partial(entered, caller, partner, chosen, last, AT_ONCE))
        yield as_csv([[cell(getattr(one, name)) for name in COLUMNS] for one in rows])
        if len(rows) < AT_ONCE:
            return
        final = rows[-1]
        last = final.id, final.before if isinstance(final, Entered) else None


def as_csv(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
