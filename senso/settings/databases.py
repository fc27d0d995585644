"""Parses DATABASE_URL in every form that libpq accepts, using libpq itself, and explains what is wrong with others.

Error messages never quote a part of the value: an unexpected part may be the rest of a password.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from senso.settings.texts import check_percent_codes

FORM: Final = "postgresql://user:password@host:port/database"
SCHEME: Final = re.compile(r"postgres(?:ql)?(?:\+psycopg2?)?://", re.IGNORECASE)
KEY_VALUE: Final = re.compile(r"\s*[a-z_]+\s*=")
UNKNOWN_OPTION: Final = re.compile(r'invalid URI query parameter[^"]*"([a-z_]{2,32})"')
OF_A_SESSION: Final = re.compile(r"(?:^|\s)(?:-c\s*|--)([\w.-]+)=")
STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
PORT: Final = re.compile(r"\d{0,5}")
HIGHEST_PORT: Final = 65535
# One host of the authority. `%2Frun%2Fpostgresql` is the folder of a socket.
HOST: Final = re.compile(r"(?:\[[0-9a-fA-F:.]+(?:%[\w.%-]+)?\]|[^\s@/?#:\[\]]*)(?::([^:]*))?")
# Options whose wrong value libpq reports only when it connects, with messages that could also come from the server.
WORDS: Final = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "read-write", "primary"),
}
NUMBERS: Final = frozenset(
    {
        "connect_timeout",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
    }
)


def parameters(said: str) -> dict[str, str]:
    """Returns parameters for psycopg2, by libpq's names. Raises ValueError with what is wrong and what to write."""
    if KEY_VALUE.match(said):
        found = taken_apart(said, "must be key=value pairs, with a value that has spaces in 'quotes'")
    else:
        found = of_url(said)
    check(found)
    return found


def of_url(said: str) -> dict[str, str]:
    scheme = SCHEME.match(said)
    if scheme is None:
        raise ValueError(f"must begin with postgresql://, as in {FORM}")
    if re.search(r"\s", said):
        raise ValueError("has a space in it: write %20")
    rest = STRAY_PERCENT.sub("%25", said[scheme.end() :])
    check_percent_codes(rest)
    login, hosts, path, query = parts(rest)
    check_login(login, path)
    check_hosts(hosts, has_login=bool(login))
    options = [plain(option) for option in query.split("&") if option]
    listed = [option for option in options if option.startswith("host=")]
    others = "&".join(option for option in options if option not in listed)
    login = f"{login}@" if login else ""
    where = f"{login}{'' if listed else hosts}{path}{f'?{others}' if others else ''}"
    found = taken_apart(f"postgresql://{where}", unknown(query))
    port = found.pop("port", "") if listed else ""
    return found | of_listed(listed, port) if listed else found


def parts(rest: str) -> tuple[str, str, str, str]:
    """Splits into login, hosts, path and query.

    For libpq, a / ends the hosts. If the text before it cannot be hosts, the / is taken as part of the password.
    """
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    if "@" not in authority and "@" in rest and not are_hosts(authority):
        login, _, rest = rest.partition("@")
        authority = re.split(r"[/?]", rest, maxsplit=1)[0]
        login = login.replace("/", "%2F").replace("?", "%3F")
        hosts = authority
    else:
        login, _, hosts = authority.rpartition("@")
    path, _, query = rest[len(authority) :].partition("?")
    return login, hosts, path, query


def are_hosts(authority: str) -> bool:
    found = [HOST.fullmatch(one) for one in authority.split(",")]
    return all(one and PORT.fullmatch(one[1] or "") for one in found)


def check_login(login: str, path: str) -> None:
    if "@" in login:
        raise ValueError("has more than one @: write an @ in the password as %40")
    if "@" in path:
        raise ValueError("has an @ behind its host: write / @ ? # in the password as %2F %40 %3F %23")


def check_hosts(hosts: str, *, has_login: bool) -> None:
    for host in hosts.split(","):
        found = HOST.fullmatch(host)
        if found is None and host.count(":") > 1:
            raise ValueError("must have an IPv6 address in [brackets], as in postgresql://user:password@[::1]:5432/db")
        if found is None:
            raise ValueError(f"has a host that is none, as in {FORM}")
        if not has_login and not PORT.fullmatch(found[1] or ""):
            raise ValueError(f"has neither an @ before its host nor a number as its port, as in {FORM}")
        check_port(found[1] or "")


def check_port(port: str) -> None:
    if not PORT.fullmatch(port) or (port and not 0 < int(port) <= HIGHEST_PORT):
        raise ValueError(f"must have a number between 1 and 65535 as its port, as in {FORM}")


def settings_in(options: str) -> list[str]:
    """Names of the session settings in `options`, as Postgres lists them."""
    return [found.replace("-", "_").lower() for found in OF_A_SESSION.findall(options)]


def plain(option: str) -> str:
    """Encodes an option for libpq: = in its value as %3D (`options=-csearch_path=acme`), + in `options` as %20."""
    name, equals, value = option.partition("=")
    value = value.replace("=", "%3D")
    return f"{name}{equals}{value.replace('+', '%20') if name == 'options' else value}"


def unknown(query: str) -> str:
    """The message about options that libpq refuses; an @ among them may be the end of a password."""
    if "@" in query:
        return "has an @ among its options: write / @ ? # in the password as %2F %40 %3F %23"
    for option in query.split("&"):
        if "=" not in option:
            return "has an option without a value: write ?name=value&name=value"
    return "has an option{option} that Postgres does not know; docs/databases.md names those of use"


def taken_apart(dsn: str, otherwise: str) -> dict[str, str]:
    """Raises ValueError with `otherwise`, because libpq's own message would quote the value."""
    from psycopg2 import Error  # noqa: PLC0415  a command without a database does not load its driver
    from psycopg2.extensions import parse_dsn  # noqa: PLC0415

    try:
        return dict(parse_dsn(dsn))
    except (Error, UnicodeError) as error:
        found = UNKNOWN_OPTION.search(str(error))
        raise ValueError(otherwise.format(option=f' "{found[1]}"' if found else "")) from None


def of_listed(listed: list[str], port: str) -> dict[str, str]:
    """Parses `?host=one:5432&host=two:5432`, a form of SQLAlchemy; libpq has one list of hosts and one of ports."""
    hosts = list(hosts_of(",".join(unquote(one.removeprefix("host=")) for one in listed)))
    given = port.split(",") if port else []
    ports = [own or (given[at] if at < len(given) else "".join(given[:1])) for at, (_, own) in enumerate(hosts)]
    return {"host": ",".join(host for host, _ in hosts)} | ({"port": ",".join(ports)} if any(ports) else {})


def hosts_of(said: str) -> Iterator[tuple[str, str]]:
    for one in said.split(","):
        host, _, port = one.rpartition(":")
        if host and ":" not in host and PORT.fullmatch(port):
            yield host, port
        else:
            yield one, ""


def check(found: dict[str, str]) -> None:
    """Checks for both forms."""
    ports, hosts = found.get("port", "").split(","), found.get("host", found.get("hostaddr", "")).split(",")
    for port in ports:
        check_port(port)
    if len(ports) not in {1, len(hosts)}:
        raise ValueError("must have one port, or one for each of its hosts")
    for name, allowed in WORDS.items():
        if found.get(name, allowed[0]) not in allowed:
            why = " (senso writes to it)" if name == "target_session_attrs" else ""
            raise ValueError(f"must have one of {', '.join(allowed)} as {name}{why}")
    for name in NUMBERS & found.keys():
        if not found[name].isdecimal():
            raise ValueError(f"must have a number as {name}")
