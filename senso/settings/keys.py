"""Checks keys and logins. No message quotes one. Each check raises PydanticCustomError."""

import re

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from senso.settings.texts import listed

ENCRYPTION_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")
LOGIN = re.compile(r"[^\s:,]+:[^\s,]+")


def check_event_key(key: SecretStr | None) -> SecretStr | None:
    """Refuses keys that no client could send: in the path of an address, these characters mean something else."""
    if key is not None and any(sign in key.get_secret_value() for sign in "?#%"):
        raise PydanticCustomError("key", "has a ?, # or % in it, which the path of an address changes; take another")
    return key


def check_encryption_keys(keys: SecretStr | None) -> SecretStr | None:
    """Fernet's form: 32 random bytes in base64 for URLs."""
    for key in listed(keys.get_secret_value()) if keys else ():
        if not ENCRYPTION_KEY.fullmatch(key):
            raise PydanticCustomError(
                "key",
                "has a key that is not 32 bytes in base64 for URLs (44 characters); docs/production.md says how "
                "to make one",
            )
    return keys


def check_login(login: SecretStr | None) -> SecretStr | None:
    """Flower reads a comma as the start of another login."""
    if login is not None and not LOGIN.fullmatch(login.get_secret_value()):
        raise PydanticCustomError("login", "must be user:password, without a comma")
    return login
