"""Whether a name can be found in an answer at all, decided by the same code that searches answers."""

import re
from collections.abc import Sequence

# Plain English words are always found, so the search is skipped.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 '&.,-]*")


def can_be_found(name: str) -> bool:
    """Whether an answer that contains exactly this name is recognised as naming it."""
    if PLAIN.fullmatch(name):
        return True
    from senso.extraction import words  # noqa: PLC0415  slow to import, and not needed for most files

    return bool(words.namings(words.text(name), name))


def compared(name: str) -> str:
    """Equal for two spellings of one name."""
    from senso.extraction import words  # noqa: PLC0415  as above

    return words.key(name)


def findable_domains(websites: Sequence[str]) -> list[str]:
    from senso.extraction import names  # noqa: PLC0415  as above

    return [domain for domain in names.domains(websites) if can_be_found(domain)]
