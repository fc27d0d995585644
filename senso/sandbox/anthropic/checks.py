"""The requests that Anthropic refuses. A client that passes here by accident would fail in production.

From the types of its SDK 2.14, its pages on errors, structured outputs and API versions, and reported replies.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from senso.sandbox.anthropic.errors import extra, invalid, not_found, required
from senso.sandbox.anthropic.models import KNOWN, SEARCHES, Model
from senso.sandbox.replies import Problem

Body = dict[str, Any]

OLDER, NEWER = "2023-06-01", "2026-10-21"
SAMPLING = frozenset({"temperature", "top_p", "top_k"})  # in the older version only
FIELDS = frozenset(
    {"model", "max_tokens", "messages", "cache_control", "container", "diagnostics", "inference_geo", "metadata"}
    | {"output_config", "service_tier", "speed", "stop_sequences", "stream", "system", "thinking", "tool_choice"}
    | {"tools"}
)
SEARCH_FIELDS = frozenset(
    {"type", "name", "max_uses", "allowed_domains", "blocked_domains", "user_location", "allowed_callers"}
    | {"cache_control", "defer_loading", "strict"}
)
PLACE_FIELDS = frozenset({"type", "country", "region", "city", "timezone"})
CHOICES = {"auto", "any", "tool", "none"}
# What a block that comes back must have.
BLOCKS = {
    "text": ("text",),
    "thinking": ("thinking", "signature"),
    "redacted_thinking": ("data",),
    "server_tool_use": ("id", "name", "input"),
    "web_search_tool_result": ("tool_use_id", "content"),
}
PAGE_FIELDS = ("url", "title", "encrypted_content")
NOTE_FIELDS = ("url", "cited_text", "encrypted_index")
CONSTRAINTS: tuple[str, ...] = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
)
CONSTRAINTS += ("maxItems", "uniqueItems", "minProperties", "maxProperties", "patternProperties")
LEAST_BUDGET = 1024


def check_version(version: str | None) -> None:
    if version is None:
        raise invalid("anthropic-version: header is required")
    if version not in (OLDER, NEWER):
        raise invalid(f'anthropic-version: "{version}" is not a valid version')


def check_messages(body: Body, version: str) -> Model:
    """The model that is to answer."""
    known(body, FIELDS if version == NEWER else FIELDS | SAMPLING)
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            raise required(name)
    model = KNOWN.get(str(body["model"]))
    if model is None:
        raise Problem(not_found(str(body["model"])))
    check_tokens(body["max_tokens"], model)
    check_turns(body["messages"])
    check_sampling(body, model)
    check_system(body.get("system"))
    check_tools(body.get("tools") or [], model)
    check_choice(body, model)
    check_thinking(body, model)
    check_output(body.get("output_config"), model)
    if body.get("stream"):
        raise invalid("stream: the sandbox does not stream")
    return model


def known(given: Any, names: Collection[str], path: str = "") -> None:
    if not isinstance(given, dict):
        raise invalid(f"{path.rstrip('.') or 'body'}: Input should be a valid dictionary")
    for name in given:
        if name not in names:
            raise extra(f"{path}{name}")


def check_tokens(wanted: Any, model: Model) -> None:
    if type(wanted) is not int:
        raise invalid("max_tokens: Input should be a valid integer")
    if wanted < 1:
        raise invalid("max_tokens: Input should be greater than or equal to 1")
    if wanted > model.most_tokens:
        raise invalid(
            f"max_tokens: {wanted} > {model.most_tokens}, which is the maximum allowed number of output tokens for "
            f"{model.id}"
        )


def check_turns(turns: Any) -> None:
    if not isinstance(turns, list):
        raise invalid("messages: Input should be a valid list")
    if not turns:
        raise invalid("messages: at least one message is required")
    for place, turn in enumerate(turns):
        known(turn, {"role", "content"}, f"messages.{place}.")
        if turn.get("role") not in ("user", "assistant"):
            raise invalid(f"messages.{place}.role: Input should be 'user' or 'assistant'")
        check_content(turn.get("content"), f"messages.{place}.content")
    if turns[0]["role"] != "user":
        raise invalid('messages: first message must use the "user" role')
    check_last(turns[-1])


def check_content(content: Any, path: str) -> None:
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise invalid(f"{path}: Input should be a valid list")
    if not content:
        raise invalid("messages: text content blocks must be non-empty")
    for place, block in enumerate(content):
        check_block(block, f"{path}.{place}")


def check_block(block: Any, path: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in BLOCKS:
        tags = ", ".join(f"'{name}'" for name in BLOCKS)
        raise invalid(f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}")
    have(block, BLOCKS[kind], f"{path}.{kind}")
    if kind == "text" and not str(block["text"]).strip():
        raise invalid("messages: text content blocks must be non-empty")
    for place, note in enumerate(block.get("citations") or []):
        have(note, NOTE_FIELDS, f"{path}.text.citations.{place}")
    pages = block.get("content") if kind == "web_search_tool_result" else None
    for place, page in enumerate(pages if isinstance(pages, list) else []):
        have(page, PAGE_FIELDS, f"{path}.web_search_tool_result.content.{place}")


def have(block: Body, names: Collection[str], path: str) -> None:
    for name in names:
        if name not in block:
            raise required(f"{path}.{name}")


def check_last(turn: Body) -> None:
    """An answer cannot be begun by the client; a turn that paused goes on where it was."""
    content = turn["content"] if isinstance(turn["content"], list) else []
    if turn["role"] == "assistant" and not any(block["type"] == "server_tool_use" for block in content):
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )


def check_sampling(body: Body, model: Model) -> None:
    for name in sorted(SAMPLING & set(body)):
        if not model.samples:
            raise invalid(f"`{name}` is deprecated for this model.")
    if {"temperature", "top_p"} <= set(body):
        raise invalid("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    heat = body.get("temperature", 1)
    if not isinstance(heat, int | float) or not 0 <= heat <= 1:
        raise invalid("temperature: range: 0..1")


def check_system(system: Any) -> None:
    if system is not None and not isinstance(system, str | list):
        raise invalid("system: Input should be a valid string")


def check_tools(tools: list[Any], model: Model) -> None:
    for place, tool in enumerate(tools):
        check_search(tool, f"tools.{place}", model)


def check_search(tool: Any, path: str, model: Model) -> None:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind not in SEARCHES:
        raise invalid(f"{path}: the sandbox has {', '.join(SEARCHES)}")
    if kind not in model.searches:
        raise invalid(f"'{model.id}' does not support tool types: {kind}.")
    path = f"{path}.{kind}"
    known(tool, SEARCH_FIELDS | {"response_inclusion"} if kind == SEARCHES[-1] else SEARCH_FIELDS, f"{path}.")
    if tool.get("name") != "web_search":
        raise invalid(f"{path}.name: Input should be 'web_search'")
    if tool.get("allowed_domains") and tool.get("blocked_domains"):
        raise invalid(f"{path}: Only one of allowed_domains and blocked_domains may be specified")
    uses = tool.get("max_uses")
    if uses is not None and (type(uses) is not int or uses < 1):
        raise invalid(f"{path}.max_uses: Input should be greater than 0")
    check_place(tool.get("user_location"), f"{path}.user_location")


def check_place(place: Any, path: str) -> None:
    if place is None:
        return
    known(place, PLACE_FIELDS, f"{path}.")
    if place.get("type") != "approximate":
        raise invalid(f"{path}.type: Input should be 'approximate'")
    if place.get("country") is not None and not re.fullmatch(r"[A-Za-z]{2}", str(place["country"])):
        raise invalid(f"{path}.country: String should have at most 2 characters")
    for name in ("region", "city", "timezone"):
        if not isinstance(place.get(name), str | None) or place.get(name) == "":
            raise invalid(f"{path}.{name}: String should have at least 1 character")


def check_choice(body: Body, model: Model) -> None:
    choice = body.get("tool_choice")
    if choice is None:
        return
    known(choice, {"type", "name", "disable_parallel_tool_use"}, "tool_choice.")
    if choice.get("type") not in CHOICES:
        raise invalid("tool_choice: Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'")
    if choice["type"] in ("any", "tool") and not model.forced:
        raise invalid("tool_choice: forced tool use is not supported for this model.")
    if choice["type"] in ("any", "tool") and body.get("thinking", {}).get("type") in ("adaptive", "enabled"):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")


def check_thinking(body: Body, model: Model) -> None:
    wanted = body.get("thinking")
    if wanted is None:
        return
    known(wanted, {"type", "budget_tokens", "display"}, "thinking.")
    kind = wanted.get("type")
    if kind not in model.thinking:
        raise invalid(f'"thinking.type.{kind}" is not supported for this model.')
    budget = wanted.get("budget_tokens")
    if kind == "enabled" and (type(budget) is not int or budget < LEAST_BUDGET):
        raise invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if kind == "enabled" and budget >= body["max_tokens"]:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if kind != "disabled" and body.get("temperature", 1) != 1:
        raise invalid("`temperature` may only be set to 1 when thinking is enabled.")


def check_output(config: Any, model: Model) -> None:
    if config is None:
        return
    known(config, {"effort", "format"}, "output_config.")
    effort, wanted = config.get("effort"), config.get("format")
    if effort is not None and not model.efforts:
        raise invalid("This model does not support the effort parameter.")
    if effort is not None and effort not in model.efforts:
        raise invalid(f"output_config.effort: Input should be {', '.join(map(repr, model.efforts))}")
    if wanted is None:
        return
    known(wanted, {"type", "schema"}, "output_config.format.")
    if wanted.get("type") != "json_schema":
        raise invalid("output_config.format.type: Input should be 'json_schema'")
    if "schema" not in wanted:
        raise required("output_config.format.schema")
    for problem in schema_problems(wanted["schema"]):
        raise invalid(f"output_config.format.schema: {problem}")


def schema_problems(schema: Any) -> Iterator[str]:
    """Optional properties are allowed; limits of numbers, lengths and lists are not."""
    if not isinstance(schema, dict):
        yield "Input should be a valid dictionary"
        return
    kind = schema.get("type")
    if (kind == "object" or "properties" in schema) and schema.get("additionalProperties") is not False:
        yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
    wrong = [name for name in CONSTRAINTS if name in schema]
    wrong += ["minItems"] if schema.get("minItems", 0) not in (0, 1) else []
    if wrong:
        yield f"For '{kind}' type, properties {', '.join(wrong)} are not supported"
    for part in parts(schema):
        yield from schema_problems(part)


def parts(schema: Body) -> Iterator[Any]:
    for keyword in ("properties", "$defs", "definitions"):
        yield from schema.get(keyword, {}).values()
    for keyword in ("anyOf", "allOf"):
        yield from schema.get(keyword, [])
    if "items" in schema:
        yield schema["items"]
