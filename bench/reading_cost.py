"""What reading 60 answers costs: calls, tokens and dollars of each way to ask, at the prices of two models.

Nobody is called. A token is four characters, as in the sandbox; by OpenAI's o200k_base the instructions have as many.
The schema is counted as it is sent, without spaces. A prompt's beginning that is the same for every call counts as
cached from the second call on, in steps of 128 tokens from 1,024 on, as OpenAI's does. What a model would reply is what
the stand-in replies. The baseline asks three times about each answer, as the program that this one replaces did: how it
speaks of the org, which competitors it names, what it claims; each with the part of our instructions that it needs. By
the Batch API, each figure in dollars is half.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from machine import heading, save
from prepared import watched_by

from senso import extraction
from senso.evaluation.labelled import labelled
from senso.evaluation.reading import watched
from senso.extraction import Watched
from senso.extraction.prompts import known
from senso.policy import POLICY
from senso.sandbox.reader import reading_of, request_in, said_of
from senso.sandbox.schema import filled
from senso.sandbox.world import World

RUNS = 60
NAMED = 0.14  # the share of answers that name the org, as the company that asked for this program published it
MODELS, COUNTRIES = ("chatgpt", "gemini", "gpt-4.1"), ("US", "CA")
CACHED_FROM, CACHED_STEP = 1024, 128
# Dollars for a million tokens: in, cached, out.
PRICES = {"gpt-4.1-mini": (0.40, 0.10, 1.60), "gpt-6-luna": (0.10, 0.01, 0.50)}


@dataclass(frozen=True)
class Answered:
    """An answer that is to be read for an org. `number`: of the run, by which the sample is drawn."""

    number: int
    text: str
    question: str
    org: Watched


@dataclass(frozen=True)
class Call:
    """Texts as they are sent and come back; `static` is the same for every call."""

    static: str
    rest: str
    reply: str


def tokens(text: str) -> int:
    return max(1, len(text) // 4)


def sandbox_answers() -> list[Answered]:
    world = World(7, orgs=1, questions=10)
    org = watched_by(world.orgs[0])
    asked = [
        (one.text, model, place) for one in world.questions(world.orgs[0]) for model in MODELS for place in COUNTRIES
    ]
    return [
        Answered(number, world.answer(text, model, place).text.strip(), text, org)
        for number, (text, model, place) in enumerate(asked)
    ]


def recorded_answers() -> list[Answered]:
    """Of the labelled ones, evenly spread, each for the first brand of its labels; none without the folder."""
    shared = Path(os.environ.get("SENSO_SHARED", Path(__file__).parents[2] / "shared")) / "answers"
    if not shared.is_dir():
        return []
    found = [one for one in labelled(shared) if one.answer.kind == "recorded" and one.labels]
    chosen = [found[place * len(found) // RUNS] for place in range(RUNS)]
    return [
        Answered(number, one.answer.text, one.answer.question, watched(one.labels[number % len(one.labels)]))
        for number, one in enumerate(chosen)
    ]


def seldom(some: Sequence[Answered]) -> list[Answered]:
    """As in production, where 14 % of the answers name the org; of the others no name is known."""
    nobody = Watched("Quarrington Trust", ("Quarrington Trust",), ("https://quarrington.example",), ())
    asked = [one for one in some if extraction.occurs(one.text, one.org)][: round(NAMED * len(some))]
    return [one if one in asked else replace(one, org=nobody) for one in some]


def is_asked(one: Answered) -> bool:
    return extraction.occurs(one.text, one.org) or one.number % 100 < POLICY.sampled_percent


def ours(one: Answered, version: str) -> Call:
    asked, beside = ([one.org], []) if is_asked(one) else ([], [one.org])
    prompt = extraction.prompt(one.text, one.question, asked, version, beside)
    request = request_in(prompt.user)
    assert request is not None  # our own prompt
    reply = filled(prompt.schema, said_of(request, reading_of))
    return Call(prompt.system + compact(prompt.schema), prompt.user, compact(reply))


def compact(reply: Any) -> str:
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":"))


def whole(version: str) -> Callable[[Sequence[Answered]], Iterator[Call]]:
    return lambda some: (ours(one, version) for one in some)


def together(size: int) -> Callable[[Sequence[Answered]], Iterator[Call]]:
    """Several answers a call: the instructions once, the answers and the replies one behind the other."""

    def calls(some: Sequence[Answered]) -> Iterator[Call]:
        for first in range(0, len(some), size):
            group = [ours(one, "reading-4-brief") for one in some[first : first + size]]
            yield Call(group[0].static, "\n".join(one.rest for one in group), "".join(one.reply for one in group))

    return calls


def three_calls(some: Sequence[Answered]) -> Iterator[Call]:
    text = known()["reading-4"].system
    head, organisations, judged, claims = (text[slice(*part)] for part in parts(text))
    for one in some:
        request = request_in(extraction.prompt(one.text, one.question, [one.org]).user)
        assert request is not None  # our own prompt
        read, said = reading_of(request.tasks[0]), said_of(request, reading_of)
        about = json.dumps({"organisation": one.org.name, "variations": one.org.variations, "question": one.question})
        rest = f"{about}\n{one.text}"
        mention = {name: read[name] for name in ("mentioned", "mention_text", "sentiment", "rank")}
        yield Call(head + judged, rest, compact(mention))
        yield Call(head + organisations, rest, compact({"competitors": read["competitors"]}))
        yield Call(
            head + claims, rest, compact({"claims": [claim for each in said["readings"] for claim in each["claims"]]})
        )


def parts(text: str) -> list[tuple[int, int]]:
    starts = [0, text.index("1. ranking:"), text.index("2. One verdict"), text.index("- claims:")]
    return list(zip(starts, [*starts[1:], text.index("Example.")], strict=True))


WAYS: dict[str, Callable[[Sequence[Answered]], Iterator[Call]]] = {
    "three calls": three_calls,
    "reading-4": whole("reading-4"),
    "reading-4-brief": whole("reading-4-brief"),
    "brief, 2 a call": together(2),
    "brief, 5 a call": together(5),
}


def measured(calls: Iterator[Call]) -> dict[str, Any]:
    found = list(calls)
    inside = sum(tokens(one.static) + tokens(one.rest) for one in found)
    seen: set[str] = set()
    cached = 0
    for one in found:
        cached += cacheable(one.static) if one.static in seen else 0
        seen.add(one.static)
    out = sum(tokens(one.reply) for one in found)
    figures = {"calls": len(found), "tokens in": inside, "of these cached": cached, "tokens out": out}
    for model, (price, of_cached, of_out) in PRICES.items():
        dollars = ((inside - cached) * price + cached * of_cached + out * of_out) / 1e6
        figures |= {f"$ {model}": round(dollars, 5), f"$ {model}, batch": round(dollars / 2, 5)}
    return figures


def cacheable(static: str) -> int:
    return tokens(static) // CACHED_STEP * CACHED_STEP if tokens(static) >= CACHED_FROM else 0


def table(name: str, answers: Sequence[Answered]) -> dict[str, Any]:
    asked = sum(map(is_asked, answers))
    length = sum(len(one.text) for one in answers) // max(1, len(answers))
    print(f"\n{name}: {len(answers)} answers of {length} characters; {asked} are asked about the org")
    found = {way: measured(calls(answers)) for way, calls in WAYS.items()}
    rows = next(iter(found.values()))
    print(f"{'':<22}" + "".join(f"{way:>18}" for way in found))
    for row in rows:
        print(f"{row:<22}" + "".join(f"{one[row]:>18}" for one in found.values()))
    return found


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(heading(), flush=True)
    found = {"sandbox": table("the sandbox's", sandbox_answers())}
    if recorded := recorded_answers():
        found["recorded"] = table("recorded", recorded)
        found["seldom named"] = table("recorded, 14 % of them naming the org", seldom(recorded))
    save("reading-cost", found)


if __name__ == "__main__":
    main()
