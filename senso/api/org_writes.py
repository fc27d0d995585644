"""Organisations, written over HTTP by the same checks and the same writer as an import file."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from senso import imports
from senso.api import seen, well_asked
from senso.api.access import Caller
from senso.api.shown import orgs as shown
from senso.db import Connection
from senso.imports import Document, schema
from senso.imports.schema import Contents, Org, OrgDocument, Question
from senso.imports.source import Place, Source
from senso.queries import imports as rows
from senso.queries.imports import Changes
from senso.queries.triggers import Concerns
from senso.reads import org_documents
from senso.reads.org_documents import Described
from senso.workflows import importing
from senso.workflows.importing import Imported

NAME = "API"
ALONE: Place = ("orgs", 0)


def described(db: Connection, caller: Caller, org: UUID) -> Described:
    """Raises Problem for an org that the caller may not see."""
    seen.require_org(db, caller, org)
    found = org_documents.described(db, org)
    assert found is not None  # noqa: S101  it has just been seen, and no org is deleted
    return found


def as_org(found: Described) -> shown.OrgShown:
    about = {name: getattr(found, name) for name in ("id", "partner_id", "partner", "imported_at")}
    return shown.OrgShown.model_validate(about | found.document)


def put(caller: Caller, org: UUID, body: OrgDocument, db: Connection) -> tuple[HTTPStatus, shown.OrgWritten]:
    """Raises Problem with where and why."""
    rows.alone(db)
    found = described(db, caller, org)
    of_org = Org.model_construct(
        body.model_fields_set, id=org, partner=found.partner_id, **{name: getattr(body, name) for name in FIELDS}
    )
    with well_asked.body(ALONE):
        changes = written(db, caller, org, imports.of_body(Contents.model_construct(orgs=(of_org,)), NAME))
    return HTTPStatus.OK, shown.OrgWritten(org=as_org(described(db, caller, org)), changes=as_changes(changes))


FIELDS = tuple(OrgDocument.model_fields)


def put_questions(
    caller: Caller, org: UUID, questions: tuple[Question, ...], db: Connection
) -> tuple[HTTPStatus, shown.OrgQuestions]:
    """All else of the org stays as it is. Raises Problem with where and why."""
    rows.alone(db)
    found = described(db, caller, org)
    with well_asked.body(ALONE):
        change(db, caller, found, {"questions": questions})
    return HTTPStatus.OK, as_questions(described(db, caller, org))


def put_active(caller: Caller, org: UUID, active: bool, db: Connection) -> bool:  # noqa: FBT001  a value to store
    """All else of the org stays as it is. False if it was so already. Raises Problem."""
    rows.alone(db)
    found = described(db, caller, org)
    if found.document["active"] == active:
        return False
    with well_asked.body(ALONE):
        change(db, caller, found, {"active": active})
    return True


def change(db: Connection, caller: Caller, found: Described, values: Mapping[str, Any]) -> None:
    """Of the org, as an import file that differs in nothing else. Raises ImportRefused."""
    stored = schema.contents(Source(NAME, {"orgs": [as_file(found)]})).orgs[0]
    of_org = stored.model_copy(update=dict(values))
    written(db, caller, found.id, imports.of_body(Contents.model_construct(orgs=(of_org,)), NAME))


def as_questions(found: Described) -> shown.OrgQuestions:
    return shown.OrgQuestions.model_validate({"org_id": found.id, "questions": found.document["questions"]})


def as_file(found: Described) -> dict[str, Any]:
    """As an import file would have it."""
    created_at = found.document["created_at"].isoformat()
    return {"id": str(found.id), "partner": str(found.partner_id), **found.document, "created_at": created_at}


def written(db: Connection, caller: Caller, org: UUID, document: Document) -> Changes:
    return importing.take_in(db, document, caller.actor, whom=Concerns(caller.partner_id, org)).changes


def take_in(caller: Caller, body: Contents, db: Connection, *, dry_run: bool) -> tuple[HTTPStatus, shown.Imported]:
    """Raises Problem with where and why; then nothing is written."""
    with well_asked.body():
        document = imports.of_body(body, NAME)
        done = importing.take_in(db, document, caller.actor, whom=Concerns(caller.partner_id), dry_run=dry_run)
    return HTTPStatus.OK, as_imported(done, dry_run=dry_run)


def as_imported(done: Imported, *, dry_run: bool) -> shown.Imported:
    new = done.new
    return shown.Imported(
        **as_changes(done.changes).model_dump(),
        dry_run=dry_run,
        new_partners=[shown.Created(id=one.id, name=one.name) for one in new.partners],
        new_orgs=[shown.Created(id=one.id, name=one.name) for one in new.orgs],
        new_networks=[shown.Created(id=one.id, name=one.name) for one in new.networks],
        joined=[shown.Joined(network_id=network.id, org_id=org) for network, org in new.joined],
    )


def as_changes(changes: Changes) -> shown.ImportChanges:
    return shown.ImportChanges.model_validate(changes)
