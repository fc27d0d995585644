"""Verified readings as examples: what a model was told, and the reply that gives this very reading."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from senso.db import looking
from senso.errors import Malformed
from senso.extraction import MOST_MARKS, Reading, injections, prompts
from senso.extraction.evidence import rivals
from senso.extraction.prompts.reply import NAMED
from senso.providers import Completion, Usage
from senso.queries import training as rows
from senso.queries.evaluation_endings import CLAIM_COLUMNS
from senso.queries.evaluations import ReadWork
from senso.queries.training import HARMLESS, Verified, Wanted
from senso.workflows import answer_reading, prompt_versions, reading_models

# What must come out again. Shares of the text follow from the occurrences.
SAME = ("mentioned", "mention_text", "sentiment", "evidence", "rank")
Stored = Mapping[str, Any]


@dataclass
class Written:
    """`left_out`: readings that the reply does not give again, for instance since the org's names have changed."""

    examples: int = 0
    left_out: int = 0


def examples(wanted: Wanted, most: int | None, found: Written) -> Iterator[dict[str, Any]]:
    """Chats as OpenAI's fine-tuning takes them. `found`: counts them. A page is in memory at a time."""
    for one in verified(wanted):
        if most is not None and found.examples >= most:
            return
        chat = example(one)
        if chat is None:
            found.left_out += 1
        else:
            found.examples += 1
            yield chat


def verified(wanted: Wanted) -> Iterator[Verified]:
    """A page is a transaction: whoever reads them may be slow."""
    after = rows.first_id(wanted.since)
    while page := page_behind(after, wanted):
        yield from page
        after = page[-1].work.id


def page_behind(after: UUID, wanted: Wanted) -> list[Verified]:
    with looking() as db:
        return rows.verified(db, wanted, reading_models.readers(db), prompt_versions.versions(), after)


def example(one: Verified) -> dict[str, Any] | None:
    """None: the reading does not come out of this reply by today's rules and names."""
    work = one.work
    with suppress(Malformed):
        prompt = answer_reading.prompt(*answer_reading.alone(work))
        content = json.dumps(reply(work, one.stored), ensure_ascii=False)
        if is_same(read(work, content), one.stored):
            said = (("system", prompt.system), ("user", prompt.user), ("assistant", content))
            return {"messages": [{"role": role, "content": text} for role, text in said]}
    return None


def read(work: ReadWork, content: str) -> Reading:
    """Raises Malformed."""
    return answer_reading.reading(Completion(content, "stored", Usage(), "senso"), work)


def reply(work: ReadWork, stored: Stored) -> dict[str, Any]:
    """What a model would have to say for this reading, in the form that the prompt asks for."""
    is_asked = answer_reading.is_asked(work)
    tracked = rivals.labelled(injections.rest(work.answer), [work.org])
    own = enumerate((stored["occurrences"] or ())[:MOST_MARKS] if is_asked else (), start=1)
    verdicts = [(f"1.{place}", one["verdict"]) for place, one in own]
    return {
        "ranking": ranking(work, stored),
        "named": [
            *(mark for mark, verdict in verdicts if verdict == NAMED),
            *(label for one in tracked for label in one.labels),
        ],
        "others": [{"mark": mark, "verdict": verdict} for mark, verdict in verdicts if verdict != NAMED],
        "readings": [of_org(work, stored)] if is_asked else [],
    }


def ranking(work: ReadWork, stored: Stored) -> list[str]:
    """The org at its rank among the others."""
    others = list(stored["competitors"])
    if not stored["mentioned"]:
        return others
    place = (stored["rank"] or len(others) + 1) - 1
    return [*others[:place], work.org.name, *others[place:]]


def of_org(work: ReadWork, stored: Stored) -> dict[str, Any]:
    said = {"org": 1, "missed": None, "sentiment": stored["sentiment"], "evidence": stored["evidence"]}
    said["rank"] = stored["rank"]
    return said | ({"claims": claims(work, stored)} if prompts.known()[work.version].claims else {})


def claims(work: ReadWork, stored: Stored) -> list[dict[str, Any]]:
    return [
        {
            "statement": one["text"],
            "sentence": one["sentence"],
            "kind": one["kind"],
            "polarity": one["polarity"],
            "verdict": one["verdict"] or "not-covered",
            "fact": number_of(one["fact"], work.org.facts),
        }
        for one in stored["claims"]
    ]


def number_of(fact: str | None, facts: Sequence[str]) -> int | None:
    return facts.index(fact) + 1 if fact in facts else None


def is_same(found: Reading, stored: Stored) -> bool:
    return (
        all(mark.kind in HARMLESS for mark in found.marks)
        and all(getattr(found, name) == stored[name] for name in SAME)
        and list(found.competitors) == list(stored["competitors"])
        and [asdict(one) for one in found.occurrences] == list(stored["occurrences"] or ())
        and [told(asdict(one)) for one in found.claims] == [told(one) for one in stored["claims"]]
    )


def told(claim: Stored) -> list[Any]:
    return [claim[name] for name in CLAIM_COLUMNS]
