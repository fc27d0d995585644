"""What a program is told about the tools; and what a tool that fails says."""

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from senso.api.access import Caller
from senso.api.models import Shown
from senso.mcp.arguments import Arguments
from senso.mcp.calling import INTERNAL, MOST_CHARACTERS, TOO_LONG, Refused, call
from senso.mcp.outside import CUT, harmless
from senso.mcp.server import listed
from senso.mcp.tool import reading
from senso.mcp.tools import TOOLS
from senso.states import Scope

KNOWN = Path(__file__).parent / "tools.json"
PAGE = Path(__file__).parents[2] / "docs/mcp.md"
CALLER = Caller(None, "test", None, Scope.ADMIN)


def told() -> dict:
    return {
        one.name: {
            "arguments": sorted(one.input_schema["properties"]),
            "required": sorted(one.input_schema.get("required", [])),
            "gives": sorted(one.output_schema["properties"]),
            "hints": sorted(name for name, value in one.annotations.model_dump().items() if value is True),
        }
        for one in listed()
    }


def test_tools_are_those_that_programs_know():
    """A name that goes away breaks a program. `python tests/mcp/test_tool_list.py` writes the file anew."""
    assert told() == json.loads(KNOWN.read_text())


def test_each_tool_and_each_argument_says_what_it_is():
    for one in listed():
        assert len(one.description) > 80, one.name
        assert one.input_schema["additionalProperties"] is False, one.name
        assert one.output_schema["type"] == "object", one.name
        for name, argument in one.input_schema["properties"].items():
            assert argument.get("description"), (one.name, name)


def test_only_what_acts_is_no_reading():
    acting = {one.name: one.annotations for one in listed() if not one.annotations.read_only_hint}

    assert acting.keys() == {"trigger_batch", "retry_batch", "cancel_batch"}
    assert all(one.destructive_hint and one.open_world_hint for one in acting.values())
    assert [name for name, one in acting.items() if not one.idempotent_hint] == ["retry_batch"]


def test_the_page_names_each_tool_with_its_scope():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    said = {cells[1].strip(" `"): cells[-2].strip() for cells in (row.split("|") for row in rows)}

    assert said == {one.name: str(one.scope) for one in TOOLS}


class Texts(Shown):
    texts: list[str]


class Context:
    async def read(self, work):
        return work(None)


def failing(error):
    def fail(_context, _caller, _asked, _db):
        """Fails."""
        raise error

    return reading(fail, Arguments, Texts)


def invalid():
    try:
        Texts(texts="hunter2")
    except ValidationError as error:
        return error


@pytest.mark.parametrize("fault", [RuntimeError("postgresql://me:hunter2@host"), invalid()], ids=["any", "of a result"])
def test_a_fault_of_ours_tells_nothing_of_itself(fault):
    with pytest.raises(Refused, match=f"^{INTERNAL}$"):
        asyncio.run(call(Context(), CALLER, failing(fault), {}))


def test_a_result_that_is_too_long_is_refused_and_not_cut():
    def long(_context, _caller, _asked, _db):
        """Long."""
        return Texts(texts=["x" * 2_000] * (MOST_CHARACTERS // 2_000))

    with pytest.raises(Refused, match=TOO_LONG):
        asyncio.run(call(Context(), CALLER, reading(long, Arguments, Texts), {}))


def test_texts_lose_what_is_not_seen_and_what_is_too_long():
    said = {"a": ["x\x00y\u200b\u202ez\ufeff\U000e0041\U000e0101", "سلام\u200cها", "1\r\n2\u20283\t4"], "b": "é" * 30}

    found = harmless(said, 20)

    assert found["a"] == ["xyz", "سلام\u200cها", "1\n2\n3\t4"]
    assert found["b"] == "é" * (20 - len(CUT)) + CUT


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0xAD, 0xAD),
        (0x34F, 0x34F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200E, 0x200F),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFFB),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    ],
)
def test_nothing_is_written_by_what_is_not_shown(first, last):
    hidden = "".join(map(chr, range(first, last + 1)))

    assert harmless({f"a{hidden}b": f"c{hidden}d", "e": f"\u2764{hidden}"}) == {"ab": "cd", "e": "\u2764"}


if __name__ == "__main__":
    KNOWN.write_text(json.dumps(told(), indent=1) + "\n")
