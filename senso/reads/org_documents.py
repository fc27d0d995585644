"""An org as its import file describes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.imports.schema import OrgDocument
from senso.queries import results

ORG = text("""
    SELECT o.id, o.partner_id, p.name AS partner, o.imported_at, o.name, o.created_at, o.active, o.competitors,
        CASE WHEN o.samples = o.most_samples THEN to_jsonb(o.samples)
            ELSE jsonb_build_object('from', o.samples, 'to', o.most_samples) END AS samples,
        ARRAY(SELECT a.name FROM org_aliases a WHERE a.org_id = o.id ORDER BY a.position, a.name) AS aliases,
        ARRAY(SELECT n.name FROM org_not_names n WHERE n.org_id = o.id ORDER BY n.position, n.name) AS not_names,
        ARRAY(SELECT f.text FROM org_facts f WHERE f.org_id = o.id ORDER BY f.position, f.text) AS facts,
        ARRAY(SELECT m.slug FROM org_models a JOIN models m ON m.id = a.model_id WHERE a.org_id = o.id
            ORDER BY m.slug) AS models,
        ARRAY(SELECT jsonb_build_object('country', l.country, 'region', l.region, 'city', l.city)
            FROM org_locations a JOIN locations l ON l.id = a.location_id WHERE a.org_id = o.id
            ORDER BY l.country, l.region NULLS FIRST, l.city NULLS FIRST) AS locations,
        ARRAY(SELECT jsonb_build_object('id', q.id, 'text', q.text, 'kind', q.kind, 'tags', q.tags)
            FROM org_questions a JOIN questions q ON q.id = a.question_id WHERE a.org_id = o.id
            ORDER BY a.position, q.id) AS questions
    FROM orgs o JOIN partners p ON p.id = o.partner_id WHERE o.id = :org
""")


@dataclass(frozen=True, slots=True)
class Described:
    """`document`: by the names of `OrgDocument`; models by slug, locations by country, in this order."""

    id: UUID
    partner_id: UUID
    partner: str
    imported_at: datetime
    document: dict[str, Any]


def described(db: Connection, org: UUID) -> Described | None:
    found = rows(db.execute(ORG, {"org": org}))
    if not found:
        return None
    found[0]["websites"] = list(results.websites(db, org))
    document = {name: found[0].pop(name) for name in OrgDocument.model_fields}
    return Described(**found[0], document=document)
