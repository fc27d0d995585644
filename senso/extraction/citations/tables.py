"""The tables of hosts.toml and domains.txt, which docs/citations.md describes."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from senso.extraction.citations.domains import registrable


class Rule(NamedTuple):
    """How addresses of one page on a host are made one. `becomes`: None: the path stays."""

    path: re.Pattern[str]
    becomes: str | None
    host: str | None  # the page's host, where it is another
    keep: frozenset[str] | None  # parameters; None: all
    drop: frozenset[str]
    lower: bool
    underscores: bool


class Wildcard(NamedTuple):
    """Hosts, as a pattern that holds all of one, and what they are written as."""

    hosts: re.Pattern[str]
    becomes: str


class Hosts(NamedTuple):
    """`wildcards`: by registrable domain. `pages`, `wrappers`: by host, or by a name below any suffix ("amazon.*")."""

    version: str
    places: Mapping[str, str]
    wildcards: Mapping[str, list[Wildcard]]
    separate: frozenset[str]
    platforms: frozenset[str]
    pages: Mapping[str, list[Rule]]
    wrappers: Mapping[str, list[tuple[str, str]]]  # the beginning of the path, and where the address behind it stands
    short: frozenset[str]


@cache
def hosts() -> Hosts:
    data = tomllib.loads(read("hosts.toml"))
    exact, wildcards = places(data["places"])
    pages: dict[str, list[Rule]] = {}
    for one in data["pages"]:
        for host in one["hosts"].split():
            pages.setdefault(host, []).append(rule(one))
    wrappers: dict[str, list[tuple[str, str]]] = {}
    for written, where in data["wrappers"].items():
        host, _, path = written.partition(" ")
        wrappers.setdefault(host, []).append((path, where))
    return Hosts(
        version=data["version"],
        places=exact,
        wildcards=wildcards,
        separate=frozenset(data["separate"].split()),
        platforms=frozenset(data["platforms"].split()),
        pages=pages,
        wrappers=wrappers,
        short=frozenset(data["short"].split()),
    )


def places(written: Mapping[str, str]) -> tuple[dict[str, str], dict[str, list[Wildcard]]]:
    """`?` stands for a letter, `*` for one label; what `*` stood for is kept where the place has one, too."""
    exact: dict[str, str] = {}
    wildcards: dict[str, list[Wildcard]] = {}
    for place, others in written.items():
        for other in others.split():
            if "*" not in other and "?" not in other:
                exact[other] = place
                continue
            pattern = re.escape(other).replace(r"\*", r"([a-z0-9-]{1,63})").replace(r"\?", "[a-z]")
            domain = registrable(other.replace("*", "x").replace("?", "x"))
            wildcards.setdefault(domain, []).append(Wildcard(re.compile(pattern), place.replace("*", r"\1")))
    return exact, wildcards


def rule(one: Mapping[str, Any]) -> Rule:
    keep = one.get("keep")
    return Rule(
        path=re.compile(one.get("path", "")),
        becomes=one.get("becomes"),
        host=one.get("host"),
        keep=None if keep is None else frozenset(keep.split()),
        drop=frozenset(one.get("drop", "").split()),
        lower=one.get("lower", False),
        underscores=one.get("underscores", False),
    )


@cache
def categories() -> tuple[str, Mapping[str, str]]:
    """The version of the table, and the category of each domain or host in it."""
    version, category = "", ""
    found: dict[str, str] = {}
    for line in read("domains.txt").splitlines():
        if line.startswith("version "):
            version = line.removeprefix("version ")
        elif line.startswith("["):
            category = line.strip("[]")
        elif not line.startswith("#"):
            found |= dict.fromkeys(line.split(), category)
    return version, found


def read(name: str) -> str:
    return (files("senso.extraction.citations") / name).read_text(encoding="utf-8")
