"""What is different between readings as they were and as they were read again."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from senso.queries.rereadings import Pair

Stored = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A reading that is different. `changed`: by field, the value before and the value now."""

    number: int
    batch_id: UUID
    changed: dict[str, tuple[Any, Any]]

    @property
    def mention(self) -> str | None:
        if "mentioned" not in self.changed:
            return None
        return GAINED if self.changed["mentioned"][1] else LOST


GAINED, LOST = "mentioned: no to yes", "mentioned: yes to no"


def competitors(stored: Stored) -> list[str]:
    return sorted(stored.get("competitors") or ())


def claims(stored: Stored) -> list[str]:
    """How many there are of each verdict: a model words the same claim differently each time."""
    counts = Counter(one["verdict"] or "unjudged" for one in stored.get("claims") or ())
    return [f"{count} {verdict}" for verdict, count in sorted(counts.items())]


# As a reader of the numbers sees them; the share of the text changes with the text.
FIELDS: dict[str, Callable[[Stored], Any]] = {
    "mentioned": lambda stored: stored.get("mentioned"),
    "sentiment": lambda stored: stored.get("sentiment"),
    "rank": lambda stored: stored.get("rank"),
    "competitors": competitors,
    "mention_text": lambda stored: stored.get("mention_text"),
    "claims": claims,
}
# Of an answer that is mentioned in one reading alone, only that is said: the rest follows from it.
FOLLOW = ("sentiment", "rank", "mention_text", "claims")
KINDS = (LOST, GAINED, "sentiment", "rank", "competitors", "mention_text", "claims")


@dataclass
class Compared:
    """`counts`: readings by what is different in them; one may count for several fields."""

    readings: int = 0
    changed: int = 0
    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(KINDS, 0)))

    def count(self, found: Change) -> None:
        self.changed += 1
        self.counts.update(kinds(found))


def kinds(found: Change) -> Iterator[str]:
    if found.mention:
        yield found.mention
    yield from (name for name in found.changed if name != "mentioned")


def change(pair: Pair) -> Change | None:
    """None: nothing that counts is different."""
    both = {name: (told(pair.former), told(pair.reading)) for name, told in FIELDS.items()}
    changed = {name: values for name, values in both.items() if values[0] != values[1]}
    if "mentioned" in changed:
        changed = {name: values for name, values in changed.items() if name not in FOLLOW}
    return Change(pair.number, pair.batch_id, changed) if changed else None


def compared(pairs: Iterable[Pair], most: int) -> tuple[Compared, list[Change]]:
    """The counts, and the first `most` changes."""
    found = Compared()
    listed: list[Change] = []
    for pair in pairs:
        found.readings += 1
        if one := change(pair):
            found.count(one)
            if len(listed) < most:
                listed.append(one)
    return found, listed
