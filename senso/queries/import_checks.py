"""Checks of an import file that need the database; each error names the line of the file."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from senso import states
from senso.imports import Document
from senso.imports.names import compared
from senso.imports.rows import Row, as_json
from senso.imports.schema import Network, Org, Partner
from senso.imports.source import Place

KNOWN_PARTNERS = text("SELECT id FROM partners WHERE id = ANY(CAST(:ids AS uuid[]))")
KNOWN_ORGS = text("SELECT id FROM orgs WHERE id = ANY(CAST(:ids AS uuid[]))")
KNOWN_MODELS = text("SELECT slug FROM models")


def require_references(db: Connection, document: Document) -> None:
    """Raises ConfigError for the first partner, model or org that is neither in the file nor in the database."""
    found = document.contents
    partners = known(db, KNOWN_PARTNERS, {subject.partner for _, subject in found.asked()}, found.partners)
    orgs = known(db, KNOWN_ORGS, {org for network in found.networks for org in network.orgs}, found.orgs)
    models = {*db.execute(KNOWN_MODELS).scalars(), *(model.slug for model in found.models)}
    for place, subject in found.asked():
        require_partner(document, place, subject, partners)
        require_models(document, place, subject, models)
        require_orgs(document, place, subject, orgs)


def known(db: Connection, query: TextClause, ids: set[UUID], given: Sequence[Partner] | Sequence[Org]) -> set[UUID]:
    defined = {one.id for one in given}
    return defined | set(db.execute(query, {"ids": [str(one) for one in ids - defined]}).scalars())


def require_partner(document: Document, place: Place, subject: Org | Network, partners: Collection[UUID]) -> None:
    if subject.partner not in partners:
        raise document.refusal((*place, "partner"), "no such partner in this file or in the database")


def require_models(document: Document, place: Place, subject: Org | Network, models: Collection[str]) -> None:
    for index, slug in enumerate(subject.models):
        if slug not in models:
            raise document.refusal(
                (*place, "models", index), f"no model {slug}; {meant(slug, models)}senso models lists all"
            )


def meant(slug: str, models: Collection[str]) -> str:
    """The slugs that were probably meant, the likeliest first; empty if none is near."""
    near = get_close_matches(slug, models)
    return f"did you mean {' or '.join(near)}? " if near else ""


def require_orgs(document: Document, place: Place, subject: Org | Network, orgs: Collection[UUID]) -> None:
    for index, org in enumerate(subject.orgs if isinstance(subject, Network) else ()):
        if org not in orgs:
            raise document.refusal((*place, "orgs", index), "no such org in this file or in the database")


# These must not change: past results belong to this text and this surface, and an open batch is paid by this partner.
REWORDED = text("""
    SELECT q.id FROM json_populate_recordset(CAST(NULL AS questions), CAST(:rows AS json)) AS w
        JOIN questions q ON q.id = w.id AND (q.text, q.kind) IS DISTINCT FROM (w.text, w.kind)
    WHERE EXISTS (SELECT FROM question_runs r WHERE r.question_id = q.id)
""")
RESURFACED = text("""
    SELECT m.slug FROM json_populate_recordset(CAST(NULL AS models), CAST(:rows AS json)) AS w
        JOIN models m ON m.slug = w.slug AND m.surface <> w.surface
    WHERE EXISTS (SELECT FROM question_runs r WHERE r.model_id = m.id)
""")
MOVED = text(f"""
    SELECT o.id FROM json_populate_recordset(CAST(NULL AS orgs), CAST(:rows AS json)) AS w
        JOIN orgs o ON o.id = w.id AND o.partner_id <> w.partner_id
    WHERE EXISTS (SELECT FROM batches b WHERE b.org_id = o.id AND {states.among("b.state", states.OPEN_BATCHES)})
""")


def keep_history(db: Connection, document: Document, rows: Mapping[str, Sequence[Row]]) -> None:
    """Raises ConfigError. A question may be reworded until it is first asked; after that a new id is needed."""
    found = document.contents
    questions = ((place, question.id) for place, question in found.questions())
    reworded = "its text or kind differs and it was asked before; give the new question a new id"
    refuse(document, questions, "id", among(db, REWORDED, rows["questions"]), reworded)
    models = ((("models", index), model.slug) for index, model in enumerate(found.models))
    resurfaced = "it was asked before, and surfaces are never pooled; give the new model a new slug"
    refuse(document, models, "surface", among(db, RESURFACED, rows["models"]), resurfaced)
    orgs = ((place, subject.id) for place, subject in found.asked())
    moved = "a batch that the partner until now pays is under way; import again when it has ended"
    refuse(document, orgs, "partner", among(db, MOVED, rows["orgs"]), moved)


def among(db: Connection, query: TextClause, rows: Sequence[Row]) -> set[Any]:
    return set(db.execute(query, {"rows": as_json(rows)}).scalars())


def refuse(
    document: Document, given: Iterable[tuple[Place, object]], key: str, wrong: Collection[object], reason: str
) -> None:
    for place, one in given:
        if one in wrong:
            raise document.refusal((*place, key), reason)


NEIGHBOURS = text("""
    SELECT o.id, o.partner_id AS partner, o.name, ARRAY(SELECT name FROM org_aliases WHERE org_id = o.id) AS aliases
    FROM orgs o WHERE o.partner_id = ANY(CAST(:partners AS uuid[])) AND o.id <> ALL(CAST(:given AS uuid[]))
""")


def require_distinct_names(db: Connection, document: Document) -> None:
    """Raises ConfigError for an alias that is a name or an alias of another org of the same partner."""
    orgs = document.contents.orgs
    values = {"partners": [str(org.partner) for org in orgs], "given": [str(org.id) for org in orgs]}
    stored = list(db.execute(NEIGHBOURS, values))
    if not any(org.aliases for org in orgs) and not any(one.aliases for one in stored):
        return
    named = {(org.partner, compared(org.name)): org.id for org in orgs}
    named |= {(one.partner, compared(one.name)): one.id for one in stored}
    aliases = {(one.partner, compared(alias)): one.id for one in stored for alias in one.aliases}
    for place, org in enumerate(orgs):
        refuse_taken(document, ("orgs", place, "name"), org, org.name, aliases)
        for index, alias in enumerate(org.aliases):
            for taken in (named, aliases):
                refuse_taken(document, ("orgs", place, "aliases", index), org, alias, taken)
            aliases[org.partner, compared(alias)] = org.id


def refuse_taken(document: Document, place: Place, org: Org, name: str, taken: Mapping[tuple[UUID, str], UUID]) -> None:
    holder = taken.get((org.partner, compared(name)), org.id)
    if holder != org.id:
        raise document.refusal(
            place, f"is a name of org {holder} of the same partner; an answer could not tell which is meant"
        )
