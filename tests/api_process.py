"""A real `senso api` or `senso metrics` in a process of its own, asked over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from senso.embedded.server import free_port

KEY = "evk-4f8a0c17be/9d2c4b1f0a+x="
PATIENCE_SECONDS = 60


@dataclass
class Api:
    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def logged(self, request: str) -> list[dict[str, Any]]:
        """The lines of one request, of which the last comes after its answer."""
        for _ in range(50):
            lines = [line for line in map(json.loads, self.log.splitlines()[1:]) if line.get("request_id") == request]
            if lines:
                return lines
            time.sleep(0.1)
        return []

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE_SECONDS, **options)

    def ask(self, method: str, path: str, token: str | None, **options: Any) -> requests.Response:
        """Below /api/v1. `token`: as Bearer; None for none."""
        headers = ({} if token is None else {"Authorization": f"Bearer {token}"}) | options.pop("headers", {})
        url = f"{self.url}/api/v1{path}"
        return requests.request(method, url, headers=headers, timeout=PATIENCE_SECONDS, **options)

    def send(self, events: Any, *, key: str = KEY, **options: Any) -> requests.Response:
        return requests.post(f"{self.url}/e/{key}", json=events, timeout=PATIENCE_SECONDS, **options)

    def post(self, body: Any, *, key: str = KEY, **options: Any) -> requests.Response:
        return requests.post(f"{self.url}/e/{key}", data=body, timeout=PATIENCE_SECONDS, **options)


@contextmanager
def serving(folder: Path, more: Mapping[str, str | None], command: str = "api") -> Iterator[Api]:
    """None takes a variable away."""
    port, log = free_port(), folder / f"{command}-{time.monotonic_ns()}.log"
    given = {"EVENT_KEY": KEY, "PORT": str(port), "SENSO_HOME": str(folder / "home"), "LOG_FORMAT": "json"}
    given["METRICS_PORT"] = str(port)
    environment = {name: value for name, value in {**os.environ, **given, **more}.items() if value is not None}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "senso.cli", command], env=environment, cwd=folder, stdout=output, stderr=output
        )
    api = Api(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_for(api)
        yield api
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def wait_for(api: Api) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and api.process.poll() is None:
        with suppress(requests.ConnectionError):
            assert api.get("/health").status_code == 200
            return
        time.sleep(0.05)
    raise AssertionError(api.log)
