"""The requests that Gemini refuses. A client that passes here by accident would fail in production.

From the types of google-genai 3.6, the vendor's guides to its models, and reported replies. Names may be written in
either of the two ways that the vendor reads: generationConfig and generation_config.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from senso.sandbox.gemini.errors import Body, invalid, not_found, unknown, violation, wrong_type
from senso.sandbox.replies import Problem

UP_TO_HIGH = ("LOW", "MEDIUM", "HIGH")
FROM_MINIMAL = ("MINIMAL", *UP_TO_HIGH)
JSON_MODE = "application/json"
MOST_TOKENS = 65_536


@dataclass(frozen=True, slots=True)
class Model:
    """`levels` of thinking; the one in use by default, None for a budget of its own choice. `successor`: who answers
    when it has retired.
    """

    levels: tuple[str, ...] = UP_TO_HIGH
    level: str | None = "MEDIUM"
    thinks: bool = True
    successor: str = "gemini-3.8-flash"
    retires: str = "2027-05-07T00:00:00Z"

    @property
    def is_older(self) -> bool:
        """Before Gemini 3: samples, takes a budget for thinking, and cannot search for JSON."""
        return not self.levels


BUDGET: dict[str, Any] = {"levels": (), "level": None, "retires": "2026-12-01T00:00:00Z"}
MODELS = {
    "gemini-4-hydrogen": Model((*UP_TO_HIGH, "XHIGH"), "HIGH"),
    "gemini-3.8-flash": Model(successor="gemini-4-hydrogen"),
    "gemini-3.5-flash-lite": Model(FROM_MINIMAL, "MINIMAL"),
    "gemini-3.1-flash-lite": Model(FROM_MINIMAL, "MINIMAL", successor="gemini-3.5-flash-lite"),
    "gemini-3.1-pro-preview": Model(level="HIGH"),
    "gemini-2.5-pro": Model(**BUDGET),
    "gemini-2.5-flash": Model(**BUDGET, successor="gemini-3.5-flash-lite"),
    "gemini-2.5-flash-lite": Model(**BUDGET, thinks=False, successor="gemini-3.5-flash-lite"),
}

# The form that each field must have, in the vendor's words.
MESSAGE, REPEATED, STRING = "message", "repeated", "TYPE_STRING"
INTEGER, FLOAT, BOOL = "TYPE_INT32", "TYPE_FLOAT", "TYPE_BOOL"
FORMS: dict[str, Any] = {MESSAGE: dict, REPEATED: list, STRING: str, INTEGER: int, FLOAT: (int, float), BOOL: bool}
REQUEST = {"contents": REPEATED, "systemInstruction": MESSAGE, "tools": REPEATED, "toolConfig": MESSAGE}
REQUEST |= {"generationConfig": MESSAGE, "safetySettings": REPEATED, "cachedContent": STRING, "serviceTier": STRING}
REQUEST |= {"labels": MESSAGE, "store": BOOL}
CONTENT = {"role": STRING, "parts": REPEATED}
PART = {"text": STRING, "thought": BOOL, "thoughtSignature": STRING}
TOOL = {"googleSearch": MESSAGE}
SEARCH = {"searchTypes": MESSAGE, "timeRangeFilter": MESSAGE}
THINKING = {"includeThoughts": BOOL, "thinkingBudget": INTEGER, "thinkingLevel": STRING}
SAMPLING = {"temperature": FLOAT, "topP": FLOAT, "topK": INTEGER, "candidateCount": INTEGER}
PENALTIES = {"presencePenalty": FLOAT, "frequencyPenalty": FLOAT}
SCHEMAS = {"responseSchema": MESSAGE, "responseJsonSchema": MESSAGE}
GENERATION = SAMPLING | PENALTIES | SCHEMAS
GENERATION |= {"maxOutputTokens": INTEGER, "stopSequences": REPEATED, "seed": INTEGER, "responseMimeType": STRING}
GENERATION |= {"responseLogprobs": BOOL, "logprobs": INTEGER, "responseModalities": REPEATED, "mediaResolution": STRING}
GENERATION |= {"speechConfig": MESSAGE, "imageConfig": MESSAGE, "thinkingConfig": MESSAGE}
GENERATION |= {"enableEnhancedCivicAnswers": BOOL}
# Of the vendor's own kind of schema, which knows less than JSON Schema.
SCHEMA = frozenset(
    {"type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required"}
    | {"minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering"}
    | {"default", "items", "minimum", "maximum"}
)
KINDS = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is in order. `schema`: the answer is to be JSON that fits it. `level`: of thinking."""

    user: str
    system: str
    schema: Body | None
    searches: bool
    limit: int
    level: str | None


def check(name: str, body: Any) -> Asked:
    model = MODELS.get(name)
    if model is None:
        raise Problem(not_found(name))
    given = fields(body, REQUEST, "")
    generation = fields(given.get("generationConfig", {}), GENERATION, "generation_config")
    thinking = fields(generation.get("thinkingConfig", {}), THINKING, "generation_config.thinking_config")
    searches = check_tools(given.get("tools", []))
    check_sampling(generation, model)
    return Asked(
        user=check_turns(given.get("contents"), model),
        system=text_of(given.get("systemInstruction", {}), "system_instruction"),
        schema=check_schema(generation, model, searches=searches),
        searches=searches,
        limit=check_limit(generation.get("maxOutputTokens", MOST_TOKENS)),
        level=check_thinking(thinking, model),
    )


