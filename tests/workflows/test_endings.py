"""Every provider that answers at once, every way in which a call ends: the row's state, the call's outcome and cost.

docs/endings.md is this table: `python tests/workflows/test_endings.py` prints it.
"""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from senso.http import request
from senso.sandbox.fault_kinds import KINDS
from senso.tasks.stages import read

PAGE = Path(__file__).parents[2] / "docs" / "endings.md"
ASKED = {
    "openai": ("gpt-6-luna", "openai.responses"),
    "azure_openai": ("our-answers", "azure.responses"),
    "anthropic": ("claude-haiku-5-5", "anthropic.messages"),
    "gemini": ("gemini-api", "gemini.generate"),
    "perplexity": ("sonar", "perplexity.agent"),
    "linkup": ("linkup", "linkup.search"),
}


class Ending(NamedTuple):
    """`cost`: free, billed or unknown. A state of `planned` is tried again later."""

    state: str
    outcome: str
    cost: str


ANSWERED = Ending("answered", "answered", "billed")
REFUSED = Ending("failed", "refused", "free")
WAITS = Ending("planned", "rate limited", "free")
LATER = Ending("planned", "unavailable", "free")
LOST = Ending("planned", "unavailable", "unknown")
PAID_FOR = Ending("failed", "malformed", "billed")
# By a kind of the sandbox's faults with its options.
ENDINGS = {
    "empty": PAID_FOR,
    "null-texts": PAID_FOR,
    "refusal": Ending("failed", "refused", "billed"),
    **dict.fromkeys(("length", "silence"), PAID_FOR),
    **dict.fromkeys(("400", "400-credit", "401", "402", "403", "403-ip", "404", "410"), REFUSED),
    **dict.fromkeys(("429", "429 retry_after=40", "429-queue"), WAITS),
    **dict.fromkeys(
        ("429-quota", "429-too-large", "429-budget", "429-day", "content-filter", "content-filter-bare"), REFUSED
    ),
    **dict.fromkeys(("500", "502", "503", "503 retry_after=40", "504"), LATER),
    **dict.fromkeys(("hang seconds=2", "drop", "cut-within"), LOST),
    **dict.fromkeys(("malformed", "page"), Ending("failed", "malformed", "unknown")),
    **dict.fromkeys(("long", "two-messages", "two-texts", "two-parts", "null-text", "nulls"), ANSWERED),
    **dict.fromkeys(("web-marks", "annotations"), ANSWERED),
}
CELLS = [
    (name, kind)
    for name, (_, place) in ASKED.items()
    for kind in ("", *ENDINGS)
    if not kind or kind.split()[0] in KINDS[place]
]
MEGABYTE = 1_000_000
AZURE = """
    INSERT INTO models (id, slug, provider, name, surface, deadline_seconds, prices)
    VALUES (gen_random_uuid(), 'our-answers', 'azure_openai', 'our-answers', 'api', 90,
        '{"token_in": 2, "token_out": 8, "search": 14000, "source": "test", "read_on": "2026-11-28"}')
"""


def cost(call: dict[str, Any]) -> str:
    known = call["cost_microusd"]
    return "unknown" if known is None else "billed" if known else "free"


@pytest.fixture
def impatient(monkeypatch):
    """A call waits for a second in place of a minute and a half."""
    monkeypatch.setitem(request.__kwdefaults__, "timeout_seconds", 1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("provider", "kind"), CELLS)
def test_a_call_ends_as_the_table_says_and_is_made_once(make, sandbox, provider, kind):
    model, place = ASKED[provider]
    make.sql(AZURE)
    run = make.run(models=(model,))
    fault, *options = kind.split() or [""]
    asked = {name: float(value) for name, value in (one.split("=") for one in options)}
    if fault:
        sandbox.fault(place, fault, **asked)

    read(str(run))
    read(str(run))

    (row,) = make.sql("SELECT state, error, next_at - now() AS wait FROM question_runs")
    (call,) = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE purpose = 'ask'")
    assert Ending(row["state"], call["outcome"], cost(call)) == ENDINGS.get(kind, ANSWERED)
    assert (row["error"] is None) == (row["state"] == "answered")
    assert len(sandbox.calls(place)) == 1
    assert kind != "long" or make.one("SELECT length(answer_text) FROM question_runs") > MEGABYTE
    if "retry_after" in asked:
        assert asked["retry_after"] - 5 < row["wait"].total_seconds() < asked["retry_after"] * 1.3


def test_the_page_has_this_table():
    assert table() in PAGE.read_text()


def table() -> str:
    head = f"| what happens | {' | '.join(ASKED)} |\n|---|{'---|' * len(ASKED)}\n"
    return head + "".join(
        f"| {f'`{kind}`' if kind else 'an answer'} | {' | '.join(cell(name, kind) for name in ASKED)} |\n"
        for kind in ("", *ENDINGS)
    )


def cell(name: str, kind: str) -> str:
    return ", ".join(ENDINGS.get(kind, ANSWERED)) if (name, kind) in CELLS else ""


if __name__ == "__main__":
    print(table())
