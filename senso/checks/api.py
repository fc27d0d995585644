"""Whether the API of this machine answers, and whom it lets in."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

from senso.checks import Finding

ANSWER_SECONDS: Final = 3
# Where one can ask what listens on every address.
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  nothing listens here


def of_api(host: str, port: int) -> Finding:
    try:
        status = health(EVERYWHERE.get(host, host), port)
    except (OSError, HTTPException) as error:
        return fault(f"nothing answers on port {port} of {host}: {error}")
    if status != HTTPStatus.OK:
        return fault(f"what answers on port {port} of {host} is another program")
    return Finding("api", "ok", f"answers on port {port}")


def health(host: str, port: int) -> int:
    """Asks directly, whatever proxy the environment names. Raises OSError and HTTPException."""
    connection = HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    finally:
        connection.close()


def fault(said: str) -> Finding:
    return Finding("api", "fault", said, "no event is accepted", "start it: senso up, or senso api")


def door(*, has_key: bool) -> Finding:
    if has_key:
        return Finding("Events", "ok", "accepted by the API from whoever has EVENT_KEY")
    return Finding("Events", "note", "EVENT_KEY is not set", "the API accepts none", "set it if events are to be sent")
