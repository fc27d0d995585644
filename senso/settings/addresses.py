"""Checks addresses: of services on the web, of a proxy, of Postgres and Redis.

No message quotes an address, which may hold a password. Each check raises PydanticCustomError.
"""

import re

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from senso.settings import databases, redis_urls
from senso.settings.hosts import check_host

# Refuses URLs that drivers would split in another way than intended: the rest of a password would become a host, which
# they print, or a port, on which they fail.
HOST = r"(?:\[[0-9a-fA-F:.]+\]|[^\s@/?#:]+)"
PORT = r"(?::\d{1,5})?"
WEB = re.compile(rf"https?://(?:[^\s@/?#]*@)?{HOST}{PORT}(?:/[^\s?#]*)?", re.IGNORECASE)
PROXY = re.compile(rf"http://(?:[^\s@/?#:]+(?::[^\s@/?#]*)?@)?{HOST}{PORT}/?", re.IGNORECASE)
DSN = re.compile(rf"https?://[^\s:@/]+(?::[^\s:@/]+)?@{HOST}{PORT}/(?:[^\s?#]*/)?\d+", re.IGNORECASE)
LOOPBACK = r"(?:localhost|127\.0\.0\.1|\[::1\])"
WEBHOOK = re.compile(rf"(?:https://{HOST}|http://{LOOPBACK}){PORT}/[^\s?#]+", re.IGNORECASE)


def check_base_url(url: str | None) -> str | None:
    """Strips the trailing slash: paths are appended, and some services answer `//` with 404."""
    check_page(url)
    if url:
        check_web(url)
    return url.rstrip("/") if url else url


def check_page(url: str | None) -> str | None:
    if url and not WEB.fullmatch(url):
        raise PydanticCustomError("url", "must be https://host or http://host, and may go on with a path")
    return url


def check_proxy(url: SecretStr | None) -> SecretStr | None:
    if url is not None:
        if not PROXY.fullmatch(url.get_secret_value()):
            raise PydanticCustomError("url", "must be http://host:port, with user:password@ before the host if needed")
        check_web(url.get_secret_value())
    return url


def check_dsn(dsn: SecretStr | None) -> SecretStr | None:
    if dsn is not None:
        if not DSN.fullmatch(dsn.get_secret_value()):
            raise PydanticCustomError("url", "must be https://key@host/number, as Sentry shows it")
        check_web(dsn.get_secret_value())
    return dsn


def check_webhook(url: SecretStr | None) -> SecretStr | None:
    """The address is the key: in clear text it may go to this machine only."""
    if url is not None:
        if not WEBHOOK.fullmatch(url.get_secret_value()):
            raise PydanticCustomError("url", "must be https://host/path, as Slack shows it")
        check_web(url.get_secret_value())
    return url


def check_database(url: SecretStr | None) -> SecretStr | None:
    try:
        databases.parameters(url.get_secret_value()) if url else {}
    except ValueError as error:
        raise PydanticCustomError("url", "{said}", {"said": str(error)}) from None
    return url


def check_redis(url: SecretStr | None) -> SecretStr | None:
    if url is None:
        return None
    try:
        redis_urls.parsed(url.get_secret_value())
    except ValueError as error:
        raise PydanticCustomError("url", "{said}", {"said": str(error)}) from None
    return url


def check_web(url: str) -> None:
    try:
        check_host(url)
    except ValueError as error:
        raise PydanticCustomError("url", "{said}", {"said": str(error)}) from None
