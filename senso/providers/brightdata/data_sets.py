"""The engines: each is a data set of the vendor's, with its own input and its own fields."""

from dataclasses import dataclass, field
from typing import Any, Final

from senso.errors import ConfigError
from senso.providers import Run

SERVICE: Final = "brightdata"
# A whole record is half a megabyte or more of HTML; these fields are a few kilobytes.
FIELDS: Final = "prompt|answer_text_markdown|answer_text|citations|index|input"


@dataclass(frozen=True, slots=True)
class DataSet:
    """`fields`: of a record, besides the common FIELDS; only those that the vendor documents or that were seen.

    `extra`: what its input takes besides what all take.
    """

    id: str
    url: str  # the engine's own; any other is refused
    fields: str
    extra: dict[str, Any] = field(default_factory=dict)


DATA_SETS: Final = {
    "chatgpt": DataSet(
        "gd_m7aof0k82r803d5bjm",
        "https://chatgpt.com/",
        "links_attached|country|model|web_search_triggered|web_search_query",
        {"web_search": True},
    ),
    "perplexity": DataSet("gd_m7dhdot1vw9a7gc1n", "https://www.perplexity.ai", "sources|web_search_query"),
    "gemini": DataSet(
        "gd_mbz66arm2mf9cu856y",
        "https://gemini.google.com/",
        "links_attached|country|model|web_search_triggered",
    ),
    "google-ai-mode": DataSet("gd_mcswdt6z2elth3zqr2", "https://google.com/aimode", "links_attached|country"),
    "copilot": DataSet("gd_m7di5jy6s9geokz8w", "https://copilot.microsoft.com/chats", "sources|country"),
}


def has_data_set(model: str) -> bool:
    return model in DATA_SETS


def data_set_of(model: str) -> DataSet:
    """Raises ConfigError when this version has no data set for the model."""
    if model not in DATA_SETS:
        raise ConfigError(f"{SERVICE}: no data set for {model} in this version; it has {', '.join(DATA_SETS)}")
    return DATA_SETS[model]


def entry(data_set: DataSet, run: Run) -> dict[str, Any]:
    return {
        "url": data_set.url,
        "prompt": run.question,
        "country": run.country,
        "index": run.number,
        **data_set.extra,
    }
