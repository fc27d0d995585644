"""Where a fault can occur at anthropic, and what each kind does there."""

PLACES: dict[str, str] = {}
KINDS: dict[str, dict[str, str]] = {}
