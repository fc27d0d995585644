"""For each route below /api/v1 how it is asked for what belongs to another partner. A route without a line fails.

A list is answered, and holds nothing of the other partner; all else is answered as if there were no such thing, with
the very words that an id gets that nobody has.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
        self.webhook = self.made_webhook()
        self.ids = [self.partner, self.org.id, self.token, self.webhook]
        ids = {"partner": uuid4(), "token": uuid4(), "webhook": uuid4()}
        org = SimpleNamespace(id=uuid4())
        self.nothing = SimpleNamespace(**ids, org=org, ids=[*ids.values(), org.id])

    def made_token(self) -> Any:
        self.make.token(Scope.READ, self.partner)
        return self.make.one("SELECT id FROM tokens WHERE partner_id = :p", p=self.partner)

    def made_webhook(self) -> Any:
        return self.make.one(
            "INSERT INTO webhooks (id, partner_id, url, secret, events, created_by) VALUES "
            "(:id, :partner, 'https://hook.example/', 'sealed:x:y', '{batch.failed}', 'test') RETURNING id",
            id=uuid4(),
            partner=self.partner,
        )

    def known(self, name: str) -> Any:
        """What it has of a parameter of a path, by its name; None if nothing."""
        found = {"org_id": self.org.id, "partner_id": self.partner, "token_id": self.token, "webhook_id": self.webhook}
        return str(found[name]) if name in found else None

    @property
    def secrets(self) -> list[str]:
        """What no list may show to others."""
        return [str(one) for one in self.ids]


@dataclass(frozen=True)
class Case:
    """`path`: below /api/v1, of a world. `body`: of a write. `is_list`: answered 200, without what others have."""

    path: Callable[[Any], str]
    body: Callable[[Any], dict[str, Any]] | None = None
    is_list: bool = False


CASES = {
    "GET /tokens": Case(lambda world: "/tokens", is_list=True),
    "POST /tokens": Case(
        lambda world: "/tokens", lambda world: {"name": "x", "scope": "read", "partner_id": str(world.partner)}
    ),
    "DELETE /tokens/{token_id}": Case(lambda world: f"/tokens/{world.token}"),
    "GET /webhooks": Case(lambda world: "/webhooks", is_list=True),
    "POST /webhooks": Case(
        lambda world: "/webhooks",
        lambda world: {"url": "https://hook.example/", "partner_id": str(world.partner)},
    ),
    "DELETE /webhooks/{webhook_id}": Case(lambda world: f"/webhooks/{world.webhook}"),
    "GET /webhooks/{webhook_id}/deliveries": Case(lambda world: f"/webhooks/{world.webhook}/deliveries"),
    "POST /webhooks/{webhook_id}/test": Case(lambda world: f"/webhooks/{world.webhook}/test"),
}
