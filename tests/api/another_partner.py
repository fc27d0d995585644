"""For each route below /api/v1 how it is asked for what belongs to another partner. A route without a line fails.

A list is answered, and holds nothing of the other partner; all else is answered as if there were no such thing, with
the very words that an id gets that nobody has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from factories import Factory

from senso.states import Scope

# Of a run: in no other text of an answer.
NUMBER = 735577


class World:
    """What one partner has; `nothing` has an id of the same kind for each, which nobody has."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self.org = make.org()
        self.partner = self.org.partner
        self.token = self.made_token()
        self.proposal = self.made_proposal()
        self.webhook = self.made_webhook()
        self.ids = [self.partner, self.org.id, self.token, self.webhook]
        ids = {"partner": uuid4(), "token": uuid4(), "webhook": uuid4(), "batch": uuid4(), "number": NUMBER + 1}
        org = SimpleNamespace(id=uuid4())
        self.nothing = SimpleNamespace(**ids, org=org, proposal=self.proposal, ids=[*ids.values(), org.id])

    @cached_property
    def batch(self) -> UUID:
        """Opened, with runs; nobody works on it."""
        batch = self.make.batch(self.org)
        self.ids.append(batch)
        return batch

    @cached_property
    def number(self) -> int:
        """Of a run."""
        first = self.make.runs(self.batch)[0]
        self.make.sql("UPDATE question_runs SET number = :number WHERE id = :run", number=NUMBER, run=first)
        self.ids.append(NUMBER)
        return NUMBER

    def made_token(self) -> Any:
        self.make.token(Scope.READ, self.partner)
        return self.make.one("SELECT id FROM tokens WHERE partner_id = :p", p=self.partner)

    def made_proposal(self) -> Any:
        return self.make.one(
            "INSERT INTO name_proposals (org_id, key, name, state, reason) "
            "VALUES (:org, 'umbra', 'Umbra', 'proposed', 'has other words') RETURNING id",
            org=self.org.id,
        )

    def made_webhook(self) -> Any:
        return self.make.one(
            "INSERT INTO webhooks (id, partner_id, url, secret, events, created_by) VALUES "
            "(:id, :partner, 'https://hook.example/', 'sealed:x:y', '{batch.failed}', 'test') RETURNING id",
            id=uuid4(),
            partner=self.partner,
        )

    def known(self, name: str) -> Any:
        """What it has of a parameter of a path, by its name; None if nothing."""
        found = {"org_id": lambda: self.org.id, "partner_id": lambda: self.partner, "token_id": lambda: self.token}
        found |= {"batch_id": lambda: self.batch, "name": lambda: "openai", "slug": lambda: "chatgpt"}
        found |= {"subject": found["org_id"], "webhook_id": lambda: self.webhook}
        if name in {"number", "proposal"}:
            return getattr(self, name)
        return str(found[name]()) if name in found else None

    @property
    def secrets(self) -> list[str]:
        """What no list may show to others."""
        return [str(one) for one in self.ids]


@dataclass(frozen=True)
class Case:
    """`path`: below /api/v1, of a world. `body`: of a write. `is_list`: answered 200, without what others have.

    `status`: of the refusal; 403 where no token of a partner may do it, 422 where ids are in the body.
    `is_stream`: one that is answered 200 does not end, and tests of its own read it.
    """

    path: Callable[[Any], str]
    body: Callable[[Any], dict[str, Any]] | None = None
    is_list: bool = False
    status: HTTPStatus = HTTPStatus.NOT_FOUND
    is_stream: bool = False


def of_batch(path: str = "") -> Case:
    return Case(lambda world: f"/batches/{world.batch}{path}")


def of_all(path: str) -> Case:
    return Case(lambda world: path, status=HTTPStatus.FORBIDDEN)


def of_org(path: str, body: Callable[[Any], dict[str, Any]] | None = None) -> Case:
    return Case(lambda world: f"/orgs/{world.org.id}{path}", body)


ORG = {"name": "Larch Hill", "websites": ["https://larchhill.example"], "created_at": "2026-01-05"}


CASES = {
    "GET /events": Case(lambda world: "/events", is_list=True, is_stream=True),
    "GET /batches/{batch_id}/events": Case(lambda world: f"/batches/{world.batch}/events", is_stream=True),
    "GET /partners/{partner_id}/events": Case(lambda world: f"/partners/{world.partner}/events", is_stream=True),
    "GET /tokens": Case(lambda world: "/tokens", is_list=True),
    "POST /tokens": Case(
        lambda world: "/tokens", lambda world: {"name": "x", "scope": "read", "partner_id": str(world.partner)}
    ),
    "DELETE /tokens/{token_id}": Case(lambda world: f"/tokens/{world.token}"),
    "POST /batches": Case(lambda world: "/batches", lambda world: {"kind": "org", "org_id": str(world.org.id)}),
    "GET /batches": Case(lambda world: (world.batch, "/batches")[1], is_list=True),
    "GET /batches/{batch_id}": of_batch(),
    "POST /batches/{batch_id}/cancel": of_batch("/cancel"),
    "POST /batches/{batch_id}/retry": of_batch("/retry"),
    "GET /batches/{batch_id}/runs": of_batch("/runs"),
    "GET /runs/{number}": Case(lambda world: f"/runs/{world.number}"),
    "GET /models": Case(lambda world: "/models", is_list=True),
    "GET /providers": Case(lambda world: "/providers", is_list=True),
    "GET /pauses": of_all("/pauses"),
    "POST /pause": of_all("/pause"),
    "POST /resume": of_all("/resume"),
    "POST /providers/{name}/pause": of_all("/providers/openai/pause"),
    "POST /providers/{name}/resume": of_all("/providers/openai/resume"),
    "POST /models/{slug}/pause": of_all("/models/chatgpt/pause"),
    "POST /models/{slug}/resume": of_all("/models/chatgpt/resume"),
    "POST /partners/{partner_id}/pause": Case(lambda world: f"/partners/{world.partner}/pause"),
    "POST /partners/{partner_id}/resume": Case(lambda world: f"/partners/{world.partner}/resume"),
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
    "GET /webhooks": Case(lambda world: "/webhooks", is_list=True),
    "POST /webhooks": Case(
        lambda world: "/webhooks",
        lambda world: {"url": "https://hook.example/", "partner_id": str(world.partner)},
    ),
    "DELETE /webhooks/{webhook_id}": Case(lambda world: f"/webhooks/{world.webhook}"),
    "GET /webhooks/{webhook_id}/deliveries": Case(lambda world: f"/webhooks/{world.webhook}/deliveries"),
    "POST /webhooks/{webhook_id}/test": Case(lambda world: f"/webhooks/{world.webhook}/test"),
}
