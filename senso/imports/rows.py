"""Converts a document to rows of the tables."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from senso.imports.schema import Competitor, Contents, Known, Location, Model, Network, Org, Partner, model_id
from senso.states import Surface

Row = dict[str, Any]
PROPERTIES = ("parameters", "prices", "retirement")
LIMITS = ("rpm", "tpm", "max_in_flight")
# The same as for the well-known models: a collected answer takes up to twenty minutes, a vendor's own API does not.
DEADLINE_SECONDS = {Surface.CONSUMER: 1200, Surface.API: 90}


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids that the database already has: an existing row for a slug or a location keeps its id."""

    models: Mapping[str, UUID]
    locations: Mapping[tuple[str, str | None, str | None], UUID]

    def model(self, slug: str) -> UUID:
        return self.models.get(slug, model_id(slug))

    def location(self, one: Location) -> UUID:
        return self.locations.get(one.key, one.id)


def rows(found: Contents, ids: Ids) -> dict[str, list[Row]]:
    """Rows by table, ordered so that no row refers to a later table."""
    return {
        "models": models(found, ids),
        "locations": locations(found, ids),
        "partners": partners(found),
        "questions": questions(found),
        "orgs": [org(one) for one in found.orgs],
        "org_websites": websites(found.orgs),
        "org_aliases": [one for org in found.orgs for one in listed(org.id, org.aliases)],
        "org_not_names": [one for org in found.orgs for one in listed(org.id, org.not_names)],
        "org_facts": [one for org in found.orgs for one in facts(org)],
        **asked("org", found.orgs, ids),
        "networks": [network(one) for one in found.networks],
        "network_orgs": [{"network_id": one.id, "org_id": member} for one in found.networks for member in one.orgs],
        **asked("network", found.networks, ids),
    }


def models(found: Contents, ids: Ids) -> list[Row]:
    return [
        one.model_dump(exclude={*PROPERTIES, *LIMITS})
        | {name: known(one, name) for name in PROPERTIES}
        | {name: limit(one, name) for name in LIMITS}
        | {"id": ids.model(one.slug), "deadline_seconds": DEADLINE_SECONDS[one.surface]}
        for one in found.models
    ]


def known(one: Model, name: str) -> Row | None:
    """None if the file does not mention it, an empty row if the file removes it."""
    if name not in one.model_fields_set:
        return None
    value: Known | None = getattr(one, name)
    return value.model_dump(exclude_none=True) if value else {}


def limit(one: Model, name: str) -> int | None:
    """None if the file does not mention it, 0 if the file removes it."""
    return (getattr(one, name) or 0) if name in one.model_fields_set else None


def locations(found: Contents, ids: Ids) -> list[Row]:
    locations = dict.fromkeys(one for _, subject in found.asked() for one in subject.locations)
    return [one.model_dump() | {"id": ids.location(one)} for one in locations]


def partners(found: Contents) -> list[Row]:
    """A new metered partner starts with 0 credits: credits come from a grant, which is a row of the ledger."""
    return [
        {
            "id": one.id,
            "name": one.name,
            "max_daily_cost_microusd": ceiling(one),
            "available": None if one.credits is None else 0,
        }
        for one in found.partners
    ]


def ceiling(one: Partner) -> int | None:
    """None if the file does not mention it, -1 if it removes it: no ceiling must go because a line is missing."""
    if "max_daily_cost" not in one.model_fields_set:
        return None
    return -1 if one.max_daily_cost is None else round(one.max_daily_cost * 1_000_000)


def questions(found: Contents) -> list[Row]:
    once = {question.id: question for _, question in found.questions()}
    return [question.model_dump() for question in once.values()]


def org(one: Org) -> Row:
    return {
        "id": one.id,
        "partner_id": one.partner,
        "name": one.name,
        "active": one.active,
        "competitors": [competitor(other) for other in one.competitors],
        "created_at": one.created_at,
        "samples": one.samples.least,
        "most_samples": one.samples.most,
    }


def network(one: Network) -> Row:
    return {"id": one.id, "partner_id": one.partner, "name": one.name, "samples": one.samples.least}


def competitor(one: Competitor) -> str | Row:
    """Its name alone if there is nothing more to say."""
    return one.model_dump(exclude_defaults=True) if one.aliases or one.websites else one.name


def websites(orgs: Sequence[Org]) -> list[Row]:
    return [
        {"org_id": one.id, "url": url, "position": position}
        for one in orgs
        for position, url in enumerate(one.websites)
    ]


def listed(org: UUID, names: Sequence[str]) -> list[Row]:
    return [{"org_id": org, "name": name, "position": position} for position, name in enumerate(names)]


def facts(org: Org) -> list[Row]:
    return [{"org_id": org.id, "text": fact, "position": position} for position, fact in enumerate(org.facts)]


def asked(kind: str, subjects: Sequence[Org | Network], ids: Ids) -> dict[str, list[Row]]:
    key = f"{kind}_id"
    return {
        f"{kind}_questions": [
            {key: one.id, "question_id": question.id, "position": position}
            for one in subjects
            for position, question in enumerate(one.questions)
        ],
        f"{kind}_models": [{key: one.id, "model_id": ids.model(slug)} for one in subjects for slug in one.models],
        f"{kind}_locations": [
            {key: one.id, "location_id": ids.location(location)} for one in subjects for location in one.locations
        ],
    }


def as_json(found: Sequence[Row]) -> str:
    """One value for a statement to expand: one statement for each of a hundred thousand rows would take minutes."""
    return json.dumps(found, default=str, ensure_ascii=False)
