"""The versions of the prompt by which answers are read: which there are, and what each asks and makes of a reply."""

from senso import extraction
from senso.errors import ConfigError
from senso.extraction import Reading
from senso.providers import Completion, Prompt
from senso.queries.evaluations import ReadWork


def versions() -> list[str]:
    return [extraction.READING_VERSION]


def usual() -> str:
    """By which answers are read where nothing else is said."""
    return extraction.READING_VERSION


def require_known(version: str) -> None:
    """Raises ConfigError that names the known ones."""
    if version not in versions():
        raise ConfigError(f"no prompt {version!r} in this version; there is: {', '.join(versions())}")


def prompt_of(work: ReadWork, version: str) -> Prompt:
    """Raises Malformed for an answer without a word."""
    require_known(version)
    return extraction.prompt(work.answer, work.question, work.org)


def reading_of(work: ReadWork, completion: Completion) -> Reading:
    """Raises Malformed if the reply cannot be used."""
    return extraction.checked(work.answer, work.org, completion)
