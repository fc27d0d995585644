"""The requests that Perplexity refuses: it knows each field by its name and type, and takes no other."""

from typing import Any

from senso.sandbox.perplexity.bodies import MODELS, PRESETS, invalid, refused
from senso.sandbox.schema import NAME

Body = dict[str, Any]
Known = dict[str, tuple[type, ...]]

TEXT, WHOLE, TRUTH, LIST, OBJECT = (str,), (int,), (bool,), (list,), (dict,)
NUMBER = (int, float)
FIELDS: Known = {
    **dict.fromkeys(("model", "preset", "instructions", "previous_response_id", "language_preference"), TEXT),
    **dict.fromkeys(("truncation", "effort", "prompt_cache_key", "service_tier"), TEXT),
    **dict.fromkeys(("max_output_tokens", "max_steps", "max_tool_calls"), WHOLE),
    **dict.fromkeys(("store", "background", "stream", "parallel_tool_calls", "step_budget_reminder"), TRUTH),
    **dict.fromkeys(("models", "tools", "skills"), LIST),
    **dict.fromkeys(("reasoning", "response_format", "metadata", "stream_options", "profile", "text"), OBJECT),
    **dict.fromkeys(("temperature", "top_p"), NUMBER),
    "input": (str, list),
    "tool_choice": (str, dict),
}
MESSAGE: Known = {"type": TEXT, "role": TEXT, "content": (str, list)}
WEB_SEARCH: Known = {
    **dict.fromkeys(("type", "search_context_size", "search_type"), TEXT),
    **dict.fromkeys(("max_results", "max_tokens", "max_tokens_per_page"), WHOLE),
    **dict.fromkeys(("filters", "user_location"), OBJECT),
}
PLACE: Known = {
    **dict.fromkeys(("country", "region", "city"), TEXT),
    **dict.fromkeys(("latitude", "longitude"), NUMBER),
}
FILTERS: Known = {
    **dict.fromkeys(("search_recency_filter", "search_after_date_filter", "search_before_date_filter"), TEXT),
    **dict.fromkeys(("last_updated_after_filter", "last_updated_before_filter"), TEXT),
    "search_domain_filter": LIST,
}
FORMAT: Known = {"type": TEXT, "json_schema": OBJECT}
SCHEMA: Known = {"name": TEXT, "schema": OBJECT, "strict": TRUTH, "description": TEXT}

ROLES = ("user", "assistant", "system", "developer")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
RECENCY = ("hour", "day", "week", "month", "year")
CHOICES = ("none", "auto", "required")
COUNTRY_LETTERS = 2
MOST_MODELS, MOST_METADATA, MOST_DOMAINS = 5, 16, 20
LIMITS = {"max_steps": (1, 100), "temperature": (0, 2), "top_p": (0, 1)}
MOST_RESULTS = 50


def check(body: Body) -> None:
    known(body, FIELDS)
    known(body.get("text") or {}, {"verbosity": TEXT})
    if body.get("stream") or body.get("background"):
        raise invalid("the sandbox neither streams nor works in the background")
    check_model(body)
    check_input(body.get("input"))
    check_limits(body)
    known(body.get("reasoning") or {}, {"effort": TEXT})
    one_of("reasoning effort", (body.get("reasoning") or {}).get("effort"), EFFORTS)
    for place, tool in enumerate(body.get("tools") or []):
        check_tool(f"tools[{place}]", tool)
    check_choice(body.get("tool_choice"), body.get("tools") or [])
    check_format(body.get("response_format"))


def known(given: Any, fields: Known) -> None:
    """A field may be null; a truth value is no number."""
    if not isinstance(given, dict):
        raise invalid(f"invalid request body: json: cannot unmarshal {type(given).__name__} into an object")
    for name, value in given.items():
        if name not in fields:
            raise invalid(f'invalid request body: json: unknown field "{name}"', name)
        fits = isinstance(value, fields[name]) and (fields[name] == TRUTH or not isinstance(value, bool))
        if value is not None and not fits:
            raise invalid(f"invalid request body: json: cannot unmarshal {type(value).__name__} into {name}", name)


