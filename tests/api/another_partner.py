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
        self.ids = [self.partner, self.org.id, self.token]
        ids = {"partner": uuid4(), "token": uuid4()}
        org = SimpleNamespace(id=uuid4())
        self.nothing = SimpleNamespace(**ids, org=org, ids=[*ids.values(), org.id])

    def made_token(self) -> Any:
        self.make.token(Scope.READ, self.partner)
        return self.make.one("SELECT id FROM tokens WHERE partner_id = :p", p=self.partner)

    def known(self, name: str) -> Any:
        """What it has of a parameter of a path, by its name; None if nothing."""
        return {"org_id": str(self.org.id), "partner_id": str(self.partner), "token_id": str(self.token)}.get(name)

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
}
