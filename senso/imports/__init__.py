"""Reads an import file (YAML or JSON) into a checked, frozen document, or raises one line saying what is wrong where.

`text` reads the file, `source` parses it into plain values that remember their lines, `schema` checks each value.
Checks across values are here: duplicate ids, questions that contradict each other, names that cannot be found in any
answer. Checks that need the database, such as whether a partner exists, are in `queries.imports`, which asks the
document for the lines. `ids` reads a file of ids.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from uuid import UUID

from senso.imports.names import can_be_found, compared, findable_domains
from senso.imports.schema import Contents, Org, Question, contents
from senso.imports.source import ImportRefused, Place, Reader, Source
from senso.imports.text import read_text

MOST_BYTES = 50_000_000
NEVER = "this name can never be found in an answer"


@dataclass(frozen=True, slots=True)
class Document:
    source: Source
    contents: Contents

    def refusal(self, place: Place, reason: str) -> ImportRefused:
        return self.source.refusal(place, reason)

    def notes(self) -> Iterator[str]:
        """Warnings about values that are imported anyway."""
        for index, org in enumerate(self.contents.orgs):
            if not can_be_found(org.name):
                only = ", ".join(findable_domains(org.websites))
                yield str(self.refusal(("orgs", index, "name"), f"{NEVER}; only {only} can"))


def read(path: Path) -> Document:
    """Raises ConfigError with one line: the file, the line, the place in the document, and what is wrong there."""
    return parse(read_text(path, MOST_BYTES, "a YAML or JSON file"), str(path))


def parse(text: str, name: str) -> Document:
    """`name` is how errors call the file. Raises ConfigError as `read` does."""
    source = Source(name, Reader(name, text).root())
    document = Document(source, contents(source))
    check(document)
    return document


def of_body(body: Contents, name: str) -> Document:
    """A document that came as JSON over HTTP, with each value checked already. Raises ImportRefused as `read` does."""
    document = Document(Source(name, {}), body)
    check(document)
    return document


def check(document: Document) -> None:
    for place, values in unique(document.contents):
        once(document, place, values)
    questions_agree(document)
    for index, org in enumerate(document.contents.orgs):
        can_be_measured(document, ("orgs", index), org)


def can_be_measured(document: Document, place: Place, org: Org) -> None:
    """Raises ConfigError for a name that can never be found, so that its rate would always be 0 %."""
    if not can_be_found(org.name) and not findable_domains(org.websites):
        raise document.refusal((*place, "name"), f"{NEVER}; name it in words, or give it a website of its own")
    for where, name in (*names_of_competitors(org), *names_of_org(org)):
        if not can_be_found(name):
            raise document.refusal((*place, *where), f"{NEVER}; name it in words")
    names_agree(document, place, org)


def names_of_competitors(org: Org) -> Iterator[tuple[Place, str]]:
    """The names and aliases of all of them, each with its place in the org."""
    for index, one in enumerate(org.competitors):
        yield ("competitors", index), one.name
        yield from ((("competitors", index, "aliases", at), alias) for at, alias in enumerate(one.aliases))


def names_of_org(org: Org) -> Iterator[tuple[Place, str]]:
    """What else it is called, and what it is not called."""
    for key in ("aliases", "not_names"):
        yield from (((key, index), name) for index, name in enumerate(getattr(org, key)))


def names_agree(document: Document, place: Place, org: Org) -> None:
    """Raises ConfigError for an alias that is a competitor's name, or that the not_names exclude."""
    if not org.aliases and not org.not_names:
        return
    competitors = {compared(name) for _, name in names_of_competitors(org)}
    not_names = set(map(compared, org.not_names))
    for index, name in enumerate(org.aliases):
        if compared(name) in not_names:
            raise document.refusal(
                (*place, "aliases", index), "is among the not_names, too; it can be only one of them"
            )
        if compared(name) in competitors:
            raise document.refusal((*place, "aliases", index), "is the name of a competitor of this org")
    if compared(org.name) in not_names:
        index = next(i for i, name in enumerate(org.not_names) if compared(name) == compared(org.name))
        raise document.refusal((*place, "not_names", index), "is the org's own name, so that no mention would count")


def unique(found: Contents) -> Iterator[tuple[Callable[[int], Place], Iterable[Hashable]]]:
    """Each list that must not contain duplicates, and a function that gives the place of its nth value."""
    yield nth("partners", key="id"), (partner.id for partner in found.partners)
    yield nth("models", key="slug"), (model.slug for model in found.models)
    yield nth("orgs", key="id"), (org.id for org in found.orgs)
    yield nth("networks", key="id"), (network.id for network in found.networks)
    for place, subject in found.asked():
        yield nth(*place, "questions", key="id"), (question.id for question in subject.questions)
        for name in ("models", "locations", "websites", "aliases", "not_names", "facts", "orgs"):
            yield nth(*place, name), getattr(subject, name, ())
    for index, org in enumerate(found.orgs):
        yield partial(place_of_name, index, org), (name for _, name in names_of_competitors(org))
        for at, one in enumerate(org.competitors):
            yield nth("orgs", index, "competitors", at, "websites"), one.websites


def place_of_name(index: int, org: Org, number: int) -> Place:
    return ("orgs", index, *next(islice(names_of_competitors(org), number, None))[0])


def nth(*place: str | int, key: str | None = None) -> Callable[[int], Place]:
    return lambda index: (*place, index) if key is None else (*place, index, key)


def once(document: Document, place: Callable[[int], Place], values: Iterable[Hashable]) -> None:
    seen: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        if value in seen:
            line = document.source.line(place(seen[value]))
            raise document.refusal(place(index), f"given before, on line {line}")
        seen[value] = index


def questions_agree(document: Document) -> None:
    """A question may be asked by many orgs; it is one row, with one text, one kind and the same tags."""
    seen: dict[UUID, tuple[Place, Question]] = {}
    for place, question in document.contents.questions():
        first, known = seen.setdefault(question.id, (place, question))
        if (known.text, known.kind) != (question.text, question.kind):
            line = document.source.line((*first, "id"))
            raise document.refusal((*place, "id"), f"has another text or kind on line {line}; give one a new id")
        if known.tags != question.tags:
            line = document.source.line((*first, "id"))
            raise document.refusal((*place, "id"), f"has other tags on line {line}; give both the same")
