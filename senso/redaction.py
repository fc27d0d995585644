"""Finds the credentials in a request and removes them from texts about it.

Services repeat what they were sent: unchanged, percent-encoded, escaped for JSON or HTML, or partly so.
"""

import base64
import binascii
import re
import string
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

HIDDEN: Final = "[hidden]"
# Headers that hold no credential. Any other header may hold one, whatever its name is.
PLAIN_HEADERS: Final = frozenset(
    {"accept", "accept-encoding", "accept-language", "anthropic-version", "content-type", "idempotency-key"}
    | {"user-agent"}
)
AUTHORIZATION: Final = frozenset({"authorization", "proxy-authorization"})
CREDENTIAL_PARAMETER: Final = re.compile(r"key$|token|secret|passw|auth|credential|signature|^sig$", re.IGNORECASE)
# Longer texts are searched only up to here, which is many times the length that is ever shown.
LONGEST_SEARCHED: Final = 200_000
# In successful replies, shorter credentials are not hidden: they could be words of the answer.
SHORTEST_IN_ANSWER: Final = 8
NEVER: Final = "(?!)"
# Characters that no encoder changes, and all others.
WORD: Final = re.compile(r"[A-Za-z0-9]+")
GAP: Final = re.compile(r"[^A-Za-z0-9]+")
NO_WORD: Final = string.punctuation + string.whitespace
LONGEST_FORM: Final = 12  # characters: %25252f, &amp;equals;
ENTITIES: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos", "+": "plus", "/": "sol", "=": "equals"}


def credentials(headers: Mapping[str, str], url: str = "") -> tuple[str, ...]:
    """Values of all headers but the plain ones, and of query parameters with key, token and the like in their names.

    Includes the part after a scheme by itself, and the password of a basic login. Longest first.
    """
    found = {one for name, value in headers.items() for one in in_header(name.lower(), value)}
    if "?" in url:
        found |= set(in_query(urlsplit(url).query))
    return tuple(sorted(found - {""}, key=lambda secret: (-len(secret), secret)))


def in_header(name: str, value: str) -> Iterator[str]:
    if name in PLAIN_HEADERS:
        return
    scheme, _, rest = value.strip().partition(" ")
    if name not in AUTHORIZATION or not rest:
        yield value.strip()
    yield rest.strip()
    if scheme.lower() == "basic":
        yield from in_basic(rest.strip())


def in_basic(encoded: str) -> Iterator[str]:
    try:
        login = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    yield login
    yield login.partition(":")[2]


def in_query(query: str) -> Iterator[str]:
    """As sent, and decoded once more: the caller may have encoded a value that was encoded already."""
    for name, value in parse_qsl(query):
        if CREDENTIAL_PARAMETER.search(name):
            yield value
            yield unquote(value)


def shown(text: str, secrets: tuple[str, ...], length: int) -> str:
    """The first `length` characters of the text without the secrets. No secret is cut, so that no part of one stays."""
    text = text[:LONGEST_SEARCHED]
    parts, place = [], 0
    for found in pattern(secrets).finditer(text):
        parts += [text[place : found.start()], HIDDEN]
        place = found.end()
        if sum(map(len, parts)) >= length:
            break
    return ("".join(parts) + text[place : place + length])[:length]


def is_in(content: bytes, secrets: tuple[str, ...]) -> bool:
    """Whether a credential may be in a reply: its letters and digits occur there, with little between them.

    Runs for every reply, so it first searches for the longest run of letters and digits, which takes microseconds.
    """
    return any(word in content and trace.search(content) for word, trace in traces(secrets))


@lru_cache(maxsize=64)
def traces(secrets: tuple[str, ...]) -> tuple[tuple[bytes, re.Pattern[bytes]], ...]:
    return tuple(map(trace, long(secrets)))


def trace(secret: str) -> tuple[bytes, re.Pattern[bytes]]:
    """The longest word of the secret, and a pattern of all words, with gaps as long as other characters may become."""
    words = WORD.findall(secret) or [""]
    between = (f".{{1,{LONGEST_FORM * len(gap)}}}?" for gap in GAP.findall(secret.strip(NO_WORD)))
    whole = "".join(chain.from_iterable(zip_longest(words, between, fillvalue="")))
    return max(words, key=len).encode(), re.compile(whole.encode(), re.DOTALL)


def long(secrets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(secret for secret in secrets if len(secret) >= SHORTEST_IN_ANSWER)


def without(value: Any, secrets: tuple[str, ...]) -> Any:
    """The value of a JSON document without the long secrets in its texts, at any depth."""
    if isinstance(value, str):
        return pattern(long(secrets)).sub(HIDDEN, value)
    if isinstance(value, list):
        return [without(inner, secrets) for inner in value]
    if isinstance(value, dict):
        return {without(name, secrets): without(inner, secrets) for name, inner in value.items()}
    return value


@lru_cache(maxsize=64)
def pattern(secrets: tuple[str, ...]) -> re.Pattern[str]:
    """Matches each secret with each character in any form, without the = at its end, which some services omit."""
    words = ["".join(map(any_form, secret.rstrip("=") or secret)) for secret in secrets]
    return re.compile("|".join(words) or NEVER, re.IGNORECASE)


def any_form(character: str) -> str:
    """As it is, behind a backslash, %2F (also encoded again: %252F), \\u002f, &#47;, &#x2f; or &sol;"""
    codes = "".join(f"%(?:25)*{byte:02x}" for byte in character.encode())
    number = ord(character)
    forms = [re.escape(character), codes, rf"\\+u{number:04x}", f"&#0*{number};?", f"&#x0*{number:x};?"]
    if character in ENTITIES:
        forms.append(f"&(?:amp;)*{ENTITIES[character]};?")
    if not character.isalnum():
        forms.append(r"\\+" + re.escape(character))
    if character in " +":  # form encoding writes a space as +
        forms.append(r"[\s+]+")
    return f"(?:{'|'.join(forms)})"
