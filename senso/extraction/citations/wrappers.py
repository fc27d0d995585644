"""Addresses that lead to another address: search engines' and networks' links, mail filters, archives, proxies."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote

from senso.extraction.citations.domains import anywhere, is_listed, registrable
from senso.extraction.citations.tables import hosts


class Closed(Enum):
    """An address is behind it, and nothing tells which."""

    CLOSED = "closed"


CLOSED: Final = Closed.CLOSED
WEB: Final = re.compile(r"https?:/", re.IGNORECASE)
SLASHES: Final = re.compile(r"^(https?):/{1,4}", re.IGNORECASE)
BARE: Final = re.compile(r"(?:[\w-]{1,63}\.){1,10}[^\W\d_]{2,63}(?::\d{1,5})?(?=[/?#]|$)")
AT_START: Final = re.compile(r"(?:/|\d{1,14}(?:[a-z]{2}_|\*)?/|\*/|[a-z]{1,4}/){0,6}")  # dates of archives, "c/s/"
IN_PATH: Final = re.compile(r"https?(?::|%3a)(?:/|%2f)", re.IGNORECASE)
YAHOO: Final = re.compile(r"/RU=([^/]+)")
URLDEFENSE: Final = re.compile(r"__(.+?)__;([\w-]*)")
CACHE: Final = re.compile(r"cache:(?:[\w-]{1,20}:)?(\S+)")
PROXY: Final = re.compile(r"(?:ez|lib|web)?proxy\d{0,3}")
PROXY_PARAMETERS: Final = "url qurl u q"
OFFSETS: Final = (0, 2)  # Bing writes "a1" before the base64


def behind(parts: SplitResult, host: str) -> str | Closed | None:
    """The address behind the address, or CLOSED; None: it is no wrapper. `host`: without "www."."""
    if host in hosts().short:
        return CLOSED
    for path, where in listed(host):
        if path == "*" or (parts.path or "/").startswith(path):
            return found(parts, host, path, where)
    return behind_proxy(parts, host)


def listed(host: str) -> Iterator[tuple[str, str]]:
    """The rules of the host itself, and those that hold for every host below a domain."""
    table = hosts().wrappers
    yield from table.get(host, ())
    last = registrable(host)
    if host != last:
        yield from table.get(f"{host[: -len(last)]}{anywhere(host)}", ())
        yield from table.get(f"*.{anywhere(host)}", ())
    else:
        yield from table.get(anywhere(host), ())
    for parent in whole_domains(host):
        yield from (one for one in table.get(parent, ()) if one[0] == "*")


def whole_domains(host: str) -> Iterator[str]:
    """The host and all domains above it, public suffixes too: translate.goog is one."""
    while "." in host:
        yield host
        host = host.partition(".")[2]


def found(parts: SplitResult, host: str, path: str, where: str) -> str | Closed:
    for name in where.split():
        if name.startswith("@"):
            target = DECODINGS[name](parts, host, path)
        else:
            target = next(filter(None, map(address, parse_qs(parts.query).get(name, []))), None)
        if target:
            return target
    return CLOSED


def address(value: str) -> str | None:
    """The address that a parameter holds: written out, without its scheme, or in base64."""
    value = value.strip()
    if WEB.match(value):
        return SLASHES.sub(r"\1://", value)
    if WEB.match(unquote(value)):
        return SLASHES.sub(r"\1://", unquote(value))
    bare = value.removeprefix("//")
    if BARE.match(bare) and is_listed(host_of(bare)):
        return f"https://{bare}"
    return next(filter(None, (in_base64(value[offset:]) for offset in OFFSETS)), None)


def host_of(bare: str) -> str:
    return re.split(r"[/?#:]", bare, maxsplit=1)[0].lower()


def in_base64(value: str) -> str | None:
    try:
        read = urlsafe_b64decode(value.replace("+", "-").replace("/", "_") + "=" * (-len(value) % 4)).decode()
    except ValueError:
        return None
    return read if WEB.match(read) else None


def in_path(parts: SplitResult, _host: str, path: str) -> str | None:
    rest = parts.path.removeprefix(path if path.endswith("/") else "") + (f"?{parts.query}" if parts.query else "")
    if place := IN_PATH.search(rest):
        whole = rest[place.start() :]
        return SLASHES.sub(r"\1://", unquote(whole) if "%" in place[0] else whole)
    start = AT_START.match(rest)
    bare = rest[start.end() if start else 0 :]
    return f"https://{bare}" if (BARE.match(bare) and is_listed(host_of(bare))) or reserved(bare) else None


def reserved(bare: str) -> bool:
    """Of a name that is reserved for examples and tests, which no list has."""
    return bool(BARE.match(bare)) and host_of(bare).rpartition(".")[2] in {"example", "test", "invalid"}


def in_query(parts: SplitResult, _host: str, _path: str) -> str | None:
    return address(parts.query)


def proofpoint(parts: SplitResult, _host: str, _path: str) -> str | None:
    """Version 2 writes "-" for "%" and "_" for "/"."""
    return next((address(unquote(u.replace("-", "%").replace("_", "/"))) for u in parse_qs(parts.query)["u"]), None)


def urldefense(parts: SplitResult, _host: str, _path: str) -> str | None:
    """Version 3 writes "*" for each of the characters that follow in base64; runs of them ("**A") are not read."""
    place = URLDEFENSE.search(parts.path + (f"?{parts.query}" if parts.query else ""))
    if place is None or "**" in place[1]:
        return None
    try:
        left = urlsafe_b64decode(place[2] + "=" * (-len(place[2]) % 4)).decode()
    except ValueError:
        return None
    if place[1].count("*") > len(left):
        return None
    characters = iter(left)
    return address(re.sub(r"\*", lambda _: next(characters), place[1]))


def yahoo(parts: SplitResult, _host: str, _path: str) -> str | None:
    place = YAHOO.search(parts.path)
    return address(unquote(place[1])) if place else None


def cache(parts: SplitResult, _host: str, _path: str) -> str | None:
    place = CACHE.search(" ".join(parse_qs(parts.query).get("q", [])))
    return address(place[1]) if place else None


def translated(parts: SplitResult, host: str, _path: str) -> str:
    kept = "&".join(pair for pair in parts.query.split("&") if not pair.startswith("_x_tr_"))
    return f"https://{unhyphened(host.split('.', maxsplit=1)[0])}{parts.path}" + (f"?{kept}" if kept else "")


def unhyphened(label: str) -> str:
    """The host that was written as one label: "-" for ".", "--" for "-"."""
    return re.sub("--|-", lambda dash: "-" if dash[0] == "--" else ".", label)


def disqus(parts: SplitResult, _host: str, _path: str) -> str | None:
    """A signature follows the address behind a colon."""
    return next((address(re.sub(r":[\w-]{5,}$", "", url)) for url in parse_qs(parts.query).get("url", [])), None)


Decoding = Callable[[SplitResult, str, str], str | None]


def accelerated(parts: SplitResult, host: str, path: str) -> str | None:
    """Google writes the question mark of a page escaped, since the page's address is part of a path."""
    return in_path(parts._replace(path=re.sub("%3f", "?", parts.path, count=1, flags=re.IGNORECASE)), host, path)


DECODINGS: Final[dict[str, Decoding]] = {
    "@path": in_path,
    "@amp": accelerated,
    "@query": in_query,
    "@proofpoint": proofpoint,
    "@urldefense": urldefense,
    "@yahoo": yahoo,
    "@cache": cache,
    "@translated": translated,
    "@disqus": disqus,
    "@closed": lambda *_: None,
}


def behind_proxy(parts: SplitResult, host: str) -> str | Closed | None:
    """A library's proxy: the host before its own, as it is or as one label, or a parameter."""
    if "proxy" not in host:
        return None
    labels = host.split(".")
    place = next((place for place, label in enumerate(labels) if PROXY.fullmatch(label)), None)
    if place is None:
        return None
    for name in PROXY_PARAMETERS.split():
        for value in parse_qs(parts.query).get(name, []):
            if target := address(value):
                return target
    before = ".".join(labels[:place]) if place != 1 else unhyphened(labels[0])
    if place == 0 or not is_listed(before):
        return CLOSED if parts.path.rstrip("/") == "/login" else None
    return f"https://{before}{parts.path}" + (f"?{parts.query}" if parts.query else "")