def fields(given: Any, known: Mapping[str, str], path: str) -> Body:
    """By the longer of the two names; null is as if it were absent."""
    if not isinstance(given, dict):
        raise wrong_type(path or "request", MESSAGE, given)
    found = {}
    for said, value in given.items():
        name = re.sub("_([a-z])", lambda letter: letter[1].upper(), said)
        if name not in known:
            raise unknown(said, path)
        if value is not None:
            found[name] = formed(value, known[name], ".".join(filter(None, (path, snake(name)))))
    return found


def formed(value: Any, form: str, path: str) -> Any:
    is_bool = isinstance(value, bool)
    if not isinstance(value, FORMS[form]) or is_bool != (form == BOOL):
        raise wrong_type(path, form, value)
    return value


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def check_turns(turns: Any, model: Model) -> str:
    """What was said last."""
    if not turns:
        raise invalid("* GenerateContentRequest.contents: contents is not specified\n")
    for number, turn in enumerate(turns):
        role = fields(turn, CONTENT, f"contents[{number}]").get("role", "user")
        if role not in ("user", "model"):
            raise invalid("Please use a valid role: user, model.")
        if not text_of(turn, f"contents[{number}]"):
            raise invalid(f"* GenerateContentRequest.contents[{number}].parts: contents.parts must not be empty.\n")
    if turns[-1].get("role") == "model" and not model.is_older:
        raise invalid("Requests ending with a model turn are not supported.")
    return text_of(turns[-1], f"contents[{len(turns) - 1}]")


def text_of(content: Any, path: str) -> str:
    parts = fields(content, CONTENT, path).get("parts", [])
    said = [fields(part, PART, f"{path}.parts[{number}]") for number, part in enumerate(parts)]
    return "\n".join(part.get("text", "") for part in said)


def check_tools(tools: list[Any]) -> bool:
    """Whether it may search. The sandbox has no other tool."""
    for number, tool in enumerate(tools):
        path = f"tools[{number}]"
        wanted = fields(tool, TOOL, path)
        if not wanted:
            reason = "required one_of 'tool_type' must have one initialized field"
            raise invalid(f"* GenerateContentRequest.{path}.tool_type: {reason}\n")
        fields(wanted["googleSearch"], SEARCH, f"{path}.google_search")
    return bool(tools)


def check_sampling(generation: Body, model: Model) -> None:
    """Newer models are said to ignore these, and were also seen to refuse them."""
    for name in generation.keys() & (PENALTIES if model.is_older else SAMPLING | PENALTIES):
        raise invalid(f"{snake(name)} is not supported for this model.")
    if not 0 <= generation.get("temperature", 1) <= 2:  # noqa: PLR2004 - the vendor's maximum
        raise invalid("Invalid value for temperature: it must be in the range [0.0, 2.0].")


def check_limit(limit: int) -> int:
    if not 1 <= limit <= MOST_TOKENS:
        reason = f"it has a maxOutputTokens value of {limit} but the supported range is from 1 (inclusive) to"
        raise invalid(f"Unable to submit request because {reason} {MOST_TOKENS + 1} (exclusive).")
    return limit


def check_thinking(wanted: Body, model: Model) -> str | None:
    """The level at which it will think."""
    level = wanted.get("thinkingLevel")
    if level and "thinkingBudget" in wanted:
        raise invalid("You can only set only one of thinking budget and thinking level.")
    if level and model.is_older:
        raise invalid("Thinking level is not supported for this model.")
    if level and level.upper() not in model.levels:
        raise invalid(f"Thinking level {level.upper()} is not supported for this model.")
    return level.upper() if level else model.level


def check_schema(generation: Body, model: Model, *, searches: bool) -> Body | None:
    is_json = generation.get("responseMimeType", "text/plain") == JSON_MODE
    wanted = [name for name in SCHEMAS if name in generation]
    if wanted and not is_json:
        raise invalid("Response schema is only supported when response_mime_type is application/json.")
    if is_json and searches and model.is_older:
        raise invalid("Tool use with a response mime type: 'application/json' is unsupported")
    if len(wanted) > 1:
        raise invalid("Only one of response_schema and response_json_schema may be set.")
    if wanted == ["responseSchema"]:
        return plain(generation["responseSchema"], "generation_config.response_schema")
    return generation[wanted[0]] if wanted else None


def plain(schema: Any, path: str) -> Body:
    """The vendor's kind of schema as JSON Schema."""
    if not isinstance(schema, dict):
        raise wrong_type(path, MESSAGE, schema)
    check_names(schema, SCHEMA, path)
    kind = schema.get("type")
    if not isinstance(kind, str | None):
        reason = f"Proto field is not repeating, cannot start list at '{path}.type'."
        raise violation(f"{path}.type", f"Invalid JSON payload received. {reason}")
    if kind and kind.upper() not in KINDS:
        raise wrong_type(f"{path}.type", "type.googleapis.com/google.ai.generativelanguage.v1beta.Type", kind)
    inner = {name: plain(part, f"{path}.properties[{name}]") for name, part in schema.get("properties", {}).items()}
    return (
        schema
        | ({"type": kind.lower()} if kind else {})
        | ({"properties": inner} if inner else {})
        | ({"items": plain(schema["items"], f"{path}.items")} if "items" in schema else {})
        | ({"anyOf": [plain(part, f"{path}.any_of") for part in schema["anyOf"]]} if "anyOf" in schema else {})
    )


def check_names(given: Body, known: Collection[str], path: str) -> None:
    for said in given:
        if re.sub("_([a-z])", lambda letter: letter[1].upper(), said) not in known:
            raise unknown(said, path)
