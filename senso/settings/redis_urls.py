"""Parses REDIS_URL in one place, because the Redis libraries parse it in different ways.

redis://user:password@host:port/number       also valkey://
rediss://user:password@host:port/number      TLS; also valkeys://
unix:///path/redis.sock?db=number            also redis+socket:///path/redis.sock?virtual_host=number
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from senso.settings.hosts import check_name
from senso.settings.texts import check_percent_codes

HOST: Final = r"(?:\[[0-9a-fA-F:.]+\]|[^\s@/?#:]+)"
PORT: Final = r"(?::\d{1,5})?"
SERVER: Final = re.compile(
    rf"(?:redis|valkey)s?://(?:[^\s/?#]*@)?{HOST}{PORT}(?:/\d{{0,9}})?(?:\?[^\s#@]*)?", re.IGNORECASE
)
SERVERS: Final = re.compile(r"(?:redis|valkey)s?://", re.IGNORECASE)
SOCKET: Final = re.compile(r"(?:unix|redis\+socket)://(?:[^\s/?#]*@)?/[^\s?#@]+(?:\?[^\s#@]*)?", re.IGNORECASE)
FORM: Final = (
    "must be redis://user:password@host:port/number, or rediss://, with / ? # in the password as %2F %3F %23, "
    "or unix:///path/redis.sock?db=number"
)
# URL schemes for kinds of Redis that this product does not support.
OTHERS: Final = re.compile(r"(?:(?:redis|valkey)s?[+-])?(sentinel|cluster)s?://", re.IGNORECASE)
SEVERAL: Final = re.compile(r"[^/?]*[,;]")
ONE: Final = "put the address of the primary, or of a proxy before it, into REDIS_URL: redis://host:port/number"
DEFAULT_PORT: Final = 6379
LAST_PORT: Final = 65_535
NUMBERS: Final = ("db", "virtual_host")
WORDS: Final = ("username", "password")
FILES: Final = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
TLS: Final = ("ssl_cert_reqs", "ssl_check_hostname", *FILES, "ssl_password")
KNOWN: Final = (*NUMBERS, *WORDS, *TLS)
WORD: Final = re.compile(r"[a-z_]{1,40}")  # any other text after the ? may be part of a password
CERTIFICATES: Final = ("required", "optional", "none")
YES_OR_NO: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a Redis database. `path` is for a Unix socket, which has neither host nor port.

    `tls`: redis-py's certificate options; None without encryption.
    """

    host: str = ""
    port: int = DEFAULT_PORT
    path: str = ""
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def results(self) -> "Address":
        """The next database number: results are kept apart from the queues."""
        return replace(self, database=self.database + 1)

    @property
    def place(self) -> str:
        """For messages to people: without user and password."""
        return self.path or f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def url(self) -> str:
        """For Celery, kombu and Flower: a form that all three parse alike. TLS options are passed as settings."""
        who = quote(self.username or "", safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        at = f"{who}@" if who else ""
        if self.path:
            return f"redis+socket://{at}{quote(self.path)}?virtual_host={self.database}"
        return f"{'redis' if self.tls is None else 'rediss'}://{at}{self.place}/{self.database}"

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments for redis-py's client."""
        who = {"username": self.username, "password": self.password, "db": self.database}
        if self.path:
            return {"unix_socket_path": self.path, **who}
        secured = {} if self.tls is None else {"ssl": True, **self.tls}
        return {"host": self.host, "port": self.port, **who, **secured}


def parsed(url: str) -> Address:
    """Raises ValueError with what is wrong; the message quotes nothing of the URL but option names."""
    refuse_others(url)
    if not SERVER.fullmatch(url) and not SOCKET.fullmatch(url):
        raise ValueError(FORM)
    check_percent_codes(url)
    parts = split(url)
    given = options_of(parts.query)
    found = Address(
        database=database_of(parts, given),
        username=unquote(parts.username or "") or given.get("username"),
        password=unquote(parts.password or "") or given.get("password"),
    )
    if SOCKET.fullmatch(url):
        refuse_tls(given, "options of TLS are for rediss://")
        return replace(found, path=unquote(parts.path))
    return replace(found, host=host_of(parts), port=port_of(parts), tls=tls_of(parts, given))


def refuse_others(url: str) -> None:
    """Raises ValueError for forms that only other clients accept, with what to write instead."""
    kind = OTHERS.match(url)
    if kind:
        raise ValueError(f"is for Redis {kind[1].capitalize()}, which is not supported; {ONE}")
    if SERVERS.match(url) and SEVERAL.match(url.partition("://")[2].rpartition("@")[2]):
        raise ValueError(f"has several hosts, which are not supported; {ONE}")


def split(url: str) -> SplitResult:
    """Raises ValueError with our own message, because urlsplit's can quote the password."""
    login = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if "[" in login or "]" in login:
        raise ValueError("has a [ or ] in its user or password: write [ as %5B and ] as %5D")
    try:
        return urlsplit(url)
    except ValueError:
        raise ValueError(FORM) from None


def host_of(parts: SplitResult) -> str:
    host = unquote(parts.hostname or "")
    if ":" not in host:
        check_name(host)
    if re.search(r"[^\w.:-]", host):
        raise ValueError("has a host that is none: a name has letters, digits, - and _ with single dots between")
    return host


def options_of(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in KNOWN:
            said = f"{name} is" if WORD.fullmatch(name) else "what stands behind its ? is"
            raise ValueError(f"{said} no option of it; there are {', '.join(KNOWN)}")
        if name in found or not value:
            raise ValueError(f"{name} {'is given twice' if name in found else 'has no value'}")
        found[name] = value
    return found


def database_of(parts: SplitResult, given: Mapping[str, str]) -> int:
    is_server = parts.scheme not in {"unix", "redis+socket"}
    path = parts.path.strip("/") if is_server else ""
    said = {int(number) for number in (path, *(given.get(name, "") for name in NUMBERS)) if number.isdecimal()}
    if len(said) > 1 or any(name in given and not given[name].isdecimal() for name in NUMBERS):
        raise ValueError("say the number of the database once, as a number")
    return said.pop() if said else 0


def port_of(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(f"its port must be between 1 and {LAST_PORT}")
    return port or DEFAULT_PORT


def tls_of(parts: SplitResult, given: Mapping[str, str]) -> dict[str, Any] | None:
    if parts.scheme in {"redis", "valkey"}:
        refuse_tls(given, "options of TLS are for rediss://, and this is redis://")
        return None
    found: dict[str, Any] = {name: given[name] for name in (*FILES, "ssl_password") if name in given}
    if ("ssl_certfile" in found) != ("ssl_keyfile" in found):
        raise ValueError("ssl_certfile and ssl_keyfile go together")
    return found | {"ssl_cert_reqs": certificates_of(given), "ssl_check_hostname": hostname_of(given)}


def refuse_tls(given: Mapping[str, str], why: str) -> None:
    if any(name in TLS for name in given):
        raise ValueError(why)


def certificates_of(given: Mapping[str, str]) -> str:
    said = given.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    if said not in CERTIFICATES:
        raise ValueError(f"ssl_cert_reqs must be one of {', '.join(CERTIFICATES)}")
    return said


def hostname_of(given: Mapping[str, str]) -> bool:
    said = given.get("ssl_check_hostname", "true").lower()
    if said not in YES_OR_NO:
        raise ValueError("ssl_check_hostname must be true or false")
    return YES_OR_NO[said]
