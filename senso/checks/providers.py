"""The keys: whether they are set, and, asked online, whether their vendors accept them. No call is paid for."""

from collections.abc import Callable
from typing import Final

from pydantic import SecretStr

from senso.checks import Finding
from senso.errors import ConfigError, OutsideError, RateLimited, Refused
from senso.providers.brightdata import BrightData
from senso.providers.openai import OpenAI
from senso.settings import settings

OPENAI: Final = "OPENAI_API_KEY"
BRIGHTDATA: Final = "BRIGHTDATA_API_KEY"
UNAUTHORISED: Final = (401, 403)
# What goes without each of them.
WITHOUT: Final = {
    OPENAI: "no answer is read and no name is found: nothing can be triggered",
    BRIGHTDATA: "ChatGPT, Perplexity and Gemini as people see them are not asked",
    "API_TOKEN": "results are sent without a token",
    "APPLICATION_API_URL": "results are sent nowhere",
}
SET_IT: Final = "put it into the environment or into .env"


def findings(*, online: bool = False) -> list[Finding]:
    return [asked(name) if online and name in ASKS and given(name) else is_set(name) for name in WITHOUT]


def given(name: str) -> str:
    found: SecretStr | str | None = getattr(settings(), name.lower())
    return found.get_secret_value() if isinstance(found, SecretStr) else found or ""


def is_set(name: str) -> Finding:
    if given(name):
        return Finding(name, "ok", "set")
    state = "warning" if name == OPENAI else "note"
    return Finding(name, state, "not set", WITHOUT[name], SET_IT)  # type: ignore[arg-type]


def asked(name: str) -> Finding:
    try:
        ASKS[name]()
    except Refused as error:
        return refused(name, error)
    except RateLimited:
        return Finding(name, "ok", "accepted (its vendor is busy)")
    except ConfigError as error:
        return Finding(name, "fault", str(error), WITHOUT[name])
    except OutsideError as error:
        return Finding(name, "fault", f"set, and its vendor does not answer: {error.reason}", reachable=False)
    return Finding(name, "ok", "accepted")


def refused(name: str, error: Refused) -> Finding:
    if error.status in UNAUTHORISED:
        said = f"not accepted by its vendor ({error.status})"
        return Finding(name, "fault", said, WITHOUT[name], "put the right key there, then: senso retry BATCH")
    return Finding(name, "warning", f"set; its vendor did not say whether it is accepted ({error.status})")


def ask_openai() -> None:
    OpenAI(settings().openai_base_url, given(OPENAI)).check_key()


def ask_brightdata() -> None:
    BrightData(settings().brightdata_base_url, given(BRIGHTDATA)).check_key()


ASKS: Final[dict[str, Callable[[], None]]] = {OPENAI: ask_openai, BRIGHTDATA: ask_brightdata}
