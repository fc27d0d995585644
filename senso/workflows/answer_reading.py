"""What a call is asked about an answer, and what becomes of its reply: for readings by calls and by files."""

from collections.abc import Sequence
from dataclasses import replace

from senso import extraction
from senso.errors import Malformed
from senso.extraction import Mark, Reading, Said
from senso.extraction.judging import BY_RULE, SAMPLED
from senso.policy import POLICY
from senso.providers import Completion, Prompt
from senso.queries.evaluations import ReadWork

Works = Sequence[ReadWork]  # of one answer


def is_asked(work: ReadWork) -> bool:
    """Whether a model is asked about the org: where a name occurs, and for a sample of the other answers."""
    return occurs(work) or is_sampled(work)


def occurs(work: ReadWork) -> bool:
    return extraction.occurs(work.answer, work.org)


def is_sampled(work: ReadWork) -> bool:
    """By its id, which is a hash: the same whenever it is read."""
    return work.id.int % 100 < POLICY.sampled_percent


def prompt(asked: Works, by_rule: Works) -> Prompt:
    """About the orgs of `asked`. The others need of the call which organisations the answer names."""
    lead = [*asked, *by_rule][0]
    return extraction.prompt(lead.answer, lead.question, orgs(asked), lead.version, orgs(by_rule))


def readings(completion: Completion, asked: Works, by_rule: Works) -> list[Reading | Malformed]:
    """In the order of `asked` and `by_rule`. Malformed: what was said is of no use for this org alone."""
    answer = [*asked, *by_rule][0].answer
    said = extraction.said(completion, answer, orgs(asked), orgs(by_rule))
    numbered = [*enumerate(asked, start=1), *((None, work) for work in by_rule)]
    return [checked(work, said, number) for number, work in numbered]


def reading(completion: Completion, work: ReadWork) -> Reading:
    """Of an answer that was read for one org. Raises Malformed."""
    (found,) = readings(completion, *alone(work))
    if isinstance(found, Malformed):
        raise found
    return found


def alone(work: ReadWork) -> tuple[list[ReadWork], list[ReadWork]]:
    """`asked` and `by_rule` of a call for one org."""
    return ([work], []) if is_asked(work) else ([], [work])


def orgs(works: Works) -> list[extraction.Watched]:
    return [work.org for work in works]


def checked(work: ReadWork, said: Said, number: int | None) -> Reading | Malformed:
    try:
        found = extraction.checked_for(work.answer, work.org, said, number, work.sources)
    except Malformed as error:
        return error
    kind = BY_RULE if number is None else None if occurs(work) else SAMPLED
    return replace(found, marks=(*found.marks, Mark("mentioned", kind, ""))) if kind else found
