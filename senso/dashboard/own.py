"""What only the dashboard needs of the settings, kept with the application that serves it."""

from dataclasses import dataclass, field

from fastapi import FastAPI, Request

from senso.dashboard.proxies import Proxies

KEY = "dashboard"


@dataclass(frozen=True, slots=True)
class Own:
    """`flower_url`: where Celery's own view is, which has its own login; None: not known."""

    proxies: Proxies = field(default_factory=Proxies)
    flower_url: str | None = None


NOTHING = Own()


def keep(made: FastAPI, own: Own) -> None:
    setattr(made.state, KEY, own)


def own(request: Request) -> Own:
    found = getattr(request.app.state, KEY, NOTHING)
    assert isinstance(found, Own)  # noqa: S101  `keep` is all that sets it
    return found
