"""The registry of providers: which kinds of work each one does, and which settings it needs.

A new provider is a file in `senso/providers/` and an entry here; its models are rows of the table `models`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from senso.providers import AnswerProvider, CompletionProvider, FileProvider, JobProvider, ModelList, Provider
from senso.providers.anthropic import Anthropic
from senso.providers.azure import AzureOpenAI
from senso.providers.brightdata import BrightData, has_data_set
from senso.providers.gemini import Gemini
from senso.providers.linkup import Linkup, has_depth
from senso.providers.openai import OpenAI, OpenAIBatches
from senso.providers.perplexity import Perplexity

# Takes base URL, key, what replaces a refused key, and the further settings of the entry by name.
Maker = Callable[..., Any]


def any_model(_name: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`base_url` and `key` are names of settings; `without` says what is not available without the key.

    `settings`: further settings, by the argument that takes their value. `answers`, `jobs`, `completes` and `files`
    make the provider for one kind of work; None: it does not do this work. `lists`: it can say which models it has.
    `reaches`: whether the provider has a model of this name. `tells_model`: its answers name the model by the name that
    is asked; otherwise by another kind of name, such as the one behind a deployment, or by none. `bills`: its answers
    say what they cost, which then counts. `blocks`: it blocks an account that it has told too often to wait, so each of
    its requests goes through a gate (`senso.job_budget`).
    """

    base_url: str
    key: str
    without: str
    settings: Mapping[str, str] = field(default_factory=dict)
    answers: Callable[..., AnswerProvider] | None = None
    jobs: Callable[..., JobProvider] | None = None
    completes: Callable[..., CompletionProvider] | None = None
    files: Callable[..., FileProvider] | None = None
    lists: Callable[..., ModelList] | None = None
    reaches: Callable[[str], bool] = any_model
    tells_model: bool = True
    bills: bool = False
    blocks: bool = False

    @property
    def made(self) -> Callable[..., Provider]:
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
        files=OpenAIBatches,
        lists=OpenAI,
    ),
    "anthropic": Entry(
        base_url="anthropic_base_url",
        key="anthropic_api_key",
        without="Claude is not asked",
        answers=Anthropic,
        completes=Anthropic,
        lists=Anthropic,
    ),
    "gemini": Entry(
        base_url="gemini_base_url",
        key="gemini_api_key",
        without="Gemini is not asked by its API",
        answers=Gemini,
        completes=Gemini,
        lists=Gemini,
    ),
    "azure_openai": Entry(
        base_url="azure_openai_endpoint",
        key="azure_openai_key",
        without="deployments at Azure OpenAI are not asked",
        settings={"api_version": "azure_openai_api_version"},
        answers=AzureOpenAI,
        completes=AzureOpenAI,
        tells_model=False,
    ),
    "perplexity": Entry(
        base_url="perplexity_base_url",
        key="perplexity_api_key",
        without="Perplexity is not asked by its API",
        answers=Perplexity,
        bills=True,
        completes=Perplexity,
        lists=Perplexity,
    ),
    "linkup": Entry(
        base_url="linkup_base_url",
        key="linkup_api_key",
        without="Linkup is not asked",
        answers=Linkup,
        reaches=has_depth,
        tells_model=False,
    ),
    "brightdata": Entry(
        base_url="brightdata_base_url",
        key="brightdata_api_key",
        without="assistants as people see them are not asked: ChatGPT, Perplexity, Gemini, Google AI Mode, Copilot",
        jobs=BrightData,
        blocks=True,
        reaches=has_data_set,
        tells_model=False,
    ),
}


def unsupported(provider: str, name: str) -> str | None:
    """Why this version cannot ask a model; None if it can."""
    if provider not in PROVIDERS:
        return f"no provider {provider} in this version"
    return None if PROVIDERS[provider].reaches(name) else f"{provider} has no {name} in this version"


# Providers whose models are asked by jobs; a provider that also answers at once is asked directly.
JOB_PROVIDERS: Final = tuple(name for name, entry in PROVIDERS.items() if entry.jobs and not entry.answers)
BILLING_PROVIDERS: Final = tuple(name for name, entry in PROVIDERS.items() if entry.bills)
# The first one serves a reading model that has no row.
COMPLETION_PROVIDERS: Final = tuple(name for name, entry in PROVIDERS.items() if entry.completes)
FILE_PROVIDERS: Final = tuple(name for name, entry in PROVIDERS.items() if entry.files)
