"""OpenAI's own client, for what is rare: it is imported on first use, which takes half a second and 30 MB.

Its replies are read as the JSON that they are, and its errors become ours, as with every other call.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from yarl import URL

from senso import redaction
from senso.errors import Malformed, Misconfigured, Refused, TooLong, Unavailable
from senso.http import CONNECT_SECONDS, LATE, Response, failure, json_of, proxy_for
from senso.providers import AnotherKey

UNAUTHORISED = 401


def client(base_url: str, key: str, seconds: float) -> Any:
    """It tries nothing a second time by itself: rows decide on that. `seconds`: for one reply."""
    import openai  # noqa: PLC0415  see the module

    timeout = openai.Timeout(seconds, connect=CONNECT_SECONDS)
    plain = openai.DefaultHttpxClient(
        proxy=proxy_for(URL(base_url)), trust_env=False, follow_redirects=False, timeout=timeout
    )
    return openai.OpenAI(api_key=key, base_url=base_url, max_retries=0, timeout=timeout, http_client=plain)


@contextmanager
def guarded(service: str, key: str) -> Iterator[None]:
    """Raises OutsideErrors in place of the client's errors, and of those of the library under it in a stream."""
    import httpx2  # noqa: PLC0415  see the module
    import openai  # noqa: PLC0415  see the module

    try:
        yield
    except openai.APIStatusError as error:
        reply = error.response
        secrets = redaction.credentials({"Authorization": f"Bearer {key}"})
        raise failure(service, Response(reply.status_code, reply.headers, reply.read(), secrets)) from None
    except openai.APITimeoutError:
        raise Unavailable(service, LATE) from None
    except (openai.APIConnectionError, httpx2.HTTPError) as error:
        raise Unavailable(service, f"the connection failed: {type(error.__cause__ or error).__name__}") from None


def asked(service: str, client_: Any, key: str, request: Callable[[Any], Any]) -> dict[str, Any]:
    """The JSON object of the reply to `request`, which takes the client and returns a raw response."""
    with guarded(service, key):
        raw = request(client_)
    secrets = redaction.credentials({"Authorization": f"Bearer {key}"})
    found = json_of(service, Response(raw.status_code, raw.headers, raw.content, secrets))
    if not isinstance(found, dict):
        raise Malformed(service, "its answer is not a JSON object")
    return found


def with_another_key(service: str, variable: str, key: str, another: AnotherKey, request: Callable[[str], Any]) -> Any:
    """`request` with the key, and once more with the one that has replaced it where it is refused."""
    try:
        return request(key)
    except Refused as error:
        if error.status != UNAUTHORISED:
            raise
        other = another(key)
    if other is None:
        raise Misconfigured(service, f"the key in {variable} was not accepted", status=UNAUTHORISED)
    return request(other)


def lines(service: str, parts: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    """The lines of a file that comes in parts. Raises TooLong for one of more than `most_bytes`."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from (line for line in whole if line.strip())
        if len(rest) > most_bytes:
            raise TooLong(service, f"a line of its file is longer than {most_bytes} bytes (MAX_REPLY_BYTES)")
    if rest.strip():
        yield rest
