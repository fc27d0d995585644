import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from senso.embedded.programs import redis_version
from senso.embedded.server import Server

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
protected-mode yes
databases 16
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
tcp-backlog 128
daemonize no
pidfile redis.pid
logfile ""
always-show-logo no
"""


class Redis(Server):
    name = "redis"
    pid_file = "redis.pid"
    gentle = signal.SIGTERM
    harsh = signal.SIGKILL  # loses at most the last second, as `everysec` says

    def place(self) -> Path:
        """One folder per major version: an older server, found in another shell's PATH, cannot read newer files.

        After a change of version, only messages are missing, and the sweep sends them again.
        """
        return self.home.path / f"{self.program.name.removesuffix('-server')}-{redis_version(self.program)[0]}"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.identity.give(self.folder)
        # In a file, because every user can read a command line. The server's working directory contains its data and
        # this file: names are relative, so no path has to be quoted.
        (self.folder / "redis.conf").write_text(CONFIGURATION.format(port=self.port, password=self.password))

    def arguments(self) -> Sequence[str]:
        return ["redis.conf"]

    def answers(self) -> bool:
        """Uses a plain socket: the client library takes longer to import than both servers take to start."""
        try:
            with socket.socket() as link, link.makefile("rb") as replies:
                link.settimeout(2)
                link.connect(("127.0.0.1", self.port))
                link.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return [replies.readline(), replies.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"
