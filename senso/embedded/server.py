"""The life cycle of one server: choose a port, start, wait until it answers, restart it if it dies, stop."""

import logging
import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from senso.embedded.home import Home, patience
from senso.embedded.identity import ENVIRONMENT, Identity
from senso.embedded.kernel import ending_with_us, works_in
from senso.errors import Unreachable

READY_SECONDS = 75
STOP_SECONDS = 10
LONGEST_LOG = 10 * 1024 * 1024  # bytes

logger = logging.getLogger(__name__)


class Server(ABC):
    name: str
    pid_file: str  # in its folder; the first line is the pid
    gentle: signal.Signals  # orderly shutdown
    harsh: signal.Signals  # immediate end; loses nothing that the server guarantees to keep

    def __init__(self, home: Home, program: Path, identity: Identity, password: str) -> None:
        self.home = home
        self.program = program
        self.identity = identity
        self.password = password
        self.folder = self.place()
        self.log = home.log(self.name)
        self.port = free_port()
        self.log_start = 0
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def place(self) -> Path:
        """The folder of its data, which is also its working directory."""

    @abstractmethod
    def prepare(self) -> None:
        """Called before each start."""

    @abstractmethod
    def arguments(self) -> Sequence[str]: ...

    @abstractmethod
    def answers(self) -> bool:
        """Whether it answers on its port, with its password."""

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def spawn(self) -> None:
        self.prepare()
        self.evict()
        # Set in the process that becomes the server, and after all changes of rights, which would clear it.
        command = [*self.identity.prefix, *ending_with_us(self.gentle), str(self.program), *self.arguments()]
        with self.log.open("ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, env=ENVIRONMENT
            )

    def evict(self) -> None:
        """Stops an orphan: two servers on the same data would destroy it.

        This process holds the guardian's lock, so a server that runs here has lost its guardian, and must end.
        """
        orphan = self.orphan()
        if orphan is None:
            return
        with suppress(ProcessLookupError):
            os.kill(orphan, self.gentle)
            for _ in patience(STOP_SECONDS):
                if self.orphan() is None:
                    return
            os.kill(orphan, self.harsh)

    def orphan(self) -> int | None:
        try:
            pid = (self.folder / self.pid_file).read_text().partition("\n")[0].strip()
        except FileNotFoundError:
            return None
        return int(pid) if works_in(pid, self.folder) else None

    def await_ready(self, *, same_port: bool = False) -> None:
        """Raises Unreachable with the end of its log."""
        for _ in patience(READY_SECONDS):
            if self.has_ended():
                self.start_again(same_port=same_port)
            elif self.answers() and not self.has_ended():
                return
        raise Unreachable(f"{self.name} does not answer after {READY_SECONDS} s: {self.last_words()} ({self.log})")

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def start_again(self, *, same_port: bool) -> None:
        """Restarts it if waiting or another port may help, else raises Unreachable. The caller limits the tries."""
        said = self.said()
        if "Address already in use" in said and not same_port:
            self.port = free_port()
        # The processes of a killed Postgres release its data only after a moment.
        elif not any(words in said for words in ("still in use", "already exists", "Address already in use")):
            raise Unreachable(f"{self.name} ended at once: {self.last_words()} ({self.log})")
        time.sleep(0.1)
        self.spawn()

    def mend(self) -> bool:
        """Restarts it if it has died, on the same port, so that its users find it. Returns whether it had died."""
        if not self.has_ended():
            return False
        logger.warning("%s ended: %s", self.name, self.last_words())
        self.spawn()
        self.await_ready(same_port=True)
        return True

    def stop(self) -> None:
        if self.process and not self.has_ended():
            self.process.send_signal(self.gentle)

    def await_end(self) -> None:
        for urgent in (self.harsh, signal.SIGKILL):
            try:
                if self.process:
                    self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                logger.warning("%s does not stop, %s", self.name, urgent.name)
                self.process.send_signal(urgent)  # type: ignore[union-attr]

    def said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            return log.read(100_000).decode(errors="replace")

    def last_words(self) -> str:
        lines = [line.strip() for line in self.said().splitlines() if line.strip()]
        return " / ".join(lines[-3:]) or "without a word"

    def trim_log(self) -> None:
        # Every writer appends, so the next line lands at the new end.
        if self.log.stat().st_size > LONGEST_LOG:
            self.log_start = 0
            self.log.write_bytes(b"")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
