"""Repeatable random draws: the same parts always get the same draw."""

from hashlib import blake2b
from random import Random


def number(*parts: object) -> int:
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def share(*parts: object) -> float:
    return number(*parts) / 2**64


def dice(*parts: object) -> Random:
    return Random(number(*parts))
