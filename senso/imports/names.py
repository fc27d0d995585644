"""Whether a name can be found in an answer at all. Whoever finds them there is asked; no rule of our own is."""

import re
from collections.abc import Sequence

# Words as English writes them are found wherever they stand; for these nobody needs to be asked.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 '&.,-]*")


def can_be_found(name: str) -> bool:
    """Whether an answer that says it, just as it is, is seen to name it."""
    if PLAIN.fullmatch(name):
        return True
    from senso.extraction import words  # noqa: PLC0415  an import of most files needs none of it, and it takes long

    return bool(words.namings(words.text(name), name))


def findable_domains(websites: Sequence[str]) -> list[str]:
    from senso.extraction import names  # noqa: PLC0415  as above

    return [domain for domain in names.domains(websites) if can_be_found(domain)]
