"""What is encrypted in Postgres, and whether this program has the keys."""

from collections.abc import Iterable, Sequence

from senso import encryption
from senso.checks import Finding
from senso.db import transaction
from senso.errors import SensoError
from senso.quantities import counted
from senso.queries import encrypted
from senso.queries.encrypted import Stored

NAME = "Encryption"
ROTATE = "run: senso rotate-keys"


def findings() -> list[Finding]:
    """Empty if Postgres does not answer or has no tables, which is reported separately."""
    try:
        with transaction() as db:
            stored = encrypted.stored(db)
    except SensoError:
        return []
    return [of(stored, encryption.names())]


def of(stored: Sequence[Stored], held: Sequence[str]) -> Finding:
    """`held`: the names of the keys that are set, the first first."""
    hidden = [one for one in stored if one.key is not None]
    lacking = sorted({str(one.key) for one in hidden} - set(held))
    if lacking:
        said = (
            f"{listed(one for one in hidden if one.key in lacking)} under a key that is not set ({', '.join(lacking)})"
        )
        do = "add that key to ENCRYPTION_KEYS; docs/runbook.md says what to do if it is lost"
        return Finding(NAME, "fault", said, "they cannot be read", do)
    if not held:
        return Finding(
            NAME,
            "note",
            "off: websites are stored as they are, and webhooks cannot be made",
            do="ENCRYPTION_KEYS: docs/production.md",
        )
    left = [one for one in stored if one.key != held[0]]
    if left:
        return Finding(NAME, "warning", f"{listed(left)} not under the first key", "the others must stay set", ROTATE)
    return Finding(NAME, "ok", f"{listed(hidden) or 'nothing yet'}, under the first of {counted(len(held), 'key')}")


NOUNS = {"websites": ("website", "websites"), "secrets of webhooks": ("secret of a webhook", "secrets of webhooks")}


def listed(stored: Iterable[Stored]) -> str:
    total: dict[str, int] = {}
    for one in stored:
        total[one.what] = total.get(one.what, 0) + one.count
    return ", ".join(counted(count, *NOUNS[what]) for what, count in total.items())
