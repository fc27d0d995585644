"""The command line as its users meet it: real processes, one line for every error, nothing left running."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from ground import addresses, new_database

from senso.sandbox.world import World
from senso.settings import Settings

SENSO = [sys.executable, "-m", "senso.cli"]
ROOT = Path(__file__).parents[1]


def environment(home: Path, **more: str) -> dict[str, str]:
    clean = {
        name: value for name, value in os.environ.items() if name not in {key.upper() for key in Settings.model_fields}
    }
    return (
        clean
        | {"SENSO_HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "100", "PORT": "0", "METRICS_PORT": "0"}
        | more
    )


def senso(*arguments: str, home: Path, **more: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*SENSO, *arguments],
        env=environment(home, **more),
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def started(*arguments: str, home: Path, **more: str):
    process = subprocess.Popen(
        [*SENSO, *arguments],
        env=environment(home, **more),
        cwd=home.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def left_over(home: Path) -> list[str]:
    """Processes that know of this home: by their command line, their environment or the folder they work in."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            known = (
                (process / "cmdline").read_text()
                + (process / "environ").read_text()
                + str((process / "cwd").readlink())
            )
            if str(home) in known and int(process.name) != os.getpid():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def gone(home: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not left_over(home):
            return True
        time.sleep(0.2)
    return not left_over(home)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def served(urls, home):
    """A database of its own on the servers of this test run, so that a command need not start any."""
    with new_database(urls, "cli") as url:
        yield {"DATABASE_URL": url, "REDIS_URL": urls.redis_url.rsplit("/", 1)[0] + "/4"} | addresses(
            "http://127.0.0.1:9"
        )


def test_the_demo_tells_a_stranger_what_happened_and_leaves_nothing_running(home):
    done = senso("demo", "--questions", "2", home=home)

    assert done.returncode == 0, done.stderr
    for said in ("2 questions x 3 models", "12 answered, 12 read, 0 failed", "»", "mention rate", "Charged 12 credits"):
        assert said in done.stdout
    assert "analytics: sent" in done.stdout
    assert left_over(home) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_demo_that_is_stopped_leaves_nothing_running(home, number):
    with started("demo", home=home) as process:
        deadline = time.monotonic() + 30
        while len(left_over(home)) < 8 and time.monotonic() < deadline:
            time.sleep(0.1)
        working = len(left_over(home))

        process.send_signal(number)

        assert gone(home, 20), left_over(home)
    assert working >= 8


def test_up_restarts_a_child_that_dies_and_stops_cleanly(home):
    with started("up", "--no-flower", "--call-workers", "1", home=home, **addresses("http://127.0.0.1:9")) as process:
        first = wait_for_worker(home, other_than=None)
        os.kill(first, signal.SIGKILL)
        second = wait_for_worker(home, other_than=first)

        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)

    assert second != first
    assert process.returncode == 0
    assert "call-1 ended with -9; starting it again" in said
    assert left_over(home) == []


def wait_for_worker(home: Path, other_than: int | None) -> int:
    for _ in range(300):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_text()
                mine = str(home).encode() in (process / "environ").read_bytes()
            except OSError:
                continue
            if mine and "call-1@" in command and int(process.name) != other_than:
                return int(process.name)
        time.sleep(0.1)
    pytest.fail("no call worker")


def test_a_second_command_uses_the_servers_of_the_first(home):
    with started("up", "--no-flower", "--call-workers", "1", home=home, **addresses("http://127.0.0.1:9")):
        wait_for_worker(home, other_than=None)

        began = time.monotonic()
        found = senso("doctor", "--json", home=home)
        seconds = time.monotonic() - began
        report = wait_for_living(home)

    assert found.returncode == 0, found.stderr
    assert seconds < 20  # it did not wait for the first to leave
    assert report["workers alive"] == 2
    assert gone(home, 20)


def wait_for_living(home: Path) -> dict:
    for _ in range(20):
        report = json.loads(senso("doctor", "--json", home=home).stdout)
        if report["workers alive"] == 2:
            return report
    return report


def world_file(folder: Path, **options) -> Path:
    file = folder / "world.yaml"
    document = World(7, orgs=1, questions=2).import_document(["gpt-6.1-terra"], [{"country": "US"}], **options)
    file.write_text(yaml.safe_dump(document))
    return file


def test_an_org_is_imported_triggered_and_shown(home, served, tmp_path):
    file = world_file(tmp_path)
    imported = senso("import", str(file), home=home, **served)
    again = senso("import", str(file), "--json", home=home, **served)
    org = yaml.safe_load(file.read_text())["orgs"][0]["id"]

    triggered = senso("trigger", "org", org, "--json", home=home, **served)
    batch = json.loads(triggered.stdout)
    status = senso("status", batch["id"], "--json", home=home, **served)

    assert imported.returncode == again.returncode == 0, imported.stderr
    assert all(not count["inserted"] for count in json.loads(again.stdout).values() if isinstance(count, dict))
    assert batch["outcome"] == "opened"
    assert set(json.loads(status.stdout)) >= {
        *(
            "id",
            "kind",
            "org_id",
            "network_id",
            "date",
            "episode",
            "state",
            "planned",
            "answered",
            "evaluated",
            "failed",
        ),
        *("charged", "cost_microusd", "llm_calls", "finished_by", "push", "started_at", "ended_at", "error"),
    }
    assert batch["id"] in senso("status", home=home, **served).stdout


def test_an_unreachable_broker_is_said_before_anything_is_opened(home, served, tmp_path):
    file = world_file(tmp_path)
    senso("import", str(file), home=home, **served)
    org = yaml.safe_load(file.read_text())["orgs"][0]["id"]

    done = senso("trigger", "org", org, home=home, **(served | {"REDIS_URL": "redis://:hunter2@127.0.0.1:9/0"}))

    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert "Redis" in done.stderr
    assert "hunter2" not in done.stderr
    assert "No batches yet" in senso("status", home=home, **served).stdout


def test_waiting_for_a_batch_without_credits_exits_three(home, served, tmp_path):
    file = world_file(tmp_path, credits=1)
    senso("import", str(file), home=home, **served)
    org = yaml.safe_load(file.read_text())["orgs"][0]["id"]

    with started("up", "--no-flower", "--call-workers", "1", home=home, **served):
        done = senso("trigger", "org", org, "--wait", "--json", home=home, **served)

    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["state"] == "blocked"
