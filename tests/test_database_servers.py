"""Each form of DATABASE_URL reaches a real server: by TCP, by a socket, and the one of two that takes writes."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from ground import use_database

from senso.db import engine, transaction
from senso.embedded.home import Home
from senso.embedded.identity import find_identity
from senso.embedded.postgres import Postgres
from senso.embedded.programs import find_programs
from senso.errors import Unreachable

PASSWORD = "a/p@ss?w#rd %"
QUOTED = quote(PASSWORD, safe="")


class Server(Postgres):
    """With settings that the embedded one has not."""

    more: tuple[str, ...] = ()

    def arguments(self):
        return [*super().arguments(), *(word for one in self.more for word in ("-c", one))]


def made(folder, *more):
    home, programs = Home.prepared(folder), find_programs()
    (folder / "password").write_text(PASSWORD)
    server = Server(home, programs.postgres, find_identity(home, programs), PASSWORD)
    server.more = more
    return server


@contextmanager
def started(*servers):
    try:
        for server in servers:
            server.spawn()
            server.await_ready()
        yield
    finally:
        for server in servers:
            server.stop()
            server.await_end()


@pytest.fixture(scope="module")
def folder():
    """Short: the path of a socket may have 107 characters."""
    found = Path(tempfile.mkdtemp(prefix="pg-"))
    yield found
    shutil.rmtree(found, ignore_errors=True)


@pytest.fixture(scope="module")
def server(folder):
    made_one = made(folder / "one", "listen_addresses=127.0.0.1,::1", f"unix_socket_directories={folder}")
    with started(made_one):
        yield made_one


@pytest.fixture(autouse=True)
def put_back():
    before = os.environ["DATABASE_URL"]
    yield
    engine().dispose()
    use_database(before)


def reached(url):
    use_database(url)
    with transaction() as db:
        return db.exec_driver_sql("SELECT current_database()").scalar_one()


FORMS = [
    "postgresql://senso:{quoted}@127.0.0.1:{port}/senso",
    "postgres://senso:{quoted}@localhost:{port}/senso",
    "postgresql+psycopg2://senso:{quoted}@127.0.0.1:{port}/senso",
    "postgresql://senso:{quoted}@[::1]:{port}/senso",
    "postgresql://senso:{quoted}@127.0.0.1:{port}",
    "postgresql:///senso?host={folder}&port={port}&user=senso&password={quoted}",
    "postgresql://senso:{quoted}@{quoted_folder}:{port}/senso",
    "postgresql://senso@127.0.0.1:{port}/senso?passfile={folder}/pgpass",
    "postgresql:///?service=senso",
    "host=127.0.0.1 port={port} dbname=senso user=senso password='{password}'",
    "postgresql://senso:{quoted}@127.0.0.1:{port}/senso?sslmode=prefer",
    "postgresql://senso:{quoted}@127.0.0.1:9,127.0.0.1:{port}/senso?target_session_attrs=read-write",
    "postgresql://senso:{quoted}@/senso?host=127.0.0.1:9&host=127.0.0.1:{port}",
    "postgresql://senso:{quoted}@127.0.0.1:{port}/senso?connect_timeout=2&keepalives_idle=5&application_name=mine",
]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_the_url_reaches_a_server(server, folder, monkeypatch, form):
    (folder / "pgpass").write_text("*:*:*:*:" + PASSWORD.replace(":", "\\:"))
    (folder / "pgpass").chmod(0o600)
    services = f"[senso]\nhost=127.0.0.1\nport={server.port}\ndbname=senso\nuser=senso\npassword={PASSWORD}\n"
    (folder / "services").write_text(services)
    monkeypatch.setenv("PGSERVICEFILE", str(folder / "services"))
    values = {"quoted": QUOTED, "password": PASSWORD, "port": server.port, "folder": folder}

    assert reached(form.format(**values, quoted_folder=quote(str(folder), safe=""))) == "senso"


@pytest.mark.parametrize("first", ["primary", "standby"])
def test_of_two_servers_the_one_that_takes_writes_is_found_also_after_a_failover(folder, first):
    primary, standby = made(folder / f"primary-{first}"), made(folder / f"standby-{first}")
    with started(primary):
        pass
    shutil.copytree(primary.folder, standby.folder, symlinks=True)
    standby.identity.give(standby.folder)
    (standby.folder / "standby.signal").touch()
    hosts = [f"127.0.0.1:{one.port}" for one in (primary, standby)]
    url = f"postgresql://senso:{QUOTED}@{','.join(hosts if first == 'primary' else hosts[::-1])}/senso"
    with started(primary, standby):
        use_database(f"{url}?target_session_attrs=read-write")
        assert port() == primary.port
        primary.stop()
        primary.await_end()
        with pytest.raises(Unreachable):
            port()
        promote(standby)

        assert port() == standby.port


def port():
    with transaction() as db:
        return int(db.exec_driver_sql("SHOW port").scalar_one())


def promote(server):
    connection = psycopg2.connect(host="127.0.0.1", port=server.port, user="senso", password=PASSWORD, dbname="senso")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_promote()")
    connection.close()
