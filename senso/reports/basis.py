"""The basis of the numbers, recorded when each answer was given and read, and the cautions that it requires."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Basis:
    """`answers` were read; `made_up` of them came from the sandbox, or were read by it; `by_fallback` were read while
    only the org's name and domains were known, and no other names."""

    answers: int = 0
    made_up: int = 0
    by_fallback: int = 0


def cautions(basis: Basis) -> list[str]:
    return [said for said in (made_up(basis), by_fallback(basis)) if said]


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
