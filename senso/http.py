"""The border to services that are not ours: every failure of a call becomes one of the OutsideErrors."""

import re
from functools import lru_cache
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from senso.errors import ConfigError, Malformed, OutsideError, RateLimited, Refused, Unavailable

CONNECT_SECONDS = 5
# Above the concurrency of one worker, or its threads would open and close a connection for each call.
POOL_SIZE = 256
REASON_LENGTH = 300
PASSING = {408, 409, 425}
TOO_MANY = 429
SERVER_FAULT = 500
GIVEN_IN_TEXT = re.compile(r"(?:try again in|retry (?:after|in)) (\d+(?:\.\d+)?) ?(ms|s)", re.IGNORECASE)
# What vendors answer with 429 although waiting does not help: an empty account, a request over the limit by itself.
HOPELESS = ("insufficient_quota", "spend_limit", "usage_limit_exceeded", "credit_balance", "request too large")


@lru_cache(maxsize=1)
def session() -> requests.Session:
    """One pool of connections a process. It retries nothing: the row decides about another try."""
    made = requests.Session()
    made.trust_env = False
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(pool_connections=16, pool_maxsize=POOL_SIZE, max_retries=0))
    return made


def call(service: str, method: str, url: str, *, timeout_seconds: float = 90, **options: Any) -> requests.Response:
    """Raises an OutsideError naming the service for anything but a 2xx. Redirects are answers like any other."""
    try:
        response = session().request(
            method, url, timeout=(CONNECT_SECONDS, timeout_seconds), allow_redirects=False, **options
        )
    except requests.RequestException as error:
        raise translate(service, error) from error
    if not response.ok or response.is_redirect:
        raise failure(service, response)
    return response


def translate(service: str, error: requests.RequestException) -> OutsideError | ConfigError:
    """A request that could not even be built is our mistake; everything else may pass."""
    if isinstance(error, ValueError) and not isinstance(error, requests.JSONDecodeError):
        return ConfigError(f"{service}: its base URL is not one: {type(error).__name__}")
    if isinstance(error, requests.Timeout):
        return Unavailable(service, "did not answer in time")
    return Unavailable(service, f"the connection failed: {type(error).__name__}")


def failure(service: str, response: requests.Response) -> OutsideError:
    status, said = response.status_code, reason(response)
    if status == TOO_MANY and not any(word in response.text.lower() for word in HOPELESS):
        return RateLimited(service, said, status=status, retry_after_seconds=wait_seconds(response))
    if status >= SERVER_FAULT or status in PASSING:
        return Unavailable(service, said, status=status, retry_after_seconds=wait_seconds(response))
    return Refused(service, said, status=status)


def reason(response: requests.Response) -> str:
    """The vendor's own words: the message of a JSON error, else the text, cut where it gets long."""
    try:
        said = response.json()["error"]
        said = said["message"] if isinstance(said, dict) else said
    except (ValueError, KeyError, TypeError):
        said = response.text
    return " ".join(str(said).split())[:REASON_LENGTH] or "no reason given"


def wait_seconds(response: requests.Response) -> float | None:
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return float(response.headers[header]) * unit
        except (KeyError, ValueError):
            continue
    found = GIVEN_IN_TEXT.search(response.text)
    return float(found[1]) * (0.001 if found[2].lower() == "ms" else 1) if found else None


def json_of(service: str, response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise Malformed(service, "its answer is not JSON", status=response.status_code) from error
