"""The embedded Postgres of a home folder: made, started, stopped."""

import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import closing
from os import getpid
from pathlib import Path

import psycopg2

from senso.embedded.identity import ENVIRONMENT
from senso.embedded.kernel import ending_with_us, works_in
from senso.embedded.server import Server
from senso.errors import Unreachable

INITDB_SECONDS = 60

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path is limited to about 100 characters; a home's path may be longer
    "max_connections": "200",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",  # in the data: /dev/shm is small in containers and keeps files after kill -9
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "none",
    "log_min_error_statement": "panic",  # a failing statement may hold a secret; its error is enough
}


class Postgres(Server):
    name = "postgres"
    pid_file = "postmaster.pid"
    gentle = signal.SIGINT  # "fast": rolls back open transactions and waits for no client
    harsh = signal.SIGQUIT  # no checkpoint; the next start replays the write-ahead log

    def place(self) -> Path:
        return self.home.path / "postgres"

    def prepare(self) -> None:
        if not self.folder.exists():
            self.create_data()
        self.identity.give(self.folder)
        self.disown_dead_pid()

    def arguments(self) -> Sequence[str]:
        settings = [f"{name}={value}" for name, value in {**SETTINGS, "port": str(self.port)}.items()]
        return ["-D", str(self.folder), *(word for setting in settings for word in ("-c", setting))]

    def create_data(self) -> None:
        """Atomic: a folder with the final name is complete."""
        fresh = self.home.path / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self.identity.give(fresh)
        try:
            self.run_initdb(fresh)
            fresh.rename(self.folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def run_initdb(self, folder: Path) -> None:
        command = [
            *(*self.identity.prefix, *ending_with_us(signal.SIGKILL), str(self.program.with_name("initdb"))),
            *("-D", str(folder), "-U", "senso", "--pwfile", str(self.home.path / "password")),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
            "--no-sync",  # before the first start there is no data to lose
        ]
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            cwd=self.home.path,
            timeout=INITDB_SECONDS,
        )
        if done.returncode != 0:
            lines = done.stdout.decode(errors="replace").strip().splitlines()
            raise Unreachable(f"initdb in {self.home.path} failed: {' / '.join(lines[-3:])}")

    def disown_dead_pid(self) -> None:
        """Postgres does not start while any process has the pid of its last run, and in a container one soon has.

        It ignores its parent's pid, though, and still checks the shared memory named further down in the file. So the
        pid of an unrelated process is replaced by ours, the parent's, and the protection stays.
        """
        file = self.folder / self.pid_file
        if not file.exists():
            return
        pid, newline, rest = file.read_text().partition("\n")
        if not newline:
            file.unlink()
        elif works_in(pid, self.folder) is False:
            file.write_text(f"{getpid()}\n{rest}")

    def answers(self) -> bool:
        try:
            self.connect("senso").close()
        except psycopg2.OperationalError as error:
            if "authentication failed" in str(error):
                raise Unreachable(f"{self.home.path}/password is not the password of the data beside it") from None
            if 'database "senso" does not exist' not in str(error):
                return False
            self.create_database()
        return True

    def create_database(self) -> None:
        try:
            with closing(self.connect("postgres")) as connection, connection.cursor() as cursor:
                connection.autocommit = True
                cursor.execute("CREATE DATABASE senso")
        except psycopg2.Error as error:
            raise Unreachable(f"cannot create the database senso: {' '.join(str(error).split())}") from error

    def connect(self, database: str) -> "psycopg2.extensions.connection":
        # Sets every option that environment variables could change.
        return psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user="senso",
            password=self.password,
            dbname=database,
            connect_timeout=2,
            sslmode="disable",
            gssencmode="disable",
            options="-c statement_timeout=30s",
        )

    @property
    def url(self) -> str:
        return f"postgresql+psycopg2://senso:{self.password}@127.0.0.1:{self.port}/senso"
