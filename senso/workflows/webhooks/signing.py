"""The signature of Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, in base64, after the version `v1,`.

The secret is `whsec_` and the key in base64; the specification asks for 24 to 64 random bytes.
"""

import base64
import hmac
import secrets
from hashlib import sha256
from typing import Final

PREFIX: Final = "whsec_"
KEY_BYTES: Final = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def signature(secret: str, id_: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{id_}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


def headers(secret: str, id_: str, timestamp: int, body: bytes) -> dict[str, str]:
    """`id_`: the same in each try, so that a receiver takes no event twice."""
    return {
        "Content-Type": "application/json",
        "Idempotency-Key": id_,
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, id_, timestamp, body),
    }
