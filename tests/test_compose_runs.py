"""The commands of compose.yaml as plain processes, in production, with nothing but files of secrets."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import yaml
from ground import Sandbox, addresses, new_database
from refusal_cases import IDS, WORLD

from senso.embedded.server import free_port
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing

ROOT = Path(__file__).parents[1]
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
PROGRAMS = ("worker", "control", "beat", "flower", "api", "metrics")
LOGIN = ("operator", "c4b1f0a9d2")
KEY = "evk-0b7d5e624f"
BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 60


class Compose:
    """`folder` stands for the container: its secrets, its working folder, and its /tmp."""

    def __init__(self, folder: Path, secrets: dict[str, str], outside: dict[str, str]) -> None:
        self.folder, self.flower, self.port = folder, free_port(), free_port()
        self.outside = {**outside, "API_HOST": "127.0.0.1", "PORT": str(self.port)}
        self.outside |= {"METRICS_HOST": "127.0.0.1", "METRICS_PORT": str(free_port())}
        self.sandbox = Sandbox(outside["OPENAI_BASE_URL"].removesuffix("/openai/v1"))
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        for name, value in secrets.items():
            (folder / name).write_text(value + "\n")

    def environment(self, service: str) -> dict[str, str]:
        given = SERVICES[service]["environment"]
        named = {name: value.replace("/run/secrets/", f"{self.folder}/") for name, value in given.items()}
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, "PATH": f"{BIN}:/usr/bin:/bin", **named, **self.outside}

    def start(self, service: str) -> None:
        line = [*SERVICES[service]["entrypoint"], *SERVICES[service]["command"]]
        here = {"--address=0.0.0.0": "--address=127.0.0.1", "--port=5555": f"--port={self.flower}"}
        here["/tmp/beat"] = str(self.folder / "beat")
        with (self.folder / f"{service}.log").open("wb") as log:
            self.started[service] = subprocess.Popen(
                [here.get(word, word) for word in line],
                cwd=self.folder,
                env=self.environment(service),
                stdout=log,
                stderr=log,
            )

    def health(self, service: str) -> subprocess.CompletedProcess[str]:
        """As Docker asks for it, in the container of the service."""
        (_, senso, *arguments) = SERVICES[service]["healthcheck"]["test"]
        assert senso == "senso"
        return self.senso(shlex.join(arguments), service)

    def senso(self, line: str, service: str = "control") -> subprocess.CompletedProcess[str]:
        """As `docker compose exec SERVICE senso ...`."""
        return subprocess.run(
            ["senso", *shlex.split(line)],
            cwd=self.folder,
            env=self.environment(service),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def stop(self) -> None:
        for process in self.started.values():
            process.send_signal(signal.SIGTERM)
        for process in self.started.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def compose(urls, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compose")
    with new_database(urls, "compose") as database, running(SandboxSettings(timing=Timing(0, 0, 0, 0))) as sandbox:
        redis = urls.redis_url.rsplit("/", 1)[0] + "/8"
        secrets = {"database_url": database, "redis_url": redis, "flower_basic_auth": ":".join(LOGIN), "event_key": KEY}
        secrets |= dict.fromkeys(("openai_api_key", "brightdata_api_key", "api_token"), "sandbox-4f8a0c17be")
        outside = {name: url for name, url in addresses(sandbox).items() if name.endswith("_URL")}
        made = Compose(folder, secrets, outside)
        try:
            yield made
        finally:
            made.stop()


def eventually(so, said=str):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if so():
            return
        time.sleep(0.2)
    pytest.fail(said())


def test_what_compose_starts_asks_reads_charges_and_pushes(compose):
    assert compose.senso("migrate", "migrate").returncode == 0
    for service in PROGRAMS:
        compose.start(service)
    (compose.folder / "orgs.yaml").write_text(WORLD)
    assert compose.senso("import orgs.yaml").returncode == 0

    done = compose.senso(f"trigger org {IDS['ORG']} --wait --json")

    assert done.returncode == 0, done.stderr + (compose.folder / "worker.log").read_text()
    batch = json.loads(done.stdout)
    assert (batch["state"], batch["charged"]) == ("completed", 1)
    eventually(compose.sandbox.pushes, (compose.folder / "control.log").read_text)


def test_an_event_is_all_that_it_takes(compose):
    url = f"http://127.0.0.1:{compose.port}"
    eventually(lambda: compose.health("api").returncode == 0, (compose.folder / "api.log").read_text)
    eventually(lambda: requests.get(f"{url}/ready", timeout=5).status_code == 200)

    event = {"name": "org.evaluation.process", "data": {"org_id": IDS["OTHER"], "triggered_by": "manual"}}
    assert requests.post(f"{url}/e/{KEY}", json=event, timeout=5).status_code == 200

    eventually(lambda: "completed" in compose.senso("status --json --state completed").stdout)
    done = json.loads(compose.senso("status --json --state completed").stdout)
    assert IDS["OTHER"] in {batch["org_id"] for batch in done}


@pytest.mark.parametrize("service", ["worker", "control", "beat", "api", "metrics"])
def test_a_service_that_gets_on_is_healthy(compose, service):
    eventually(lambda: compose.health(service).returncode == 0, lambda: compose.health(service).stderr)


def test_flower_asks_for_its_password_and_its_health_is_anybodys(compose):
    url = f"http://127.0.0.1:{compose.flower}"

    eventually((compose.folder / "flower.log").exists)
    assert requests.get(f"{url}/healthcheck", timeout=5).status_code == 200
    assert requests.get(f"{url}/workers", timeout=5).status_code == 401
    assert requests.get(f"{url}/workers", auth=LOGIN, timeout=5).status_code == 200


def test_no_secret_is_in_a_process_list_or_a_log(compose):
    seen = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    seen += "".join(log.read_text() for log in compose.folder.glob("*.log"))

    for name in ("database_url", "redis_url", "flower_basic_auth", "openai_api_key", "event_key"):
        assert (compose.folder / name).read_text().strip() not in seen


def test_no_program_leaves_a_file_but_what_beat_is_told_to(compose):
    ours = {"orgs.yaml", *(f"{service}.log" for service in PROGRAMS)}
    secrets = {secret for service in PROGRAMS for secret in SERVICES[service]["secrets"]}

    found = {path.name for path in compose.folder.iterdir()}
    assert {name for name in found if name.endswith(".log") or not name.startswith("beat")} == ours | secrets


def test_a_service_whose_program_died_is_not_healthy(compose):
    watched = ("worker", "control", "beat", "api", "metrics")
    for service in watched:
        compose.started[service].kill()

    eventually(lambda: {compose.health(service).returncode for service in watched} == {1})
