"""What an import may touch if it comes from one partner: its own rows, and neither credits nor models.

What belongs to another partner is refused in the words that are said of what there is not, wherever the id is one that
the partner refers to. An id that it chooses for a row of its own, and that another partner has, cannot be given twice.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from senso.imports import Document
from senso.imports.rows import as_json, questions
from senso.imports.schema import Partner
from senso.imports.source import Place
from senso.queries.import_checks import refuse

OF_ALL = "only a token of all partners may set this"
NO_PARTNER = "no such partner in this file or in the database"
NO_ORG = "no such org in this file or in the database"
TAKEN = "this id is in use; take a new one"


def require_own(db: Connection, document: Document, partner: UUID) -> None:
    """Raises ImportRefused for the first row that is not the partner's to write."""
    found = document.contents
    if found.models:
        raise document.refusal(("models",), OF_ALL)
    for index, one in enumerate(found.partners):
        require_named_only(document, ("partners", index), one, partner)
    for place, subject in found.asked():
        if subject.partner != partner:
            raise document.refusal((*place, "partner"), NO_PARTNER)
    require_own_subjects(db, document, partner)


def require_named_only(document: Document, place: Place, one: Partner, partner: UUID) -> None:
    """Of the partner itself only the name may be set: `credits: null` grants nothing and lifts nothing."""
    if one.id != partner:
        raise document.refusal((*place, "id"), NO_PARTNER)
    if one.credits is not None:
        raise document.refusal((*place, "credits"), f"{OF_ALL}; write null")
    if "max_daily_cost" in one.model_fields_set:
        raise document.refusal((*place, "max_daily_cost"), OF_ALL)


# Of these ids, those that are there and another partner's.
ORGS = text("SELECT id FROM orgs WHERE id = ANY(CAST(:ids AS uuid[])) AND partner_id <> :partner")
NETWORKS = text("SELECT id FROM networks WHERE id = ANY(CAST(:ids AS uuid[])) AND partner_id <> :partner")
# Questions that would be written, or that the partner does not ask yet: of the others, nothing changes for anybody.
TO_CHECK = text("""
    SELECT w.id FROM json_populate_recordset(CAST(NULL AS questions), CAST(:rows AS json)) AS w
        JOIN questions q ON q.id = w.id
    WHERE (q.text, q.kind, q.tags) IS DISTINCT FROM (w.text, w.kind, w.tags) OR NOT (
        EXISTS (SELECT FROM orgs o JOIN org_questions a ON a.org_id = o.id
            WHERE o.partner_id = :partner AND a.question_id = w.id)
        OR EXISTS (SELECT FROM networks n JOIN network_questions a ON a.network_id = n.id
            WHERE n.partner_id = :partner AND a.question_id = w.id)
    )
""")
# A question belongs to whoever asks it now; one that nobody asks any more, to whoever asked it.
QUESTIONS = text("""
    WITH given AS MATERIALIZED (SELECT unnest(CAST(:ids AS uuid[])) AS id),
    asking AS MATERIALIZED (
        SELECT g.id, o.partner_id FROM given g JOIN org_questions q ON q.question_id = g.id
            JOIN orgs o ON o.id = q.org_id
        UNION
        SELECT g.id, n.partner_id FROM given g JOIN network_questions q ON q.question_id = g.id
            JOIN networks n ON n.id = q.network_id
    )
    SELECT id FROM asking WHERE partner_id <> :partner
    UNION
    SELECT g.id FROM given g CROSS JOIN LATERAL (
        SELECT r.subject_id FROM question_runs r WHERE r.question_id = g.id LIMIT 1
    ) asked
    WHERE NOT EXISTS (SELECT FROM asking a WHERE a.id = g.id)
        AND NOT EXISTS (SELECT FROM orgs o WHERE o.id = asked.subject_id AND o.partner_id = :partner)
        AND NOT EXISTS (SELECT FROM networks n WHERE n.id = asked.subject_id AND n.partner_id = :partner)
""")


def require_own_subjects(db: Connection, document: Document, partner: UUID) -> None:
    found = document.contents
    orgs = others(db, ORGS, [one.id for one in found.orgs], partner)
    refuse(document, ((("orgs", at), one.id) for at, one in enumerate(found.orgs)), "id", orgs, TAKEN)
    networks = others(db, NETWORKS, [one.id for one in found.networks], partner)
    refuse(document, ((("networks", at), one.id) for at, one in enumerate(found.networks)), "id", networks, TAKEN)
    asked = others(db, QUESTIONS, to_check(db, document, partner), partner)
    refuse(document, ((place, one.id) for place, one in found.questions()), "id", asked, TAKEN)
    require_own_members(db, document, partner)


def require_own_members(db: Connection, document: Document, partner: UUID) -> None:
    found = document.contents
    strangers = others(db, ORGS, [org for one in found.networks for org in one.orgs], partner)
    for at, network in enumerate(found.networks):
        for index, org in enumerate(network.orgs):
            if org in strangers:
                raise document.refusal(("networks", at, "orgs", index), NO_ORG)


def to_check(db: Connection, document: Document, partner: UUID) -> Sequence[UUID]:
    given = as_json(questions(document.contents))
    return db.execute(TO_CHECK, {"rows": given, "partner": partner}).scalars().all()


def others(db: Connection, query: TextClause, ids: Collection[UUID], partner: UUID) -> Collection[UUID]:
    if not ids:
        return ()
    return set(db.execute(query, {"ids": [str(one) for one in set(ids)], "partner": partner}).scalars())
