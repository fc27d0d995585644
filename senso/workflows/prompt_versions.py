"""The versions of the prompt by which answers are read: which there are, and which reads how many answers."""

from functools import lru_cache

from senso import supplied
from senso.errors import ConfigError
from senso.extraction import prompts as known
from senso.queries.prompts import Prompts, alone

LISTED = "senso prompts lists them"


def versions() -> list[str]:
    """The newest first."""
    return known.versions()


def usual() -> str:
    """The version that reads most answers; of equal ones the first."""
    return max(shares().items(), key=lambda one: one[1])[0]


def shares() -> dict[str, int]:
    """The percent of answers that each version reads now. Raises ConfigError for a version that there is not."""
    said = dict(supplied.reading_prompts()) or {known.newest(): 100}
    if unknown := next((name for name in said if name not in versions()), None):
        raise ConfigError(f"READING_PROMPTS: no prompt {unknown!r} in this version; {LISTED}: {', '.join(versions())}")
    return said


def in_use() -> Prompts:
    """For statements that claim readings. Raises ConfigError as `shares` does."""
    said = tuple(shares().items())
    return made(said)


@lru_cache(maxsize=8)
def made(said: tuple[tuple[str, int], ...]) -> Prompts:
    ends = [sum(percent for _, percent in said[: place + 1]) for place in range(len(said) - 1)]
    return Prompts(tuple(name for name, _ in said), tuple(ends))


def require_known(version: str) -> None:
    """Raises ConfigError that names the known ones."""
    if version not in versions():
        raise ConfigError(f"no prompt {version!r} in this version; there are: {', '.join(versions())}")


__all__ = ["alone", "in_use", "require_known", "shares", "usual", "versions"]
