"""Access to Redis through REDIS_URL, and what its errors mean to an operator.

No message contains the password, which the library's own message might repeat.
"""

import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterError,
    ConnectionError,  # noqa: A004  the library's name for it
    InvalidResponse,
    MovedError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.retry import Retry

from senso import supplied
from senso.errors import ConfigError, SensoError, Unreachable
from senso.settings.redis_urls import FILES, Address, parsed

ANSWER_SECONDS: Final = 5
PROBE_SECONDS: Final = 2
# Error codes of a Redis that runs but cannot serve at this moment.
PASSING: Final = {
    "LOADING": "it is still loading its data; that passes by itself",
    "BUSY": "it is busy with a script; that passes by itself, or end the script: redis-cli SCRIPT KILL",
    "READONLY": "it is a read-only replica; put the address of the primary into REDIS_URL, or wait until this one is "
    "promoted",
    "MASTERDOWN": "it is a replica that has lost its primary; wait, or put the address of the primary into REDIS_URL",
    "NOREPLICAS": "it has too few replicas to take a write; look at min-replicas-to-write",
    "MISCONF": "it cannot save to its disk and takes no write; make room there, its log says more",
    "OOM": "its memory is full, up to its maxmemory; give it more",
}
CLOSED: Final = ("Connection closed by server", "Connection reset by peer", "EOF occurred", "Broken pipe")
CLIENT_CERTIFICATE: Final = "add ssl_certfile=FILE and ssl_keyfile=FILE to REDIS_URL"


def address() -> Address:
    """Raises ConfigError if REDIS_URL is not set."""
    return parsed(supplied.redis_url())


def client(at: Address | None = None, *, seconds: float = ANSWER_SECONDS) -> Redis:
    """A client without retries, because its callers want to know the present state. `seconds`: for each answer."""
    where = (at or address()).options
    once = Retry(NoBackoff(), 0)
    return Redis(**where, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once)


def waiting(queues: Iterable[str]) -> dict[str, int]:
    """Messages by queue. Raises ConfigError and Unreachable."""
    at = address()
    try:
        with client(at) as redis:
            return {queue: int(redis.llen(queue)) for queue in queues}
    except RedisError as error:
        raise trouble(error, at).error from None


UNACKNOWLEDGED: Final = "unacked"


def messages(queues: Sequence[str]) -> tuple[dict[str, int], int]:
    """Messages by queue, and how many a worker has that are not acknowledged; in one round trip.

    Raises ConfigError and Unreachable.
    """
    at = address()
    try:
        with client(at) as redis, redis.pipeline(transaction=False) as pipeline:
            for queue in queues:
                pipeline.llen(queue)
            pipeline.hlen(UNACKNOWLEDGED)
            *waiting, held = pipeline.execute()
    except RedisError as error:
        raise trouble(error, at).error from None
    return dict(zip(queues, waiting, strict=True)), held


@dataclass(frozen=True, slots=True)
class Trouble:
    """`said`: what is so; `do`: what to do about it. `is_wrong`: a setting is wrong, so it does not pass by itself."""

    at: Address
    said: str
    do: str
    is_wrong: bool

    @property
    def error(self) -> SensoError:
        kind = ConfigError if self.is_wrong else Unreachable
        return kind(f"Redis at {self.at.place}: {self.said}" + (f"; {self.do}" if self.do else ""))


def trouble(error: Exception, at: Address) -> Trouble:
    """What an error of the library means."""
    found = next(meanings(error, at), None) or f"{type(error).__name__}; is it running, and is REDIS_URL right?"
    said, _, do = found.partition("; ")
    return Trouble(at, said, do, is_wrong_setting(error, at))


def is_wrong_setting(error: Exception, at: Address) -> bool:
    """Whether an error does not pass by itself and is not about the address or the login."""
    if isinstance(error, ResponseError | ClusterError) and code_of(error) not in PASSING:
        return True
    return any(of_file(one, at) for one in (error, *causes_of(error)))


def meanings(error: Exception, at: Address) -> Iterator[str]:
    """The most specific first."""
    causes = [error, *causes_of(error)]
    for one in causes:
        found = (of_certificate(one), of_database(one, at), of_answer(one), of_file(one, at), of_socket(one, at))
        yield from filter(None, found)
    yield from of_silence(error, at)


