"""The border to services that are not ours: every failure of a call becomes one of the OutsideErrors."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import isfinite
from typing import Any

import requests
from requests import exceptions
from requests.adapters import HTTPAdapter

from senso.errors import ConfigError, Malformed, OutsideError, RateLimited, Refused, Unavailable

CONNECT_SECONDS = 5
# Above the concurrency of one worker, or its threads would open and close a connection for each call.
POOL_SIZE = 256
REASON_LENGTH = 300
SUCCESS = range(200, 300)
PASSING = {408, 409, 425}
TOO_MANY = 429
SERVER_FAULT = 500
# 3.89s, 174ms, 7m12s, 33 seconds
DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|h)", re.IGNORECASE)
GIVEN_IN_TEXT = re.compile(rf"(?:try again in|retry (?:after|in)) ((?:{DURATION.pattern})+)", re.IGNORECASE)
UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
# What vendors answer with 429 although waiting does not help: an empty account, a request over the limit by itself.
HOPELESS = ("insufficient_quota", "spend_limit", "usage_limit_exceeded", "credit_balance", "request too large")
# Faults of ours. Whatever else `requests` raises may pass.
WRONG_ADDRESS = (exceptions.URLRequired, exceptions.MissingSchema, exceptions.InvalidSchema, exceptions.InvalidURL)
WRONG_KEY = (exceptions.InvalidHeader, UnicodeError)
WRONG_REQUEST = (
    exceptions.InvalidJSONError,
    exceptions.StreamConsumedError,
    exceptions.TooManyRedirects,
    exceptions.UnrewindableBodyError,
)


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
    except WRONG_KEY as error:
        raise translate(service, error) from None  # its own text repeats the key
    except requests.RequestException as error:
        raise translate(service, error) from error
    if response.status_code not in SUCCESS:
        raise failure(service, response)
    return response


def translate(service: str, error: requests.RequestException | UnicodeError) -> OutsideError | ConfigError:
    """A request that could not even be built is our mistake; everything else may pass."""
    if isinstance(error, exceptions.JSONDecodeError):
        return Malformed(service, "its answer is not JSON")
    if isinstance(error, WRONG_ADDRESS):
        return ConfigError(f"{service}: its base URL is not one: {type(error).__name__}")
    if isinstance(error, WRONG_KEY):
        return ConfigError(f"{service}: its key holds what cannot be sent in a header, such as a line break")
    if isinstance(error, WRONG_REQUEST):
        return Refused(service, f"the request cannot be sent: {type(error).__name__}")
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
    return " ".join(without_key(response, str(said)).split())[:REASON_LENGTH] or "no reason given"


def without_key(response: requests.Response, said: str) -> str:
    """Some services repeat what they were sent."""
    key = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
    return said.replace(key, "[hidden]") if key else said


def wait_seconds(response: requests.Response) -> float | None:
    """The service's own word on when to come back: a header, else its text."""
    given = header_seconds(response.headers)
    return text_seconds(response.text) if given is None else given


def header_seconds(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if isfinite(seconds) and seconds >= 0:
            return seconds
    return seconds_until(headers.get("retry-after", ""))


def seconds_until(http_date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    return max(0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def text_seconds(text: str) -> float | None:
    found = GIVEN_IN_TEXT.search(text)
    if found is None:
        return None
    return sum(float(count) * UNIT_SECONDS[unit.lower()] for count, unit in DURATION.findall(found[1]))


def json_of(service: str, response: requests.Response) -> Any:
    try:
        return storable(response.json())
    except ValueError as error:
        raise Malformed(service, "its answer is not JSON", status=response.status_code) from error


def storable(value: Any) -> Any:
    """Without what JSON can say and Postgres cannot store: NUL and half of a surrogate pair, in texts at any depth.

    An answer that was paid for must not be lost, and bought again, for one such character.
    """
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    if isinstance(value, dict):
        return {name: storable(inner) for name, inner in value.items()}
    return value
