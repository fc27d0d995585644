"""Where a fault can occur at azure, and what each kind does there."""

PLACES: dict[str, str] = {}
KINDS: dict[str, dict[str, str]] = {}
