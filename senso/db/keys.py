"""Idempotency keys. The parts of each are defined here once, for Python code and for SQL."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """`<name>:<part>:<part>`."""

    name: str
    parts: tuple[str, ...]

    def of(self, *values: object) -> str:
        """`values`: one for each part, in the order of the parts."""
        named = dict(zip(self.parts, values, strict=True))
        return ":".join([self.name, *map(str, named.values())])

    def sql(self, *columns: str) -> str:
        """The key as an SQL expression. `columns`: one expression for each part."""
        named = dict(zip(self.parts, columns, strict=True))
        return " || ':' || ".join([f"'{self.name}'", *named.values()])


GRANT = Key("grant", ("ref",))
HOLD = Key("hold", ("batch", "episode"))
CHARGE = Key("charge", ("run", "org"))
RELEASE = Key("release", ("batch", "episode"))
PUSH = Key("push", ("batch", "episode"))
DELIVERY = Key("webhook", ("webhook", "batch", "episode", "state"))
TRIAL = Key("webhook", ("webhook", "kind", "moment"))
