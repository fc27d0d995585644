"""The commands of README's second screen, as a newcomer pastes them, in a new folder with real processes.

Only the ports are others than those that are written, so that a stack that runs on this machine is not in the way.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
PROGRAM = Path(sys.executable).parent / "senso"
BLOCK = re.compile(r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
LEFT_RUNNING = {"sandbox": re.compile(r"senso sandbox( --import \S+)?$"), "up": re.compile(r"senso up$")}
WORLD, OWN = "c5f2e477-1c30-5919-a9c4-4640ebee0633", "5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0002"
PATIENCE_SECONDS = 120


def test_the_second_screen_leads_from_the_sandbox_to_the_users_own_organisations(newcomer):
    for language, text in blocks():
        if language == "yaml":
            newcomer.folder.joinpath("orgs.yaml").write_text(text)
        else:
            newcomer.pastes(text)

    made_up, mine = newcomer.said[f"senso report {WORLD}"], newcomer.said[f"senso report {OWN}"]
    assert "Community Financial Credit Union" in made_up
    assert max(rates(made_up)) > 0
    assert "Larch Hill Credit Union" in mine
    assert max(rates(mine)) > 0
    assert "Nothing was written" in newcomer.said[f"senso trigger org {OWN} --dry-run"]


class Newcomer:
    """Pastes what stands in the README, and leaves running what says so."""

    def __init__(self, folder: Path, environment: dict[str, str], port: int) -> None:
        self.folder, self.environment, self.port = folder, environment, port
        self.said: dict[str, str] = {}
        self.running: dict[str, subprocess.Popen[str]] = {}

    def pastes(self, block: str) -> None:
        for line in block.splitlines():
            typed = line.split("  #")[0].strip()
            name = next((name for name, form in LEFT_RUNNING.items() if form.search(typed)), None)
            if typed.startswith("rm "):
                self.stops("sandbox", "up")
            if name:
                self.stops(name)
                self.starts(name, typed)
            else:
                self.runs(typed)

    def runs(self, typed: str) -> None:
        done = subprocess.run(
            self.here(typed), **self.how(), stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=False
        )
        self.said[typed.removeprefix(".venv/bin/")] = done.stdout
        assert done.returncode == 0, (typed, done.stdout, done.stderr)

    def starts(self, name: str, typed: str) -> None:
        """A sandbox says when it is ready; what is triggered before workers are up waits for them."""
        process = subprocess.Popen(f"exec {self.here(typed)}", **self.how(), stderr=subprocess.STDOUT)
        self.running[name] = process
        if name == "sandbox":
            assert "sandbox ready at" in process.stdout.readline()

    def stops(self, *names: str) -> None:
        for process in filter(None, (self.running.pop(name, None) for name in names)):
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=PATIENCE_SECONDS)
            assert process.returncode == 0, output

    def here(self, typed: str) -> str:
        return typed.replace("senso sandbox", f"senso sandbox --port {self.port}")

    def how(self) -> dict[str, object]:
        return {"shell": True, "cwd": self.folder, "env": self.environment, "stdout": subprocess.PIPE, "text": True}


def blocks() -> Iterator[tuple[str, str]]:
    """Each with its language, without the indent of its step."""
    text = README.read_text()
    section = text[text.index("## With your own organisations") : text.index("## What it promises")]
    for found in BLOCK.finditer(section):
        yield found["language"], re.sub(r"^   ", "", found["text"], flags=re.MULTILINE)


def rates(report: str) -> list[int]:
    return [int(percent) for percent in re.findall(r"mention rate\D+?(\d+) %", report)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@pytest.fixture
def newcomer(tmp_path) -> Iterator[Newcomer]:
    (tmp_path / "a folder" / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "a folder" / ".venv" / "bin" / "senso").symlink_to(PROGRAM)
    ports = {"FLOWER_PORT": str(free_port()), "PORT": str(free_port()), "METRICS_PORT": str(free_port())}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **ports}
    made = Newcomer(tmp_path / "a folder", environment, free_port())
    yield made
    made.stops(*made.running)
