"""The basis of the numbers, recorded when each answer was given and read, and the cautions that it requires."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Basis:
    """`answers` were read; `made_up` of them came from the sandbox, or were read by it; `by_fallback` were read while
    only the org's name and domains were known, and no other names.

    None of the org's names occurs in `by_rule` others, so no model was asked whether they mention it; and in `sampled`
    others, of which a model that was asked nevertheless said so of `missed`.
    """

    answers: int = 0
    made_up: int = 0
    by_fallback: int = 0
    by_rule: int = 0
    sampled: int = 0
    missed: int = 0


def cautions(basis: Basis) -> list[str]:
    return [said for said in (made_up(basis), by_fallback(basis), missed(basis)) if said]


def missed(basis: Basis) -> str:
    """The caution about names that are missing; empty if no sample shows one."""
    if not basis.missed:
        return ""
    which = f"{basis.missed} of {basis.sampled} answers sampled"
    return f"names may be missing: in {which}, in which none of the names occurs, a model found a mention"


def by_rule(basis: Basis) -> str:
    """What was decided by rule alone; empty if nothing was."""
    if not basis.by_rule:
        return ""
    said = f"in {basis.by_rule} of {basis.answers} answers none of the names occurs, and no model was asked"
    sample = f"of {basis.sampled} more that a model was asked about as well, it found a mention in {basis.missed}"
    return f"{said}; {sample}" if basis.sampled else said


def made_up(basis: Basis) -> str:
    """The caution about made-up data; empty if there is none."""
    if not basis.made_up:
        return ""
    which = f"{basis.made_up} of {basis.answers} answers"
    return f"made-up data: {which} read came from the sandbox, not from an assistant"


def by_fallback(basis: Basis) -> str:
    """The caution about fallback names; empty if the names were known."""
    if not basis.by_fallback:
        return ""
    which = f"{basis.by_fallback} of {basis.answers} answers"
    return f"the names call failed: in {which} read, mentions were looked for by name and domain only"
