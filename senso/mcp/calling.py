"""One call of a tool: whether the caller may, what it takes, what it gives; errors in one line."""

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from senso.api import problems
from senso.api.access import Caller
from senso.api.context import Context
from senso.api.models import Shown
from senso.api.problems import Problem
from senso.errors import SensoError
from senso.log import logger
from senso.mcp.arguments import Arguments
from senso.mcp.outside import LONGEST, Quoting, cut, harmless, seen
from senso.mcp.tool import Tool

MOST_CHARACTERS = 200_000
TOO_LONG = "the result is too long; ask for fewer rows by `limit`, or for a part"
INTERNAL = "internal error; the log of senso says more"
# Where the API says where in a request something stands.
WHERE = re.compile(r"\b(?:query|body|path)\.|^query: ")
LONGEST_ERROR = 1_000
log = logger(__name__)


class Refused(Exception):
    """Says in one line why a tool does nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool gives: as JSON, and the same as text."""

    structured: dict[str, Any]
    text: str


async def call(context: Context, caller: Caller, tool: Tool, given: dict[str, Any]) -> Told:
    """Raises Refused."""
    if not caller.scope.contains(tool.scope):
        raise Refused(f"{tool.name} needs a token of scope {tool.scope}, and this one has {caller.scope}")
    asked = taken(tool, given)
    try:
        return told(await tool.work(context, caller, asked))
    except Problem as problem:
        raise Refused(one_line(problem.detail)) from None
    except SensoError as error:
        raise Refused(one_line(problems.refusal(error).detail)) from None
    except Refused:
        raise
    except Exception:
        log.exception("a tool failed", tool=tool.name)
        raise Refused(INTERNAL) from None


def taken(tool: Tool, given: dict[str, Any]) -> Arguments:
    """Raises Refused with where and what."""
    try:
        return tool.takes.model_validate(given)
    except ValidationError as error:
        raise Refused(one_line(problems.invalid(list(map(problems.wrong, error.errors()))).detail)) from None


def told(found: Shown) -> Told:
    """Raises Refused."""
    longest = found.longest if isinstance(found, Quoting) else LONGEST
    structured = harmless(found.model_dump(mode="json", by_alias=True), longest)
    text = json.dumps(structured, ensure_ascii=False, separators=(",", ":"))
    if len(text) > MOST_CHARACTERS:
        raise Refused(TOO_LONG)
    return Told(structured, text)


def one_line(said: str) -> str:
    return cut(" ".join(WHERE.sub("", seen(said)).split()), LONGEST_ERROR)
