"""`/orgs/{id}/setup`, `/import.json`: what is asked for an organisation, as `senso import` reads it from a file."""

import json
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from senso.api import org_writes
from senso.api.access import Caller, Scope, needs
from senso.api.context import Context
from senso.api.models import Id, Line
from senso.dashboard.orgs.heads import Head, head
from senso.dashboard.orgs.links import filtering
from senso.dashboard.orgs.listing import After, listing
from senso.dashboard.rendering import page
from senso.dashboard.routes.orgs import SAYING
from senso.db import Connection
from senso.reads.org_documents import Described
from senso.records import plain
from senso.states import QuestionKind

Reader = Annotated[Caller, needs(Scope.READ)]
Search = Annotated[Line | None, Query(description="a part of the question")]
Kind = Annotated[QuestionKind | None, Query()]
Tag = Annotated[Line | None, Query()]


def routes(context: Context) -> APIRouter:
    router = APIRouter(prefix="/orgs/{org_id}", route_class=filtering(context))

    @router.get("/setup")
    async def show_setup(
        request: Request,
        caller: Reader,
        org_id: Id,
        search: Search = None,
        kind: Kind = None,
        tag: Tag = None,
        after: After = 0,
    ) -> Response:
        found_head, found = await context.read(partial(described, caller, org_id))
        said = {"search": search, "kind": kind, "tag": tag}
        wanted = (search or "").casefold()
        questions = [
            one
            for one in found.document["questions"]
            if wanted in one["text"].casefold() and kind in {None, one["kind"]} and tag in {None, *one["tags"]}
        ]
        tags = sorted({one for question in found.document["questions"] for one in question["tags"]})
        values = {"head": found_head, "found": found, "said": said, "document": found.document, "tags": tags}
        return page(
            request, "org_setup.html", values | listing(questions, after, f"/orgs/{org_id}/setup", said) | SAYING
        )

    @router.get("/import.json")
    async def show_file(caller: Reader, org_id: Id) -> Response:
        """A file that `senso import` takes: YAML is a superset of JSON."""
        _, found = await context.read(partial(described, caller, org_id))
        text = json.dumps({"orgs": [org_writes.as_file(found)]}, default=plain, ensure_ascii=False, indent=2)
        named = {"Content-Disposition": f'attachment; filename="{org_id}.json"', "Cache-Control": "no-store"}
        return Response(f"{text}\n", media_type="application/json", headers=named)

    return router


def described(caller: Caller, org: UUID, db: Connection) -> tuple[Head, Described]:
    return head(db, caller, org), org_writes.described(db, caller, org)
