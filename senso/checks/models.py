"""Models in use that their providers retire soon, or no longer list. Asking for a list costs nothing."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from senso.checks import Finding
from senso.checks.providers import made, setting_text
from senso.db import transaction
from senso.errors import ConfigError, OutsideError
from senso.extraction import prompts
from senso.providers import ModelList
from senso.queries import models
from senso.queries.models import AskedModel
from senso.registry import COMPLETION_PROVIDERS, PROVIDERS, unsupported
from senso.settings import Settings

SOON: Final = timedelta(days=60)
ANOTHER: Final = "name another in the import file of its orgs, or in READING_MODELS and NAMES_MODEL: senso models"


def findings(read: Settings, today: date, *, online: bool = False) -> list[Finding]:
    """`online`: also asks each provider that has a key for the models that it lists."""
    with transaction() as db:
        used = {one.slug: one for one in models.in_use(db)}
        named = {said: models.named(db, said, COMPLETION_PROVIDERS) for said in (*read.readers, read.names_model)}
    used |= {one.slug: one for one in named.values()}
    listed = lists(read, {one.provider for one in used.values()}) if online else {}
    unable = [cannot_read(one) for one in named.values() if not reads(one.provider)]
    return (
        unprompted(read)
        + unable
        + [finding for one in used.values() for finding in of_model(one, today, listed.get(one.provider))]
    )


def unprompted(read: Settings) -> list[Finding]:
    """Versions of the prompt that READING_PROMPTS names and that there are not."""
    unknown = [name for name, _ in read.prompt_shares if name not in prompts.versions()]
    return [
        Finding("READING_PROMPTS", "fault", f"no prompt {name}", "every trigger is refused", "senso prompts lists them")
        for name in unknown
    ]


def reads(provider: str) -> bool:
    return provider not in PROVIDERS or PROVIDERS[provider].completes is not None


def cannot_read(one: AskedModel) -> Finding:
    said = f"{one.provider} reads no answers and finds no names"
    return Finding(
        f"Model {one.slug}", "fault", said, "every trigger is refused", "change READING_MODELS or NAMES_MODEL"
    )


def lists(read: Settings, providers: Iterable[str]) -> dict[str, Mapping[str, date | None]]:
    """By provider; without those that have no key, no list, or do not answer: `senso doctor` says that of the key."""
    found: dict[str, Mapping[str, date | None]] = {}
    for name in sorted(providers):
        entry = PROVIDERS.get(name)
        if entry is None or entry.lists is None or not setting_text(read, entry.key):
            continue
        try:
            listing: ModelList = made(read, entry, entry.lists)
            found[name] = listing.models()
        except (OutsideError, ConfigError):
            continue
    return found


def of_model(one: AskedModel, today: date, listed: Mapping[str, date | None] | None) -> list[Finding]:
    if why := unsupported(one.provider, one.name):
        return [Finding(f"Model {one.slug}", "warning", why, "a trigger of its orgs is refused", ANOTHER)]
    told = (listed or {}).get(one.name)
    days = [day for day in (one.retired_on, told) if day is not None]
    name = f"Model {one.slug}"
    if listed is not None and one.name not in listed:
        known = f" (retired on {one.retired_on}, as far as was announced)" if one.retired_on else ""
        said = f"{one.provider} does not list {one.name}{known}"
        return [Finding(name, "warning", said, "its runs may fail", ANOTHER)]
    return [retiring(name, one.provider, min(days), today)] if days and min(days) <= today + SOON else []


def retiring(name: str, provider: str, day: date, today: date) -> Finding:
    if day < today:
        return Finding(name, "warning", f"retired by {provider} on {day}", "what needs it is refused", ANOTHER)
    left = (day - today).days
    return Finding(name, "warning", f"retired by {provider} on {day}, in {left} days", "then it is refused", ANOTHER)
