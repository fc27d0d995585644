"""The Postgres and the Redis of all faults, which a test may kill, empty and starve."""

import os
import signal
from pathlib import Path

from redis import Redis as RedisClient

from senso.embedded.home import Home
from senso.embedded.identity import find_identity
from senso.embedded.postgres import Postgres
from senso.embedded.programs import find_programs
from senso.embedded.redis import Redis
from senso.embedded.server import Server


class Servers:
    """With all that keeps data, fsync included, started by this process so that it may kill."""

    def __init__(self, home: Path) -> None:
        folder, programs = Home.prepared(home), find_programs()
        identity = find_identity(folder, programs)
        self.postgres = Postgres(folder, programs.postgres, identity, "a password")
        (home / "password").write_text("a password")
        self.redis = Redis(folder, programs.redis, identity, "a-password")
        for server in (self.postgres, self.redis):
            server.spawn()
        for server in (self.postgres, self.redis):
            server.await_ready()
        self.postgres_url = self.postgres.url.replace("a password", "a%20password")

    def url_of(self, database: str) -> str:
        return self.postgres_url.rsplit("/", 1)[0] + f"/{database}"

    def plain_url_of(self, database: str) -> str:
        """For psycopg2 itself."""
        return self.url_of(database).replace("+psycopg2", "")

    def client(self) -> RedisClient:
        return RedisClient.from_url(self.redis.url)

    def clear_redis(self) -> None:
        with self.client() as client:
            client.flushall()

    def kill(self, server: Server) -> None:
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()

    def start_again(self, server: Server) -> None:
        server.spawn()
        server.await_ready(same_port=True)

    def mend(self) -> None:
        for server in (self.redis, self.postgres):
            server.mend()

    def stop(self) -> None:
        for server in (self.redis, self.postgres):
            server.stop()
            server.await_end()
