"""The pages that the bar at the top leads to, and that a jump finds by name."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """`key`: opens the page when it is pressed after g; empty for pages that are not in the bar."""

    url: str
    name: str
    key: str = ""


PLACES: Final = (
    Place("/", "Overview", "h"),
    Place("/batches", "Batches", "b"),
    Place("/orgs", "Organisations", "o"),
    Place("/partners", "Partners", "p"),
    Place("/schedule", "Schedule", "s"),
    Place("/providers", "Providers", "v"),
    Place("/audit", "Audit", "a"),
)

ELSEWHERE: Final = (
    Place("/trigger", "Trigger"),
    Place("/names", "Names that wait"),
    Place("/tokens", "Tokens"),
    Place("/session", "Your session"),
    Place("/components", "Components"),
)


def is_at(path: str, place: Place) -> bool:
    """Whether the page of `path` is that place or below it."""
    return path == place.url or (place.url != "/" and path.startswith(f"{place.url}/"))


def named(search: str) -> list[Place]:
    """Those of the bar where nothing is searched for."""
    return [place for place in PLACES + ELSEWHERE if search.lower() in place.name.lower()] if search else list(PLACES)
