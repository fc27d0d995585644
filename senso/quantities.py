"""A number with its noun, in singular or plural."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """1 credit, 2 credits; 1 reply, 2 replies."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
