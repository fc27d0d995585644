"""How states look: a colour and a shape for each, so that neither alone is needed; the word is always there."""

from typing import Final

GOOD: Final = "good"
BAD: Final = "bad"
WARN: Final = "warn"
BUSY: Final = "busy"
IDLE: Final = "idle"
# The shapes are drawn by `shape` of templates/parts.html.
LOOKS: Final[dict[str, tuple[str, str]]] = {
    "completed": (GOOD, "check"),
    "done": (GOOD, "check"),
    "answered": (GOOD, "check"),
    "collected": (GOOD, "check"),
    "sent": (GOOD, "check"),
    "read": (GOOD, "check"),
    "found": (GOOD, "check"),
    "accepted": (GOOD, "check"),
    "supported": (GOOD, "check"),
    "active": (GOOD, "check"),
    "closed": (GOOD, "check"),
    "positive": (GOOD, "up"),
    "failed": (BAD, "cross"),
    "reading failed": (BAD, "cross"),
    "contradicted": (BAD, "cross"),
    "rejected": (BAD, "cross"),
    "revoked": (BAD, "cross"),
    "open": (BAD, "cross"),
    "refused": (BAD, "cross"),
    "negative": (BAD, "down"),
    "malformed": (BAD, "cross"),
    "partial": (WARN, "half"),
    "mixed": (WARN, "half"),
    "blocked": (WARN, "bar"),
    "paused": (WARN, "bar"),
    "expired": (WARN, "bar"),
    "probing": (WARN, "half"),
    "rate limited": (WARN, "bar"),
    "unavailable": (WARN, "bar"),
    "proposed": (WARN, "ring"),
    "running": (BUSY, "play"),
    "asking": (BUSY, "play"),
    "extracting": (BUSY, "play"),
    "submitting": (BUSY, "play"),
    "reading": (BUSY, "play"),
    "queued": (IDLE, "ring"),
    "planned": (IDLE, "ring"),
    "pending": (IDLE, "ring"),
    "cancelled": (IDLE, "slash"),
    "inactive": (IDLE, "slash"),
    "moved": (BUSY, "delta"),
    "within noise": (IDLE, "dash"),
    "not enough": (IDLE, "ring"),
    "model changed": (WARN, "half"),
    "questions changed": (WARN, "half"),
    "not covered": (IDLE, "dash"),
}
OTHER: Final = (IDLE, "dash")


def look(state: object) -> tuple[str, str]:
    """Colour and shape; a state that is not known is drawn as a neutral one."""
    return LOOKS.get(str(state).replace("_", " ").replace("-", " ").lower(), OTHER)
