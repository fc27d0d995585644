"""Where a fault can occur at gemini, and what each kind does there."""

PLACES: dict[str, str] = {}
KINDS: dict[str, dict[str, str]] = {}
