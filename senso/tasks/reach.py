"""From a provider's name to the provider, with its key: the edge at which the outside is chosen."""

from collections.abc import Callable, Iterable
from functools import lru_cache, partial

from senso.errors import ConfigError
from senso.loop import wait_for
from senso.providers import Complete, Completion, DirectProvider, JobProvider, Prompt, Provider
from senso.providers.brightdata import BrightData
from senso.providers.openai import OpenAI
from senso.settings import settings
from senso.tasks import keys


def openai() -> OpenAI:
    return OpenAI(settings().openai_base_url, keys.held("OPENAI_API_KEY"), partial(keys.another, "OPENAI_API_KEY"))


def brightdata() -> BrightData:
    key = "BRIGHTDATA_API_KEY"
    return BrightData(settings().brightdata_base_url, keys.held(key), partial(keys.another, key))


JOB_PROVIDERS: dict[str, Callable[[], JobProvider]] = {"brightdata": brightdata}
DIRECT_PROVIDERS: dict[str, Callable[[], DirectProvider]] = {"openai": openai}
PROVIDERS: dict[str, Callable[[], Provider]] = {**DIRECT_PROVIDERS, **JOB_PROVIDERS}
SNAPSHOT_PROVIDERS = tuple(JOB_PROVIDERS)


@lru_cache(maxsize=16)
def provider(name: str) -> Provider:
    """Raises ConfigError when this version cannot reach it, or its key is missing."""
    if name not in PROVIDERS:
        raise ConfigError(f"no provider {name} in this version; senso models lists what can be asked")
    return PROVIDERS[name]()


def direct_provider(name: str) -> DirectProvider:
    """Raises ConfigError as `provider` does, and for one that has jobs only."""
    if name not in DIRECT_PROVIDERS:
        raise ConfigError(f"{name} does not answer at once in this version; senso models lists what can be asked")
    return DIRECT_PROVIDERS[name]()


def reader() -> OpenAI:
    """Whoever reads answers, and finds names."""
    return openai()


def job_provider(name: str) -> JobProvider:
    """Raises ConfigError when its key is missing. Only the names in SNAPSHOT_PROVIDERS have one."""
    return JOB_PROVIDERS[name]()


def require(names: Iterable[str]) -> None:
    """All that a batch will call, asked before anything is held or called: its models, and the model that reads."""
    for name in {*names, "openai"}:
        provider(name)


def completer(model: str) -> Complete:
    asked = reader()

    def complete(prompt: Prompt) -> Completion:
        return wait_for(asked.complete(prompt, model))

    return complete