def one_of(what: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise invalid(f"validation failed: {what} must be one of: {' '.join(allowed)}")


def check_model(body: Body) -> None:
    models = body.get("models") or [body.get("model")]
    if models == [None] and not body.get("preset"):
        raise invalid("validation failed: one of model, models and preset is required")
    if len(models) > MOST_MODELS:
        raise invalid("validation failed: at most 5 models")
    one_of("preset", body.get("preset"), PRESETS)
    for model in models:
        if model is not None and model not in MODELS:
            raise refused(400, "invalid_model", f'model "{model}" is not supported')
        if str(model).startswith("anthropic/") and not body.get("max_output_tokens"):
            raise invalid("validation failed: max_output_tokens is required when using Anthropic models")


def check_input(given: Any) -> None:
    if not given:
        raise invalid("validation failed: input cannot be empty")
    for item in given if isinstance(given, list) else []:
        known(item, MESSAGE)
        one_of("role", item.get("role"), ROLES)
        if not item.get("role") or not item.get("content"):
            raise invalid("validation failed: a message needs role and content")


def check_limits(body: Body) -> None:
    for name, (low, high) in LIMITS.items():
        value = body.get(name)
        if value is not None and value < low:
            raise invalid(f"validation failed: {name.replace('_', ' ')} must be at least {low}")
        if value is not None and value > high:
            raise invalid(f"validation failed: {name.replace('_', ' ')} must be at most {high}")
    if len(body.get("metadata") or {}) > MOST_METADATA:
        raise invalid("validation failed: metadata has at most 16 keys")


def check_tool(path: str, tool: Any) -> None:
    if not isinstance(tool, dict) or tool.get("type") != "web_search":
        raise invalid(f"validation failed: {path}: the sandbox has only web_search")
    known(tool, WEB_SEARCH)
    one_of(f"{path}: search context size", tool.get("search_context_size"), ("low", "medium", "high"))
    one_of(f"{path}: search type", tool.get("search_type"), ("web", "fast"))
    most = tool.get("max_results")
    if most is not None and not 1 <= most <= MOST_RESULTS:
        raise invalid(f"validation failed: {path}: max results must be between 1 and 50")
    check_filters(path, tool.get("filters") or {})
    place = tool.get("user_location") or {}
    known(place, PLACE)
    country = place.get("country")
    if country is not None and not (len(country) == COUNTRY_LETTERS and country.isalpha()):
        raise invalid(f"validation failed: {path}: country must be an ISO 3166-1 alpha-2 code")


def check_filters(path: str, filters: Body) -> None:
    known(filters, FILTERS)
    one_of(f"{path}: search recency filter", filters.get("search_recency_filter"), RECENCY)
    domains = filters.get("search_domain_filter") or []
    if len(domains) > MOST_DOMAINS or any("://" in str(domain) for domain in domains):
        raise refused(400, "invalid_search_domain_filter", f"{path}: at most 20 domains, without a scheme")


def check_choice(choice: Any, tools: list[Body]) -> None:
    """A tool that is demanded must be offered."""
    if isinstance(choice, str):
        one_of("tool choice", choice, CHOICES)
    if isinstance(choice, dict):
        known(choice, {"type": TEXT, "name": TEXT})
        offered = {"required", *(tool["type"] for tool in tools)}
        if choice.get("type") not in offered:
            raise invalid(f"validation failed: tool_choice: no such tool: {choice.get('type')}")


def check_format(wanted: Body | None) -> None:
    if wanted is None:
        return
    known(wanted, FORMAT)
    one_of("response_format.type", wanted.get("type"), ("json_schema",))
    given = wanted.get("json_schema")
    if not given:
        raise invalid('validation failed: response_format.json_schema is required when type is "json_schema"')
    known(given, SCHEMA)
    if not NAME.fullmatch(given.get("name") or ""):
        raise invalid("validation failed: response_format.json_schema.name must be 1-64 characters [A-Za-z0-9_-]")
    kind = (given.get("schema") or {}).get("type")
    if kind != "object":
        raise refused(400, "invalid_parameter", f"json_schema.schema must have a root type of 'object' (got {kind!r}).")
