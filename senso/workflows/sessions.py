"""Sessions of the dashboard: a token is given once, and a cookie of 256 random bits stands for it from then on.

Of the cookie only a hash is stored, as of tokens. A session ends with its token.
"""

import re
import secrets
from uuid import UUID

from senso.db import Connection
from senso.queries import sessions
from senso.workflows.tokens import digest

RANDOM_BYTES = 32
FORM = re.compile(rf"[0-9a-f]{{{2 * RANDOM_BYTES}}}", re.ASCII)
DAYS = 7


def begin(db: Connection, token: UUID) -> str:
    """What the cookie holds, which can never be read again."""
    made = secrets.token_hex(RANDOM_BYTES)
    sessions.begin(db, digest(made), token, DAYS)
    return made


def end(db: Connection, cookie: str) -> None:
    """Nothing happens where there is no such session."""
    sessions.end(db, digest(cookie))
