"""For each route below /api/v1 how it is asked for what belongs to another partner. A route without a line fails.

A list is answered, and holds nothing of the other partner; all else is answered as if there were no such thing, with
the very words that an id gets that nobody has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from factories import Factory

from senso.states import Scope


class World:
    """What one partner has; `nothing` has an id of the same kind for each, which nobody has."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self.org = make.org()
        self.partner = self.org.partner
        self.token = self.made_token()
        self.proposal = self.made_proposal()
        self.ids = [self.partner, self.org.id, self.token]
        ids = {"partner": uuid4(), "token": uuid4()}
        org = SimpleNamespace(id=uuid4())
        self.nothing = SimpleNamespace(**ids, org=org, proposal=self.proposal, ids=[*ids.values(), org.id])

    def made_token(self) -> Any:
        self.make.token(Scope.READ, self.partner)
        return self.make.one("SELECT id FROM tokens WHERE partner_id = :p", p=self.partner)

    def made_proposal(self) -> Any:
        return self.make.one(
            "INSERT INTO name_proposals (org_id, key, name, state, reason) "
            "VALUES (:org, 'umbra', 'Umbra', 'proposed', 'has other words') RETURNING id",
            org=self.org.id,
        )

    def known(self, name: str) -> Any:
        """What it has of a parameter of a path, by its name; None if nothing."""
        found = {"org_id": self.org.id, "partner_id": self.partner, "token_id": self.token, "subject": self.org.id}
        return self.proposal if name == "proposal" else str(found[name]) if name in found else None

    @property
    def secrets(self) -> list[str]:
        """What no list may show to others."""
        return [str(one) for one in self.ids]


@dataclass(frozen=True)
class Case:
    """`path`: below /api/v1, of a world. `body`: of a write. `is_list`: answered 200, without what others have.

    `status`: of the refusal; another one where ids are in the body.
    """

    path: Callable[[Any], str]
    body: Callable[[Any], dict[str, Any]] | None = None
    is_list: bool = False
    status: HTTPStatus = HTTPStatus.NOT_FOUND


def of_org(path: str, body: Callable[[Any], dict[str, Any]] | None = None) -> Case:
    return Case(lambda world: f"/orgs/{world.org.id}{path}", body)


ORG = {"name": "Larch Hill", "websites": ["https://larchhill.example"], "created_at": "2026-01-05"}


CASES = {
    "GET /tokens": Case(lambda world: "/tokens", is_list=True),
    "POST /tokens": Case(
        lambda world: "/tokens", lambda world: {"name": "x", "scope": "read", "partner_id": str(world.partner)}
    ),
    "DELETE /tokens/{token_id}": Case(lambda world: f"/tokens/{world.token}"),
    "GET /orgs": Case(lambda world: "/orgs", is_list=True),
    "GET /orgs/{org_id}": of_org(""),
    "PUT /orgs/{org_id}": of_org("", lambda world: ORG),
    "GET /orgs/{org_id}/questions": of_org("/questions"),
    "PUT /orgs/{org_id}/questions": of_org("/questions", lambda world: {"questions": []}),
    "POST /import": Case(
        lambda world: "/import",
        lambda world: {"orgs": [ORG | {"id": str(uuid4()), "partner": str(world.partner)}]},
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    "GET /orgs/{org_id}/metrics": of_org("/metrics"),
    "GET /orgs/{org_id}/metrics/{name}/answers": of_org("/metrics/mention_rate/answers"),
    "GET /orgs/{org_id}/changes": of_org("/changes"),
    "GET /orgs/{org_id}/competitors": of_org("/competitors"),
    "GET /orgs/{org_id}/citations": of_org("/citations"),
    "GET /orgs/{org_id}/claims": of_org("/claims"),
    "GET /orgs/{org_id}/names": of_org("/names"),
    "POST /orgs/{org_id}/names/{proposal}/accept": Case(
        lambda world: f"/orgs/{world.org.id}/names/{world.proposal}/accept"
    ),
    "POST /orgs/{org_id}/names/{proposal}/reject": Case(
        lambda world: f"/orgs/{world.org.id}/names/{world.proposal}/reject"
    ),
    "GET /partners": Case(lambda world: "/partners", is_list=True),
    "GET /partners/{partner_id}/credits": Case(lambda world: f"/partners/{world.partner}/credits"),
    "POST /partners/{partner_id}/credits": Case(
        lambda world: f"/partners/{world.partner}/credits", lambda world: {"credits": 1, "ref": "r"}
    ),
    "GET /partners/{partner_id}/ledger": Case(lambda world: f"/partners/{world.partner}/ledger"),
    "GET /schedules/{subject}": Case(lambda world: f"/schedules/{world.org.id}"),
}
