"""Verified readings as examples: what a model was told, and the reply that gives this very reading."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from senso import extraction
from senso.db import Connection
from senso.errors import Malformed
from senso.extraction import Reading
from senso.providers import Completion, Usage
from senso.queries.evaluations import ReadWork
from senso.queries.training import Verified, Wanted, verified
from senso.workflows import answer_reading, prompt_versions, reading_models

NOBODY = Completion("", "export", Usage(), "senso")
# What must come out again. Shares of text follow from the occurrences.
SAME = ("mentioned", "mention_text", "sentiment", "evidence", "rank")


@dataclass
class Written:
    """`left_out`: readings that the reply does not give again, for instance since the org's names have changed."""

    examples: int = 0
    left_out: int = 0


def examples(db: Connection, wanted: Wanted, most: int | None, found: Written) -> Iterator[dict[str, Any]]:
    """Chats as OpenAI's fine-tuning takes them. `found`: counts them. Bounded memory, however many there are."""
    readers, versions = reading_models.readers(db), prompt_versions.versions()
    for one in verified(db, wanted, readers, versions):
        if most is not None and found.examples >= most:
            return
        chat = example(one)
        if chat is None:
            found.left_out += 1
            continue
        found.examples += 1
        yield chat


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
    completion = Completion(content, NOBODY.model_version, NOBODY.usage, NOBODY.provider)
    return answer_reading.reading(completion, work)


def is_same(found: Reading, stored: Mapping[str, Any]) -> bool:
    return (
        not found.marks
        and all(getattr(found, name) == stored[name] for name in SAME)
        and list(found.competitors) == list(stored["competitors"])
        and [asdict(one) for one in found.occurrences] == list(stored["occurrences"] or ())
        and claims_of(map(asdict, found.claims)) == claims_of(stored["claims"])
    )
