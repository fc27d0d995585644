"""What is known of an org's names without a model."""

from collections.abc import Iterable
from dataclasses import dataclass

from senso.extraction.naming.sites import domains


@dataclass(frozen=True, slots=True)
class Known:
    """`aliases`, `not_names`: of the import. `rejected`: by an operator.

    `competitors`: the names of those that the org tracks; `neighbours`: the names and aliases of the account's other
    orgs; both with their domains as far as they are known.
    """

    name: str
    websites: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    not_names: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()

    @property
    def given(self) -> list[str]:
        """Names that need no judgement."""
        return distinct([self.name, *domains(self.websites), *self.aliases])


def distinct(names: Iterable[str]) -> list[str]:
    """Each once, whatever its capitals and spaces; the first spelling wins."""
    found: dict[str, str] = {}
    for name in (" ".join(name.split()) for name in names):
        if name:
            found.setdefault(name.casefold(), name)
    return list(found.values())
