"""From a provider's name to the provider with its key: the one place where external services are chosen."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from typing import TypeVar

from senso import supplied
from senso.db import Link
from senso.errors import ConfigError
from senso.job_budget.gate import gate
from senso.providers import (
    AnswerProvider,
    Completion,
    CompletionProvider,
    FileProvider,
    JobProvider,
    Jobs,
    Prompt,
)
from senso.queries.models import AskedModel, Model
from senso.registry import JOB_PROVIDERS, PROVIDERS, Entry, unsupported
from senso.workflows import prompt_versions, reading_models

P = TypeVar("P")
LISTED = "senso models lists what can be asked"


def entry(name: str) -> Entry:
    if name not in PROVIDERS:
        raise ConfigError(f"no provider {name} in this version; {LISTED}")
    return PROVIDERS[name]


def made(maker: Callable[..., P], one: Entry) -> P:
    """The provider with its address and key. Raises ConfigError when a setting is missing."""
    found = supplied.service(one.base_url, one.key, one.settings)
    return maker(found.base_url, found.key, found.another_key, **found.more)


def job_maker(name: str, one: Entry) -> Callable[..., JobProvider] | None:
    """With the gate of a vendor that blocks accounts."""
    return partial(one.jobs, gate=gate(name)) if one.jobs and one.blocks else one.jobs


def direct_provider(name: str) -> AnswerProvider:
    """Raises ConfigError for an unknown name, a missing key, or a provider that has only jobs."""
    one = entry(name)
    if one.answers is None:
        raise ConfigError(f"{name} does not answer at once in this version; {LISTED}")
    return made(one.answers, one)


def job_provider(name: str) -> JobProvider:
    """Raises ConfigError as `direct_provider` does, and for a provider without jobs."""
    one = entry(name)
    maker = job_maker(name, one)
    if maker is None:
        raise ConfigError(f"{name} has no jobs in this version; {LISTED}")
    return made(maker, one)


def file_provider(name: str) -> FileProvider:
    """Raises ConfigError as `direct_provider` does, and for a provider that takes no files of prompts."""
    one = entry(name)
    if one.files is None:
        raise ConfigError(f"{name} reads no answers in batches in this version; set READING_MODE to direct")
    return made(one.files, one)


def jobs_at(name: str) -> Jobs:
    """For jobs of either kind: of questions, or of answers to be read. Raises ConfigError as the two above do."""
    return job_provider(name) if entry(name).jobs else file_provider(name)


def completion_provider(name: str) -> CompletionProvider:
    """Raises ConfigError as `direct_provider` does, and for a provider without structured output."""
    one = entry(name)
    if one.completes is None:
        raise ConfigError(f"{name} reads no answers and finds no names in this version; name a model of another one")
    return made(one.completes, one)


def require(db: Link, asked: Iterable[AskedModel], today: date) -> None:
    """Checks all that a batch will call, also for reading and names, before any hold. Raises ConfigError."""
    for model in asked:
        require_askable(model, today)
    for setting, reader in reading_models.named(db):
        require_readable(setting, reader, today)
    reading_models.require_mode(db)
    prompt_versions.in_use()


def require_readable(setting: str, model: AskedModel, today: date) -> None:
    """`setting`: which names the model. Raises ConfigError as `require_askable` does, and where it cannot read."""
    require_offered(model, today, f"{setting}: ")
    if entry(model.provider).completes is None:
        raise ConfigError(
            f"{setting}: {model.slug} of {model.provider} reads no answers and finds no names; name another"
        )
    completion_provider(model.provider)


def require_offered(model: AskedModel, today: date, where: str = "") -> None:
    if why := unsupported(model.provider, model.name):
        raise ConfigError(f"{where}{model.slug}: {why}; {LISTED}")
    if model.retired_on is not None and model.retired_on < today:
        raise ConfigError(f"{where}{model.slug} was retired by {model.provider} on {model.retired_on}; {LISTED}")


def require_askable(model: AskedModel, today: date) -> None:
    """Raises ConfigError: no such provider or model in this version, no key, or the model is retired."""
    require_offered(model, today)
    job_provider(model.provider) if model.provider in JOB_PROVIDERS else direct_provider(model.provider)


async def complete(prompt: Prompt, model: Model) -> Completion:
    return await completion_provider(model.provider).complete(prompt, model.name, model.parameters)
