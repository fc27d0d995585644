"""Anthropic's models and what each of them takes: from its overview of models and its SDK, November 2026."""

from dataclasses import dataclass
from typing import Any

EFFORTS = ("low", "medium", "high", "xhigh", "max")
WITHOUT_XHIGH = ("low", "medium", "high", "max")
BASIC_SEARCH = "web_search_20250305"
SEARCHES = (BASIC_SEARCH, "web_search_20260209", "web_search_20260318")
LONG, SHORT = 128_000, 64_000


@dataclass(frozen=True, slots=True)
class Model:
    """`samples`: takes a temperature; `forced`: a tool may be demanded; `thinks`: without being asked.

    `thinking`: the kinds that may be asked for. `retires`: a day that is announced.
    """

    id: str
    most_tokens: int = LONG
    efforts: tuple[str, ...] = EFFORTS
    samples: bool = False
    forced: bool = True
    thinks: bool = True
    thinking: tuple[str, ...] = ("adaptive", "disabled")
    searches: tuple[str, ...] = SEARCHES
    retires: str | None = None


EXTENDED: dict[str, Any] = {"samples": True, "thinks": False, "thinking": ("enabled", "disabled")}
OLD = EXTENDED | {"most_tokens": SHORT, "searches": (BASIC_SEARCH,)}
BOTH: dict[str, Any] = EXTENDED | {"thinking": ("adaptive", "enabled", "disabled"), "efforts": WITHOUT_XHIGH}
ALWAYS: dict[str, Any] = {"thinking": ("adaptive",), "forced": False}

# By the name that is asked for, with the newest first, as the vendor lists them.
MODELS = {
    "claude-haiku-5-5": Model("claude-haiku-5-5"),
    "claude-sonnet-5-5": Model("claude-sonnet-5-5", forced=False),
    "claude-opus-5-5": Model("claude-opus-5-5", **ALWAYS),
    "claude-fable-5-1": Model("claude-fable-5-1", **ALWAYS),
    "claude-opus-5": Model("claude-opus-5"),
    "claude-sonnet-5": Model("claude-sonnet-5"),
    "claude-opus-4-8": Model("claude-opus-4-8", thinks=False),
    "claude-opus-4-7": Model("claude-opus-4-7", thinks=False),
    "claude-sonnet-4-6": Model("claude-sonnet-4-6", **BOTH),
    "claude-opus-4-6": Model("claude-opus-4-6", **BOTH),
    "claude-opus-4-5": Model("claude-opus-4-5-20251101", efforts=EFFORTS[:3], retires="2027-01-22T00:00:00Z", **OLD),
    "claude-haiku-4-5": Model("claude-haiku-4-5-20251001", efforts=(), **OLD),
    "claude-sonnet-4-5": Model("claude-sonnet-4-5-20250929", efforts=(), retires="2026-11-30T00:00:00Z", **OLD),
}
KNOWN = MODELS | {model.id: model for model in MODELS.values()}


def listed(name: str) -> dict[str, Any]:
    """One entry of the list of models."""
    model = KNOWN[name]
    return {
        "type": "model",
        "id": model.id,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2025-09-29T00:00:00Z",
        "lifecycle": "deprecated" if model.retires else "active",
        "deprecated_at": "2026-07-24T00:00:00Z" if model.retires else None,
        "retires_at": model.retires,
        "line": name.split("-")[1],
        "max_input_tokens": 200_000 if model.most_tokens == SHORT else 1_000_000,
        "max_tokens": model.most_tokens,
        "capabilities": capabilities(model),
    }


def capabilities(model: Model) -> dict[str, Any]:
    efforts = {name: {"supported": name in model.efforts} for name in EFFORTS}
    kinds = ("adaptive", "between_tools", "disabled", "enabled")
    tools = {name: {"supported": True} for name in ("web_search", "code_execution")}
    plain = ("batch", "citations", "code_execution", "image_input", "pdf_input", "structured_outputs")
    return {
        **{name: {"supported": True} for name in plain},
        "context_management": {"supported": True},
        "effort": {"supported": bool(model.efforts), **efforts},
        "server_tools": {"supported": True, **tools},
        "thinking": {"supported": True, "types": {kind: {"supported": kind in model.thinking} for kind in kinds}},
    }
