"""Idempotency keys. What each is made of stands here once, for code and for statements."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """`<name>:<part>:<part>`."""

    name: str
    parts: tuple[str, ...]

    def of(self, *values: object) -> str:
        """One value for each part, in their order."""
        named = dict(zip(self.parts, values, strict=True))
        return ":".join([self.name, *map(str, named.values())])

    def sql(self, *columns: str) -> str:
        """The same as an expression, of one expression for each part."""
        named = dict(zip(self.parts, columns, strict=True))
        return " || ':' || ".join([f"'{self.name}'", *named.values()])


GRANT = Key("grant", ("ref",))
HOLD = Key("hold", ("batch", "episode"))
CHARGE = Key("charge", ("run", "org"))
RELEASE = Key("release", ("batch", "episode"))
PUSH = Key("push", ("batch", "episode"))
