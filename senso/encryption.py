"""Values that are encrypted in Postgres: secrets of webhooks, websites of orgs.

A stored value is `sealed:<key>:<token>`. The token is Fernet's (AES-128-CBC and HMAC-SHA256). It has no associated
data, so the place of the value is inside the plaintext and checked when it is read: a value that was copied into
another row is refused. `<key>` says under which key it was encrypted and nothing of the key, so that SQL can count what
is left to encrypt again.

The first key of ENCRYPTION_KEYS encrypts, all decrypt. What must be found by its value has a fingerprint beside it, an
HMAC under a key derived from the same key by HKDF.
"""

import base64
import hmac
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from uuid import UUID

from senso import supplied
from senso.errors import ConfigError, Sealed

if TYPE_CHECKING:  # most commands encrypt nothing
    from cryptography.fernet import MultiFernet

PREFIX: Final = "sealed:"
NAME_CHARACTERS: Final = 8
# Decrypting takes 40 microseconds; a worker reads the same websites for each answer.
REMEMBERED: Final = 65_536
HOW: Final = "ENCRYPTION_KEYS is not set; make a key: {command}; keep a copy of it outside this database".format(
    command='python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


def keys() -> tuple[str, ...]:
    return tuple(supplied.encryption_keys())


def is_on() -> bool:
    return bool(keys())


def is_sealed(value: str) -> bool:
    return value.startswith(PREFIX)


def sealed(place: str, text: str) -> str:
    """`place`: of the value, such as the table and the id of its row. Raises ConfigError without a key."""
    first = required()[0]
    token = cipher((first,)).encrypt(f"{place}\n{text}".encode()).decode()
    return f"{PREFIX}{name(first)}:{token}"


def opened(place: str, value: str) -> str:
    """A value that is not sealed is returned as it is. Raises ConfigError."""
    return opened_once(keys(), place, value) if is_sealed(value) else value


@lru_cache(maxsize=REMEMBERED)
def opened_once(held: tuple[str, ...], place: str, value: str) -> str:
    from cryptography.fernet import InvalidToken  # noqa: PLC0415

    _, key, token = value.split(":", 2)
    if key not in map(name, held):
        raise Sealed(missing([key]))
    try:
        found, _, text = cipher(held).decrypt(token).decode().partition("\n")
    except InvalidToken:
        raise Sealed(f"an encrypted value of {place} was changed in the database: {RESTORE}") from None
    if found != place:
        raise Sealed(f"an encrypted value of {place} belongs to another row: {RESTORE}")
    return text


RESTORE: Final = "docs/runbook.md says what to do"


def missing(names: Iterable[str]) -> str:
    """What to do about values under keys that are not set."""
    listed = ", ".join(sorted(names))
    return f"what is stored is encrypted under a key that ENCRYPTION_KEYS lacks ({listed}): add that key; {RESTORE}"


def required() -> tuple[str, ...]:
    """Raises ConfigError."""
    held = keys()
    if not held:
        raise ConfigError(HOW)
    return held


def names() -> list[str]:
    """Of the keys, in their order."""
    return [name(key) for key in keys()]


def fingerprints(place: str, text: str) -> list[str]:
    """One for each key, in their order."""
    return [hmac.new(derived(key, "find"), f"{place}\n{text}".encode(), sha256).hexdigest() for key in keys()]


def opened_websites(org: UUID, stored: Sequence[str]) -> tuple[str, ...]:
    """The websites of an org as they are read from `org_websites`. Raises ConfigError."""
    return tuple(opened(website_of(org), one) for one in stored)


def website_of(org: UUID | str) -> str:
    return f"org_websites:{org}"


def secret_of(webhook: UUID) -> str:
    return f"webhooks:{webhook}"


@lru_cache(maxsize=8)
def cipher(held: tuple[str, ...]) -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415

    return MultiFernet([Fernet(key) for key in held])


@lru_cache(maxsize=32)
def name(key: str) -> str:
    return derived(key, "name").hex()[:NAME_CHARACTERS]


@lru_cache(maxsize=32)
def derived(key: str, purpose: str) -> bytes:
    """A key for another purpose than encrypting (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"senso {purpose}".encode())
    return made.derive(base64.urlsafe_b64decode(key))
