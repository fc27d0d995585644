"""The requests that OpenAI refuses. A client that passes here by accident would fail in production."""

import re
from collections.abc import Iterable
from typing import Any

from senso.sandbox import schema as strict
from senso.sandbox.openai.errors import invalid, invalid_value, missing, moved, unsupported
from senso.sandbox.openai.models import SNAPSHOTS, WITHOUT_SEARCH, efforts

Body = dict[str, Any]

SHARED = frozenset(
    {"model", "metadata", "parallel_tool_calls", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"}
    | {"service_tier", "store", "stream", "stream_options", "temperature", "tool_choice", "tools", "top_logprobs"}
    | {"top_p", "user"}
)
CHAT = SHARED.union(
    ("messages", "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_tokens"),
    ("max_completion_tokens", "modalities", "n", "prediction", "presence_penalty", "reasoning_effort", "seed", "stop"),
    ("response_format", "verbosity", "web_search_options"),
)
RESPONSES = SHARED.union(
    ("input", "background", "context_management", "conversation", "include", "instructions", "max_output_tokens"),
    ("max_tool_calls", "previous_response_id", "prompt", "reasoning", "text", "truncation"),
)
MOVED = {
    "response_format": "text.format",
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
}

SEARCH_TOOLS = ("web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11")
SEARCH_KEYS = {"type", "search_context_size", "user_location", "filters", "external_web_access"}
PLACE_KEYS = {"type", "country", "region", "city", "timezone"}
INCLUDES = (
    "web_search_call.action.sources",
    "web_search_call.results",
    "message.output_text.logprobs",
    "reasoning.encrypted_content",
    "file_search_call.results",
)


def check_chat(body: Body) -> None:
    _known(body, CHAT)
    model = _model(body, 404, "The model `{}` does not exist or you do not have access to it.", None)
    _messages(body.get("messages"))
    if "web_search_options" in body:
        raise invalid("Web search options not supported with this model.", "web_search_options", None)
    if efforts(model):
        _check_reasoning_chat(body)
    _effort(model, body.get("reasoning_effort"), "reasoning_effort")
    if body.get("stream"):
        raise invalid("The sandbox does not stream.", "stream", "unsupported_value")
    _response_format(body.get("response_format"))


def check_responses(body: Body) -> None:
    for old, new in MOVED.items():
        if old in body:
            raise moved(old, new)
    _known(body, RESPONSES)
    model = _model(body, 400, "The requested model '{}' does not exist.", "model")
    if not body.get("input"):
        raise missing("input")
    _check_reasoning_responses(model, body)
    if body.get("stream") or body.get("background"):
        raise invalid("The sandbox neither streams nor works in the background.", "stream", "unsupported_value")
    for place, tool in enumerate(body.get("tools") or []):
        _search_tool(f"tools[{place}]", tool, model)
    for item in body.get("include") or []:
        if item not in INCLUDES:
            raise invalid_value("include", f"'{item}'. Supported values are: {', '.join(map(repr, INCLUDES))}.")
    _text_format((body.get("text") or {}).get("format"))


def _known(given: Body, known: Iterable[str], path: str = "") -> None:
    for name in given:
        if name not in known:
            raise invalid(f"Unknown parameter: '{path}{name}'.", f"{path}{name}", "unknown_parameter")


def _model(body: Body, status: int, message: str, param: str | None) -> str:
    model = body.get("model")
    if not model:
        raise invalid("you must provide a model parameter", None, None)
    if model not in SNAPSHOTS:
        raise invalid(message.format(model), param, "model_not_found", status)
    return str(model)


def _messages(messages: Any) -> None:
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid(
            "Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages", "empty_array"
        )
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in (
            "system",
            "developer",
            "user",
            "assistant",
            "tool",
        ):
            raise invalid_value(f"messages[{place}].role", "it must be system, developer, user, assistant or tool.")
        if "content" not in message:
            raise missing(f"messages[{place}].content")


def _check_reasoning_chat(body: Body) -> None:
    if "max_tokens" in body:
        raise unsupported("max_tokens", "is not supported with this model. Use 'max_completion_tokens' instead.")
    if "stop" in body:
        raise unsupported("stop")
    if body.get("temperature", 1) != 1:
        reason = f"'temperature' does not support {body['temperature']} with this model."
        reason = f"Unsupported value: {reason} Only the default (1) value is supported."
        raise invalid(reason, "temperature", "unsupported_value")


def _check_reasoning_responses(model: str, body: Body) -> None:
    for param in ("temperature", "top_p"):
        if efforts(model) and body.get(param, 1) not in (1, None):
            raise unsupported(param)
    effort = (body.get("reasoning") or {}).get("effort")
    _effort(model, effort, "reasoning.effort")
    if effort == "minimal" and body.get("tools"):
        raise invalid("The following tools cannot be used with reasoning.effort 'minimal': web_search.", "tools", None)


def _effort(model: str, said: Any, param: str) -> None:
    accepted = efforts(model)
    if said is None or said in accepted:
        return
    if not accepted:
        raise unsupported(param)
    listed = ", ".join(map(repr, accepted))
    reason = f"Unsupported value: '{said}' is not supported with the '{model}' model. Supported values are: {listed}."
    raise invalid(reason, param, "unsupported_value")


def _response_format(wanted: Any) -> None:
    if wanted is None or wanted.get("type") in ("text", "json_object"):
        return
    if wanted.get("type") != "json_schema":
        raise invalid_value(
            "response_format.type", f"'{wanted.get('type')}'. It must be text, json_object or json_schema."
        )
    if not isinstance(wanted.get("json_schema"), dict):
        raise missing("response_format.json_schema")
    _schema(wanted["json_schema"], "response_format.json_schema", "response_format", None)


def _text_format(wanted: Any) -> None:
    if wanted is None or wanted.get("type") in ("text", "json_object"):
        return
    if wanted.get("type") != "json_schema":
        raise invalid_value("text.format.type", f"'{wanted.get('type')}'. It must be text, json_object or json_schema.")
    _schema(wanted, "text.format", "text.format.schema", "invalid_json_schema")


def _schema(given: Body, path: str, param: str, code: str | None) -> None:
    name = given.get("name")
    if name is None:
        raise missing(f"{path}.name")
    if not strict.NAME.fullmatch(str(name)):
        reason = f"Invalid '{path}.name': string does not match pattern. Expected a string that matches the pattern"
        raise invalid(f"{reason} '^[a-zA-Z0-9_-]+$' and has at most 64 characters.", f"{path}.name", "invalid_value")
    if "schema" not in given:
        raise missing(f"{path}.schema")
    problem = next(strict.problems(given["schema"]), None) if given.get("strict") else None
    if problem:
        raise invalid(f"Invalid schema for response_format '{name}': {problem}", param, code)


def _search_tool(path: str, tool: Any, model: str) -> None:
    if not isinstance(tool, dict) or tool.get("type") not in SEARCH_TOOLS:
        raise invalid_value(f"{path}.type", f"the sandbox has {', '.join(SEARCH_TOOLS)}.")
    if model.startswith(WITHOUT_SEARCH):
        raise invalid(f"Hosted tool '{tool['type']}' is not supported with {model}.", "tools", None)
    _known(tool, SEARCH_KEYS, f"{path}.")
    if tool.get("search_context_size", "medium") not in ("low", "medium", "high"):
        raise invalid_value(f"{path}.search_context_size", "it must be low, medium or high.")
    place = tool.get("user_location")
    if place is None:
        return
    _known(place, PLACE_KEYS, f"{path}.user_location.")
    if place.get("type") != "approximate":
        raise invalid_value(f"{path}.user_location.type", "it must be 'approximate'.")
    if place.get("country") is not None and not re.fullmatch(r"[A-Za-z]{2}", str(place["country"])):
        raise invalid_value(f"{path}.user_location.country", "it must be a two-letter ISO country code.")