def causes_of(error: BaseException) -> Iterator[BaseException]:
    seen = error.__cause__ or error.__context__
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def of_certificate(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificate(error)
    said = str(error).lower()
    if "certificate required" in said or ("handshake failure" in said and "alert" in said):
        return f"it wants a certificate of its clients; {CLIENT_CERTIFICATE}"
    if "unknown ca" in said or "bad certificate" in said:
        return "it does not accept the certificate in ssl_certfile; take one that its CA has signed"
    return ""


def certificate(error: ssl.SSLCertVerificationError) -> str:
    said = error.verify_message.lower()
    if "mismatch" in said:
        return "its certificate is for another name; use that name in REDIS_URL, or add ssl_check_hostname=false"
    if "expired" in said or "not yet valid" in said:
        return f"{said}; renew it, or set the clock right"
    return f"its certificate is not trusted ({said}); add the CA that signed it to REDIS_URL: ssl_ca_certs=FILE"


def of_answer(error: BaseException) -> str:
    """What a reply of the server itself means."""
    code = code_of(error)
    if code in PASSING or isinstance(error, BusyLoadingError):
        return PASSING.get(code, PASSING["LOADING"])
    if isinstance(error, NoPermissionError):
        return f"its user is not allowed what is needed ({first_line(error)}); docs/redis.md has the line for its ACL"
    if isinstance(error, InvalidResponse):
        return "what answers there is no Redis"
    return of_password(error) if isinstance(error, ResponseError | ConnectionError) else ""


def code_of(error: BaseException) -> str:
    """The first word of the server's error; for codes that the library knows, it stores the word separately."""
    return str(getattr(error, "status_code", "") or str(error).partition(" ")[0])


def of_password(error: BaseException) -> str:
    said = str(error)
    if "max number of clients" in said:
        return "it has as many clients as it takes; raise its maxclients"
    if "without any password configured" in said or "no password is set" in said:
        return "it has no password; take the one in REDIS_URL out"
    if "NOAUTH" in said or "Authentication required" in said or "HELLO must be called" in said:
        return "it wants a password; put it into REDIS_URL: redis://:PASSWORD@host:port/number"
    if isinstance(error, AuthenticationError):
        return "it does not accept the user and password in REDIS_URL; put the right ones there"
    if "protected mode" in said:
        return "it is in protected mode, which takes clients of its own machine only; give it a password"
    return f"{first_line(error)}; docs/redis.md says what is needed of it" if isinstance(error, ResponseError) else ""


def of_database(error: BaseException, at: Address) -> str:
    """The server reports that a number is out of range, or that a cluster has no numbers."""
    said = str(error)
    if "DB index is out of range" in said:
        return (
            f"it has no database {at.database}; two in a row are needed, for queues and for results: "
            "raise databases in its configuration, or put a lower number into REDIS_URL"
        )
    if "not allowed in cluster mode" in said or isinstance(error, ClusterError | MovedError):
        return "it is a Redis Cluster, which has one database and needs two; take a Redis that is none"
    return ""


def of_file(error: BaseException, at: Address) -> str:
    """A certificate file that REDIS_URL names. Nothing else reads files while connecting to a server with TLS."""
    if at.tls is None:
        return ""
    if not isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
        return ""
    named = ", ".join(f"{name}={at.tls[name]}" for name in FILES if name in at.tls)
    return f"a file that REDIS_URL names cannot be read ({error.strerror}); put its right place there: {named}"


def of_socket(error: BaseException, at: Address) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host; is the name in REDIS_URL right?"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: nobody listens there; is it running, and is REDIS_URL right?"
    if isinstance(error, FileNotFoundError):
        return f"no socket {at.path}; is it running, with unixsocket set to this path?"
    if isinstance(error, PermissionError):
        return "the socket may not be used by this user; set unixsocketperm, or join its group"
    return ""


def of_silence(error: Exception, at: Address) -> Iterator[str]:
    """The server accepted the connection but sent no Redis reply: tries the other protocol, TLS or plain."""
    if not at.path and at.tls is not None and speaks_plainly(at):
        yield "it does not speak TLS; write redis:// in REDIS_URL"
    if not at.path and at.tls is None and speaks_tls(at):
        yield "it speaks TLS; write rediss:// in REDIS_URL"
    if any(closed in str(error) for closed in CLOSED):
        yield (
            f"it ended the TLS connection; {CLIENT_CERTIFICATE}"
            if at.tls is not None
            else "it closed the connection; is it a Redis, and does it take clients from here?"
        )
    if "timeout" in str(error).lower() or "timed out" in str(error).lower():
        yield f"no answer within {ANSWER_SECONDS} s; is REDIS_URL right, and does a firewall stand in between?"


def speaks_plainly(at: Address) -> bool:
    with suppress(OSError), socket.create_connection((at.host, at.port), PROBE_SECONDS) as link:
        link.sendall(b"PING\r\n")
        return link.recv(1) in {b"+", b"-"}
    return False


def speaks_tls(at: Address) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # no data of ours is sent
    with (
        suppress(OSError),
        socket.create_connection((at.host, at.port), PROBE_SECONDS) as link,
        closing(context.wrap_socket(link, server_hostname=at.host)),
    ):
        return True
    return False


def first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].rstrip(".")
