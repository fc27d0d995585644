"""A real PgBouncer, where one is installed: in session mode the product works, in its other modes it is refused.

It speaks TLS too, which the embedded Postgres does not.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from ground import use_database

from senso.checks import postgres, require
from senso.db import at_once, engine, transaction
from senso.db.statement import Prepared
from senso.embedded.server import free_port
from senso.errors import ConfigError, Unreachable

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
ONE = Prepared("SELECT CAST(:one AS int) AS one")

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs PgBouncer")


@pytest.fixture
def folder():
    """Also for the user as whom it runs."""
    made = Path(tempfile.mkdtemp(prefix="pooler-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def pooled(database, folder):
    """A function that starts one; all of them end with the test."""
    started = []

    def start(mode, *more):
        context = running(folder, database, mode, more)
        started.append(context)
        return context.__enter__()

    before = os.environ["DATABASE_URL"]
    yield start
    engine().dispose()
    use_database(before)
    for context in started:
        context.__exit__(None, None, None)


@contextmanager
def running(folder, database, mode, more):
    server, port = urlsplit(database), free_port()
    password = unquote(server.password)
    (folder / "users.txt").write_text(f'"{server.username}" "{password}"\n')
    lines = ["[databases]", f"* = host=127.0.0.1 port={server.port}", "[pgbouncer]", "listen_addr = 127.0.0.1"]
    lines += [f"listen_port = {port}", "unix_socket_dir =", "auth_type = scram-sha-256", f"pool_mode = {mode}"]
    lines += [f"auth_file = {folder}/users.txt", "default_pool_size = 30", *more]
    (folder / "pooler.ini").write_text("\n".join(lines))
    for path in folder.iterdir():
        path.chmod(0o644)
    user = ("-u", "nobody") if os.geteuid() == 0 else ()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, *user, str(folder / "pooler.ini")], stdout=log, stderr=log)
    try:
        await_port(port)
        url = f"postgresql://{server.username}:{server.password}@127.0.0.1:{port}{server.path}"
        use_database(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def await_port(port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def test_in_session_mode_nothing_is_to_be_set(pooled):
    pooled("session")

    require(postgres.findings(10))
    for _ in range(2):
        with at_once() as link, transaction() as db:
            assert ONE.one(link, {"one": 1}) == {"one": 1}
            assert ONE.one(db, {"one": 2}) == {"one": 2}
            assert db.exec_driver_sql("SHOW timezone").scalar_one() == "UTC"


@pytest.mark.parametrize(
    ("mode", "more", "said"),
    [
        ("transaction", (), "hands each transaction to another session"),
        ("transaction", ("server_round_robin = 1",), "hands each transaction to another session"),
        ("statement", (), "allows no transactions"),
    ],
)
def test_in_another_mode_it_is_refused_with_the_setting_that_helps(pooled, mode, more, said):
    pooled(mode, *more)

    with pytest.raises(ConfigError, match=f"{said}.*pool_mode = session"):
        require(postgres.findings(10))


@pytest.mark.parametrize(
    ("more", "said"),
    [((), "ALTER ROLE"), (("ignore_startup_parameters = options",), r"drops its options \(search_path\).*ALTER ROLE")],
)
def test_options_that_a_pooler_does_not_pass_on_are_not_lost_in_silence(pooled, more, said):
    url = pooled("session", *more)
    use_database(f"{url}?options=-csearch_path=public")

    with pytest.raises(ConfigError, match=said), transaction():
        pass


def test_a_server_is_known_by_its_certificate(pooled, folder):
    certify(folder)
    pooled_url = pooled(
        "session",
        "client_tls_sslmode = require",
        f"client_tls_key_file = {folder}/server.key",
        f"client_tls_cert_file = {folder}/server.crt",
    )
    checked = f"{pooled_url.replace('127.0.0.1', 'localhost')}?sslmode=verify-full&sslrootcert={folder}/ca.crt"

    assert is_encrypted(checked)
    with pytest.raises(Unreachable, match="does not match host name"):
        is_encrypted(checked.replace("localhost", "127.0.0.1"))
    with pytest.raises(ConfigError, match="root certificate file"):
        is_encrypted(checked.replace("ca.crt", "nowhere.crt"))
    with pytest.raises(Unreachable, match="SSL required"):
        is_encrypted(f"{pooled_url}?sslmode=disable")


def is_encrypted(url):
    use_database(url)
    with transaction() as db:
        return db.connection.driver_connection.info.ssl_in_use


def certify(folder):
    """For localhost, by an authority of our own."""
    new = ("req", "-newkey", "rsa:2048", "-nodes")
    openssl(folder, *new, "-x509", "-subj", "/CN=ours", "-keyout", "ca.key", "-out", "ca.crt")
    openssl(folder, *new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost")
    signed = ("x509", "-req", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
    openssl(folder, *signed, "-in", "server.csr", "-out", "server.crt")


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
