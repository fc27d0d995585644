"""Partners and their credits; providers as they stand."""

from functools import partial
from typing import Annotated
from uuid import UUID

from pydantic import Field

from senso.api.access import Caller, Scope
from senso.api.context import Context
from senso.api.models import Line, Page
from senso.api.paging import decode, page
from senso.api.problems import invalid
from senso.api.routes import partners, providers
from senso.api.shown.partners import PartnerCredits, PartnerListed
from senso.api.shown.providers import Providers
from senso.db import Connection
from senso.mcp.arguments import Arguments, Paged
from senso.mcp.outside import Quoting
from senso.mcp.tool import Tool, about, reading
from senso.reads import directory
from senso.workflows import model_standings


class WhichPartners(Paged):
    search: Annotated[Line | None, Field(description="a part of the name, or the beginning of the id; null: all")] = (
        None
    )


class WhoseCredits(Arguments):
    partner_id: Annotated[UUID | None, Field(description="of list_partners; null: the token's own")] = None


class WhichDays(Arguments):
    days: Annotated[int, Field(ge=1, le=providers.MOST_DAYS, description="today and the days before it, UTC")] = 1


class Partners(Page[PartnerListed]):
    """Partners by name."""


class ShownProviders(Quoting, Providers):
    """How models stand. Errors of vendors are from outside."""


def list_partners(_context: Context, caller: Caller, asked: WhichPartners, db: Connection) -> Partners:
    """Who pays: partners with the credits that they have and that are held. A token of one partner sees that one."""
    after = decode(asked.cursor, UUID)
    last, most = after[0] if after else None, asked.limit + 1
    found = directory.partners_after(db, last, search=asked.search or "", only=caller.partner_id, most=most)
    return Partners.model_validate(page(found, asked.limit, lambda one: (one.id,), PartnerListed.model_validate))


def show_credits(_context: Context, caller: Caller, asked: WhoseCredits, db: Connection) -> PartnerCredits:
    """The credits of a partner: available (null: not metered), held for open batches, granted and charged in all."""
    wanted = asked.partner_id or caller.partner_id
    if wanted is None:
        raise invalid([("partner_id", "say which: this token is of all partners, and list_partners lists them")])
    return PartnerCredits.model_validate(partners.credits_of(caller, wanted, db))


async def list_providers(context: Context, caller: Caller, asked: WhichDays) -> ShownProviders:
    """How the AI providers stand: limits, whether a model's breaker is open, and how the calls of each day ended."""
    known, trouble = await context.places.run(model_standings.known)
    found = await context.read(partial(providers.providers, context, caller, known, asked.days))
    return ShownProviders.model_validate(found.model_copy(update={"trouble": trouble and providers.TROUBLE}))


TOOLS = (
    reading(list_partners, WhichPartners, Partners),
    reading(show_credits, WhoseCredits, PartnerCredits),
    Tool("list_providers", about(list_providers), Scope.READ, WhichDays, ShownProviders, list_providers),
)
