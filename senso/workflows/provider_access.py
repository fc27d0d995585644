"""From a provider's name to the provider with its key: the one place where external services are chosen."""

from collections.abc import Iterable

from senso import supplied
from senso.db import Link
from senso.errors import ConfigError
from senso.event_loop import wait_for
from senso.providers import (
    AnotherKey,
    AnswerProvider,
    Complete,
    Completion,
    CompletionProvider,
    JobProvider,
    Prompt,
)
from senso.queries.models import Model
from senso.registry import JOB_PROVIDERS, PROVIDERS, Entry
from senso.workflows import reading_models

LISTED = "senso models lists what can be asked"


def entry(name: str) -> Entry:
    if name not in PROVIDERS:
        raise ConfigError(f"no provider {name} in this version; {LISTED}")
    return PROVIDERS[name]


def configured(one: Entry) -> tuple[str, str, AnotherKey]:
    """Its base URL, its key, and what returns a replacement key. Raises ConfigError when the key is missing."""
    found = supplied.service(one.base_url, one.key)
    return found.base_url, found.key, found.another_key


def direct_provider(name: str) -> AnswerProvider:
    """Raises ConfigError for an unknown name, a missing key, or a provider that has only jobs."""
    one = entry(name)
    if one.answers is None:
        raise ConfigError(f"{name} does not answer at once in this version; {LISTED}")
    return one.answers(*configured(one))


def job_provider(name: str) -> JobProvider:
    """Raises ConfigError as `direct_provider` does, and for a provider without jobs."""
    one = entry(name)
    if one.jobs is None:
        raise ConfigError(f"{name} has no jobs in this version; {LISTED}")
    return one.jobs(*configured(one))


def completion_provider(name: str) -> CompletionProvider:
    """Raises ConfigError as `direct_provider` does, and for a provider without structured output."""
    one = entry(name)
    if one.completes is None:
        raise ConfigError(f"{name} reads no answers and finds no names in this version; name a model of another one")
    return one.completes(*configured(one))


def require(db: Link, names: Iterable[str]) -> None:
    """Checks all providers that a batch will call, also for reading and names, before any hold. Raises ConfigError."""
    for name in sorted(names):
        job_provider(name) if name in JOB_PROVIDERS else direct_provider(name)
    for model in (reading_models.reading(db), reading_models.naming(db)):
        completion_provider(model.provider)


async def complete(prompt: Prompt, model: Model) -> Completion:
    return await completion_provider(model.provider).complete(prompt, model.name, model.parameters)


def completer(model: Model) -> Complete:
    """For a thread, which blocks until the call ends."""
    return lambda prompt: wait_for(complete(prompt, model))
