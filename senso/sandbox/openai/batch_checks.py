"""The requests for a batch that OpenAI refuses at once. Its lines are checked later, by the batch."""

from typing import Any

from senso.sandbox.openai.errors import invalid, missing
from senso.sandbox.replies import Problem

Body = dict[str, Any]

CHAT = "/v1/chat/completions"
CHOICES = {"endpoint": CHAT, "completion_window": "24h"}
NAMES = ("input_file_id", *CHOICES, "metadata", "output_expires_after")
MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512
TYPES = {list: "an array", dict: "an object", bool: "a boolean", int: "an integer", float: "a decimal", str: "a string"}


def check_batch(body: Body) -> None:
    for name in body:
        if name not in NAMES:
            raise invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    for name in ("input_file_id", *CHOICES):
        if not body.get(name):
            raise missing(name)
    for name, choice in CHOICES.items():
        if body[name] != choice:
            message = f"Invalid value: '{body[name]}'. Supported values are: '{choice}'."
            raise invalid(message, name, "invalid_value")
    if body.get("metadata") is not None:
        _check_metadata(body["metadata"])


def _check_metadata(given: Any) -> None:
    if not isinstance(given, dict):
        raise _wrong_type("metadata", "an object", given)
    if len(given) > MOST_PAIRS:
        message = f"Expected an object with at most {MOST_PAIRS} properties, but got an object with {len(given)}"
        message = f"Invalid 'metadata': too many properties. {message} properties instead."
        raise invalid(message, "metadata", "object_above_max_properties")
    for name, value in given.items():
        if not isinstance(value, str):
            raise _wrong_type(f"metadata.{name}", "a string", value)
        if len(name) > LONGEST_KEY or len(value) > LONGEST_VALUE:
            message = f"Invalid 'metadata.{name[:LONGEST_KEY]}': string too long."
            raise invalid(message, f"metadata.{name[:LONGEST_KEY]}", "string_above_max_length")


def _wrong_type(param: str, expected: str, given: Any) -> Problem:
    got = TYPES.get(type(given), "null")
    return invalid(f"Invalid type for '{param}': expected {expected}, but got {got} instead.", param, "invalid_type")
