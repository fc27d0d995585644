"""Organisations: found by name, and what they are asked."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from senso.api import org_writes
from senso.api.access import Caller
from senso.api.context import Context
from senso.api.models import Line, Page
from senso.api.paging import decode, page
from senso.api.routes import orgs
from senso.api.shown.orgs import LocationShown, OrgListed, QuestionShown
from senso.db import Connection
from senso.mcp.arguments import OfOrg, Paged, Partner
from senso.mcp.tool import reading


class Search(Paged):
    search: Annotated[Line | None, Field(description="a part of the name, or the beginning of the id; null: all")] = (
        None
    )
    partner_id: Partner = None


class Orgs(Page[OrgListed]):
    """Organisations by name, each with its last batch and the weekday on which the schedule asks it."""


class Asked(Page[QuestionShown]):
    """Which models are asked at which locations, and the questions."""

    org_id: UUID
    models: list[str]
    locations: list[LocationShown]


def list_orgs(_context: Context, caller: Caller, asked: Search, db: Connection) -> Orgs:
    """Find watched organisations by a part of their name. Start here: other tools take the id."""
    after = decode(asked.cursor, UUID)
    last = after[0] if after else None
    found = orgs.listed(caller, asked.search or "", asked.partner_id, db, after=last, most=asked.limit + 1)
    return Orgs.model_validate(page(found, asked.limit, lambda one: (one.id,), OrgListed.model_validate))


def list_questions(_context: Context, caller: Caller, asked: OfOrg, db: Connection) -> Asked:
    """What an organisation's assistants are asked: its questions in their order, and the models and locations.

    Each question is asked of each model at each location. Those of its networks are not among them.
    """
    found = org_writes.as_org(org_writes.described(db, caller, asked.org_id))
    after = decode(asked.cursor, int)
    first = max(after[0], 0) if after else 0
    numbered = list(enumerate(found.questions, start=1))[first : first + asked.limit + 1]
    shown = page(numbered, asked.limit, lambda one: (one[0],), lambda one: one[1])
    return Asked(items=shown.items, next=shown.next, org_id=found.id, models=found.models, locations=found.locations)


TOOLS = (reading(list_orgs, Search, Orgs), reading(list_questions, OfOrg, Asked))
