"""What models are told, as text files with versions: the part of a prompt that is the same for every answer.

It is sent before everything that differs, so that a vendor can cache it.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

HERE = files(__package__)


@dataclass(frozen=True, slots=True)
class Version:
    """`claims`: whether the reply has the claims about the org."""

    name: str
    system: str
    claims: bool
    since: date
    about: str


@cache
def known() -> dict[str, Version]:
    """The newest first."""
    listed = tomllib.loads((HERE / "versions.toml").read_text())
    return {
        name: Version(name=name, system=(HERE / f"{name}.md").read_text(), **values) for name, values in listed.items()
    }


def versions() -> list[str]:
    return list(known())


def newest() -> str:
    return versions()[0]
