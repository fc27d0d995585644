"""Which provider does which kind of work, and with which settings: the one place that lists them.

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
    """`base_url` and `key` are the names of settings; `without` is what is missing where there is no key.

    A kind of work that the provider does not do is None; each of the others is made from base URL and key. `reaches`
    says whether a model is one of its own, by its name there.
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
        assert found is not None  # noqa: S101  an entry that does nothing is none
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
# Whose models are asked by jobs: one that also answers at once is asked so.
JOB_PROVIDERS: Final = tuple(name for name, entry in PROVIDERS.items() if entry.jobs and not entry.answers)
# The first of them is asked for a reader that is in no row.
COMPLETION_PROVIDERS: Final = tuple(name for name, entry in PROVIDERS.items() if entry.completes)
