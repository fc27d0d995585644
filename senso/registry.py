"""The registry of providers: which kinds of work each one does, and which settings it needs.

A new provider is a file in `senso/providers/` and an entry here; its models are rows of the table `models`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from senso.providers import AnotherKey, AnswerProvider, CompletionProvider, JobProvider, Provider
from senso.providers.brightdata import BrightData, has_data_set
from senso.providers.openai import OpenAI


def any_model(_name: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`base_url` and `key` are names of settings; `without` says what is not available without the key.

    `answers`, `jobs` and `completes` make the provider for one kind of work from base URL and key; None: it does not do
    this work. `reaches`: whether the provider has a model of this name.
    """

    base_url: str
    key: str
    without: str
    answers: Callable[[str, str, AnotherKey], AnswerProvider] | None = None
    jobs: Callable[[str, str, AnotherKey], JobProvider] | None = None
    completes: Callable[[str, str, AnotherKey], CompletionProvider] | None = None
    reaches: Callable[[str], bool] = any_model

    @property
    def made(self) -> Callable[[str, str, AnotherKey], Provider]:
        found = self.answers or self.jobs or self.completes
        assert found is not None  # noqa: S101  an entry must do some work
        return found


PROVIDERS: Final[dict[str, Entry]] = {
    "openai": Entry(
        base_url="openai_base_url",
        key="openai_api_key",
        without="OpenAI's models are not asked",
        answers=OpenAI,
        completes=OpenAI,
    ),
    "brightdata": Entry(
        base_url="brightdata_base_url",
        key="brightdata_api_key",
        without="ChatGPT, Perplexity and Gemini as people see them are not asked",
        jobs=BrightData,
        reaches=has_data_set,
    ),
}
# Providers whose models are asked by jobs; a provider that also answers at once is asked directly.
JOB_PROVIDERS: Final = tuple(name for name, entry in PROVIDERS.items() if entry.jobs and not entry.answers)
# The first one serves a reading model that has no row.
COMPLETION_PROVIDERS: Final = tuple(name for name, entry in PROVIDERS.items() if entry.completes)
