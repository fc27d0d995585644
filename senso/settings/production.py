"""ENVIRONMENT=production: refuses missing and made-up values that other environments allow."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from senso.errors import ConfigError
from senso.settings import databases
from senso.settings.fields import ADDRESSES, BASE_URLS, SECRETS, Settings
from senso.settings.sources import Given

FOR_TESTS: Final = ("senso_clock", "failpoints", "failpoints_folder", "webhooks_to_loopback")
DATABASES: Final = {"database_url", "database_read_url"}
NO_PASSWORD: Final = re.compile(r"://[^/?#@]*:@")
LOGINS: Final = {"flower_basic_auth"}
WHOLE: Final = SECRETS - ADDRESSES - LOGINS
NEEDED: Final = ("database_url", "redis_url")
# Letters only: passwords that images, guides and this product's sandbox give as examples or defaults.
KNOWN: Final = frozenset(
    {"admin", "changeit", "changeme", "changethis", "default", "demo", "dummy", "example", "foobared", "guest"}
    | {"letmein", "none", "null", "pass", "passwd", "password", "placeholder", "postgres", "postgresql", "redis"}
    | {"replaceme", "root", "sample", "sandboxkey", "sandboxtoken", "secret", "senso", "test", "todo", "user"}
)
DRESSED: Final = str.maketrans("0@$", "oas")
MADE_UP: Final = re.compile(
    r"<.*>|\[.*\]|\$\{?\w+\}?|(?:sk-)?(?:x{3,}|\*{3,}|\.{3,})|.*\.\.\.|\d{1,8}"
    r"|(?:sk-|pplx-)?(?:your|my|insert|enter|put|replace|change)[-_ ]?(?:.*[-_ ])?"
    r"(?:key|token|password|secret|me|this|here)",
    re.IGNORECASE,
)
BEARER: Final = re.compile(r"bearer\b", re.IGNORECASE)
# Of networks of proxies: bits that are fixed, at least. By the version of IP where there are public addresses in it.
LEAST_PREFIX: Final = {4: 24, 6: 64}
LEAST_PRIVATE: Final = 8
# Domain suffixes of hosts in private networks.
INSIDE: Final = (".local", ".internal", ".localhost", ".lan", ".svc", ".home.arpa")


def require(read: Settings, found: Mapping[str, Given]) -> None:
    """Raises ConfigError for the first fault."""
    for said in faults(read, found):
        raise ConfigError(said)


def faults(read: Settings, found: Mapping[str, Given]) -> Iterator[str]:
    yield from (
        f"{place(found, name)}: not allowed when ENVIRONMENT=production; unset it"
        for name in FOR_TESTS
        if getattr(read, name)
    )
    yield from (
        f"{place(found, name)}: empty; when ENVIRONMENT=production a secret has a value, or is not set"
        for name in SECRETS
        if name in found and not found[name].text
    )
    yield from (
        f"{name.upper()}: not set; when ENVIRONMENT=production there are no embedded servers: "
        f"set {name.upper()} or {name.upper()}_FILE"
        for name in NEEDED
        if getattr(read, name) is None
    )
    yield from well_known(found)
    yield from (
        f"{place(found, name)}: begins with Bearer, which is put before it when it is sent; write the key alone"
        for name in sorted(WHOLE & found.keys())
        if BEARER.match(found[name].text)
    )
    yield from in_clear_text(read)
    yield from open_to_all(read, found)


def place(found: Mapping[str, Given], name: str) -> str:
    return found[name].where if name in found else name.upper()


def well_known(found: Mapping[str, Given]) -> Iterator[str]:
    for name in sorted(SECRETS & found.keys()):
        if any(known(secret) or is_name(name, secret) for secret in passwords(name, found[name].text)):
            where = f"{place(found, name)}: {'it' if name in WHOLE else 'its password'}"
            yield f"{where} is empty, an example or a default that everybody knows; set one of your own"


def passwords(name: str, text: str) -> list[str]:
    """The secrets in a value; an empty text stands for a password that equals its user name."""
    if name in WHOLE:
        return [text]
    if name in LOGINS:
        user, _, password = text.partition(":")
        return with_user({"user": user, "password": password})
    try:
        return passwords_of_url(name, text)
    except ValueError:  # a variable that is not used: used ones have been validated
        return []


def passwords_of_url(name: str, text: str) -> list[str]:
    """Raises ValueError."""
    if name in DATABASES:  # libpq treats an empty password as none
        return [""] if NO_PASSWORD.search(text) else with_user(databases.parameters(text))
    parts = urlsplit(text)
    said = {} if parts.password is None else {"password": unquote(parts.password)}
    asked = {option: values[-1] for option, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return with_user({"user": asked.get("username", unquote(parts.username or "")), **said, **asked})


def with_user(said: Mapping[str, str]) -> list[str]:
    if "password" not in said:
        return []
    return [""] if said["password"] == said.get("user") else [said["password"]]


def is_name(name: str, secret: str) -> bool:
    """Whether it is a template's filler, such as `OPENAI_API_KEY=openai-api-key`."""
    return name.replace("_", "") == re.sub(r"[\W_]", "", secret).lower()


def known(secret: str) -> bool:
    """Whether it is a placeholder, or mostly a well-known word, also with digits, signs or 0, @, $ for letters."""
    letters = re.sub(r"[\W\d_]", "", secret.translate(DRESSED)).lower()
    return not secret or (letters in KNOWN and 2 * len(letters) >= len(secret)) or bool(MADE_UP.fullmatch(secret))


def in_clear_text(read: Settings) -> Iterator[str]:
    for name in BASE_URLS:
        url = urlsplit(getattr(read, name) or "")
        if url.scheme.lower() == "http" and not inside(url.hostname or ""):
            yield f"{name.upper()}: http:// would send its key in clear text; when ENVIRONMENT=production use https://"


def open_to_all(read: Settings, found: Mapping[str, Given]) -> Iterator[str]:
    """Whoever sends from one of these networks says who they are."""
    if read.dashboard_user_header is None:
        return
    for one in read.dashboard_networks:
        least = LEAST_PREFIX[one.version]
        if one.prefixlen < (least if is_public(one) else LEAST_PRIVATE):
            yield (
                f"{place(found, 'dashboard_proxies')}: {one} has more than proxies in it, and each of its addresses "
                "could say who has logged in; when ENVIRONMENT=production name the addresses of the proxies"
            )


def is_public(one: IPv4Network | IPv6Network) -> bool:
    return not (one.network_address.is_private and one.broadcast_address.is_private)


def inside(host: str) -> bool:
    """Whether a host is this machine or in a private network, judged by its name."""
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(INSIDE)
    return address.is_private or address.is_loopback
