"""The texts of a request's messages."""

from typing import Any


def text_of(content: Any) -> str:
    """A string, or the parts and messages that a string can be wrapped in."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(text_of(part) for part in content)
    return text_of(content.get("content", content.get("text", ""))) if isinstance(content, dict) else ""


def last_said(messages: Any, role: str) -> str:
    """Also of messages that nobody has checked; empty if there is none of this role."""
    given = messages if isinstance(messages, list) else []
    said = [one.get("content") for one in given if isinstance(one, dict) and one.get("role") == role]
    return text_of(said[-1]) if said else ""
