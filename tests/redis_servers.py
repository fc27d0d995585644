"""Redis servers as operators have them: with TLS, on a Unix socket, with users, replicas, small, with one database."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from senso.worker.queues import ALL_QUEUES

PASSWORD = "a p/w%"
QUOTED = "a%20p%2Fw%25"
STARTING_SECONDS = 10
# A user senso:pw, and all that docs/redis.md says it needs.
LIMITED = ("--user", "default", "off", "--user", "senso", "on", ">pw", "+@all")
OF_THE_LOOK = ("~senso:doctor:*", "&senso:doctor:*")
OF_WORK = (
    *(*(f"~{queue}" for queue in ALL_QUEUES), "~unacked*", "~_kombu.binding*", "~celeryev.*", "~*.pidbox"),
    *("~celery-task-meta-*", "~celery-taskset-meta-*", "~senso:limit:*", "&celery-task-meta-*"),
    "~senso:limit:*",
    *("&/0.celeryev/*", "&/0.celery.pidbox"),
)


@dataclass(frozen=True)
class Certificates:
    """Of an authority made for a test: its own, one for `localhost`, one for another name, one of a client."""

    folder: Path

    def file(self, name: str) -> str:
        return str(self.folder / name)


def program() -> str:
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("no redis-server on the PATH")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


UNKNOWN_RIGHTS = ("Unknown command or category name in ACL", "Error in user declaration '%R~*'")


@contextmanager
def redis_server(folder: Path, *options: str, port: int | None = None) -> Iterator[int]:
    """Ready when it takes connections; yields its port. `options`: as on its command line, without a password."""
    with redis_process(folder, *options, port=port) as (_, found):
        yield found


@contextmanager
def redis_process(
    folder: Path, *options: str, port: int | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """As `redis_server`, with the process, to freeze it."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    listens = [] if "--port" in options else ["--port", str(port)]
    words = [program(), "--bind", "127.0.0.1", *listens, "--save", "", "--dir", str(folder), *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        await_ready(process, port, options, folder)
        yield process, port
    finally:
        process.kill()
        process.wait()


def await_ready(process: subprocess.Popen[bytes], port: int, options: Sequence[str], folder: Path) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    wanted = port if "--tls-port" not in options else int(options[options.index("--tls-port") + 1])
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if wanted:
                socket.create_connection(("127.0.0.1", wanted), 1).close()
            if "--unixsocket" not in options or Path(options[options.index("--unixsocket") + 1]).exists():
                return
        time.sleep(0.02)
    said = (folder / "log").read_text()
    if "--tls-port" in said or "tls" in said.lower():
        pytest.skip("this redis-server has no TLS")
    if any(words in said for words in UNKNOWN_RIGHTS):
        pytest.skip("rights of a part of a command, or of reading alone, came with Redis 7")
    pytest.fail(said)


def tls(certificates: Certificates, port: int, *, server: str = "localhost", clients: str = "no") -> list[str]:
    return [
        *("--port", "0", "--tls-port", str(port), "--tls-auth-clients", clients),
        *("--tls-cert-file", certificates.file(f"{server}.pem"), "--tls-key-file", certificates.file(f"{server}.key")),
        *("--tls-ca-cert-file", certificates.file("ca.pem")),
    ]


def make_certificates(folder: Path) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on the PATH")
    made = Certificates(folder)
    openssl(
        *(folder, "req", "-x509", "-subj", "/CN=Test CA", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem", *KEY),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),  # which Python 3.13 insists on
    )
    for name in ("localhost", "elsewhere", "client"):
        openssl(folder, "req", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr", *KEY)
        (folder / "names").write_text(f"subjectAltName=DNS:{name}\nauthorityKeyIdentifier=keyid\n")
        openssl(
            *(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-days", "2", "-extfile", "names", "-out", f"{name}.pem"),
        )
    return made


KEY = ("-newkey", "rsa:2048", "-nodes")


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def told(port: int, *words: str) -> None:
    """A command to a server without a password."""
    with Redis(port=port) as client, suppress(RedisError):
        client.execute_command(*words)
