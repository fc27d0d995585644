"""What a model says of an answer, in the form of its reply, and what is read with that."""

import json
import re

from senso.extraction import Reading, checked, prompt
from senso.providers import Completion, Usage

MARK = re.compile(r"⟦([^⟦⟧]+\.\d+)⟧")


def sent(answer, *orgs, beside=()) -> str:
    """The answer as a model sees it, with its marks."""
    lines = prompt(answer, "Which one?", orgs, beside=beside).user.partition("\n")[2]
    return lines.partition("\n")[2].rpartition("\n")[0]


def marks(answer, *orgs, beside=()) -> list[str]:
    return MARK.findall(sent(answer, *orgs, beside=beside))


def of(number=1, **fields) -> dict:
    """What is said of the org of this number; nothing unless given."""
    nothing = {"missed": None, "sentiment": None, "evidence": None, "rank": None, "claims": []}
    return {"org": number} | nothing | fields


def reply(answer, *orgs, judged=None, by_default="named", organisations=(), readings=None, beside=(), **fields) -> dict:
    """Each place is `by_default` unless `judged` has another verdict on its mark, or several; None: no verdict.

    `readings`: one for each org; without them, `fields` are said of each.
    """
    verdicts = dict.fromkeys(marks(answer, *orgs, beside=beside), by_default) | (judged or {})
    said = [
        (mark, one)
        for mark, verdict in verdicts.items()
        for one in ([verdict] if isinstance(verdict, str) else verdict or ())
    ]
    return {
        "ranking": list(organisations),
        "named": [mark for mark, verdict in said if verdict == "named"],
        "others": [{"mark": mark, "verdict": verdict} for mark, verdict in said if verdict != "named"],
        "readings": [of(number, **fields) for number in range(1, len(orgs) + 1)] if readings is None else readings,
    }


def completion(content) -> Completion:
    text = content if isinstance(content, str) else json.dumps(content)
    return Completion(text, "gpt-6-luna-2026-09-22", Usage(tokens_in=900, tokens_out=60), "openai")


def read(answer, org, **said) -> Reading:
    """What is read of an answer for one org by the model that says this; see `reply`."""
    return checked(answer, org, completion(reply(answer, org, **said)))


def kinds(found) -> list[tuple[str, str]]:
    return [(mark.field, mark.kind) for mark in found.marks]
