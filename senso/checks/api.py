"""Whether the API and the metrics of this machine answer, and whom the API lets in."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

from senso.checks import Finding

ANSWER_SECONDS: Final = 3
# Where one can ask what listens on every address.
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  nothing listens here


def of_api(host: str, port: int) -> Finding:
    return of("api", host, port, "no event is accepted")


def of_metrics(host: str, port: int) -> Finding:
    return of("metrics", host, port, "Prometheus sees nothing")


def of(name: str, host: str, port: int, why: str) -> Finding:
    """`name`: of the command that listens there. `why`: what a silence means."""
    try:
        status = health(EVERYWHERE.get(host, host), port)
    except (OSError, HTTPException) as error:
        return fault(name, f"nothing answers on port {port} of {host}: {error}", why)
    if status != HTTPStatus.OK:
        return fault(name, f"what answers on port {port} of {host} is another program", why)
    return Finding(name, "ok", f"answers on port {port}")


def health(host: str, port: int) -> int:
    """Asks directly, whatever proxy the environment names. Raises OSError and HTTPException."""
    connection = HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    finally:
        connection.close()


def fault(name: str, said: str, why: str) -> Finding:
    return Finding(name, "fault", said, why, f"start it: senso up, or senso {name}")


def door(*, has_key: bool) -> Finding:
    if has_key:
        return Finding("Events", "ok", "accepted by the API from whoever has EVENT_KEY")
    return Finding("Events", "note", "EVENT_KEY is not set", "the API accepts none", "set it if events are to be sent")
