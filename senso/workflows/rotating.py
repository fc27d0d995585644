"""Everything that is stored encrypted is encrypted again under the first key of ENCRYPTION_KEYS, in short steps."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from senso import encryption
from senso.db import Connection, transaction
from senso.errors import ConfigError
from senso.queries import encrypted, triggers
from senso.queries.imports import ALONE_KEY
from senso.states import Action

STEP: Final = 500


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many were encrypted under the first key; of `decrypt`, put into plain text."""

    websites: int
    secrets: int


def rotate(actor: str) -> Rotated:
    """Raises ConfigError. What a run that was stopped has left is done by the next one."""
    encryption.required()
    require_every_key()
    websites = all_of(lambda db: encrypted.encrypt_websites(db, ALONE_KEY, STEP))
    return told(Rotated(websites, all_of(lambda db: encrypted.encrypt_secrets(db, STEP))), actor, to="first key")


def decrypt(actor: str) -> Rotated:
    """Puts websites into plain text; the secrets of webhooks stay encrypted. Raises ConfigError."""
    require_every_key()
    return told(Rotated(all_of(lambda db: encrypted.decrypt_websites(db, ALONE_KEY, STEP)), 0), actor, to="plain text")


def require_every_key() -> None:
    """Nothing is begun that could not be ended."""
    with transaction() as db:
        used = {one.key for one in encrypted.stored(db) if one.key is not None}
    if unknown := used - set(encryption.names()):
        raise ConfigError(encryption.missing(unknown))


def all_of(step: Callable[[Connection], int]) -> int:
    total = 0
    while True:
        with transaction() as db:
            done = step(db)
        total += done
        if not done:
            return total


def told(done: Rotated, actor: str, to: str) -> Rotated:
    with transaction() as db:
        triggers.audit(db, Action.ROTATE_KEYS, actor, to=to, **asdict(done))
    return done
