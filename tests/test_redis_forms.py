"""Every form of REDIS_URL that is accepted, in a whole run: workers, chords, beat, trigger, doctor, Flower's look."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from ground import addresses, new_database
from redis_servers import (
    LIMITED,
    OF_THE_LOOK,
    OF_WORK,
    PASSWORD,
    QUOTED,
    free_port,
    make_certificates,
    redis_server,
    tls,
)

from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing
from senso.sandbox.world import World
from senso.settings import Settings

SENSO = [sys.executable, "-m", "senso.cli"]
ROOT = Path(__file__).parents[1]
FORMS = {
    "TLS, a password, an authority": "rediss://:{quoted}@localhost:{tls}/0?ssl_cert_reqs=required&ssl_ca_certs={ca}",
    "a Unix socket": "unix://:{quoted}@{socket}?db=2",
}
MORE_FORMS = {
    "a user, a number behind the ?": "redis://default:{quoted}@127.0.0.1:{plain}?db=4",
    "TLS, the address in place of the name": "rediss://:{quoted}@127.0.0.1:{tls}/0?ssl_ca_certs={ca}"
    "&ssl_check_hostname=false",
    "TLS, whatever the certificate": "rediss://:{quoted}@localhost:{tls}/6?ssl_cert_reqs=CERT_NONE",
    "TLS with a certificate of the client": "rediss://localhost:{mutual}/0?ssl_ca_certs={ca}&ssl_certfile={cert}"
    "&ssl_keyfile={key}",
    "a user with the names of work alone": "redis://senso:pw@127.0.0.1:{limited}/0",
    "valkey with TLS": "valkeys://:{quoted}@localhost:{tls}?ssl_ca_certs={ca}",
    "valkey": "valkey://:{quoted}@localhost:{plain}/8",
    "no number": "redis://:{quoted}@localhost:{plain}",
    "a password behind the ?": "redis://localhost:{plain}/3?password={quoted}",
    "Celery's form of a socket": "redis+socket://:{quoted}@{socket}?virtual_host=5",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Iterator[dict[str, object]]:
    folder = tmp_path_factory.mktemp("redis")
    made, secure, mutual = make_certificates(folder), free_port(), free_port()
    with ExitStack() as stack:
        options = ("--requirepass", PASSWORD)
        stack.enter_context(redis_server(folder / "tls", *tls(made, secure), *options))
        stack.enter_context(redis_server(folder / "mutual", *tls(made, mutual, clients="yes")))
        plain = stack.enter_context(redis_server(folder / "plain", "--unixsocket", str(folder / "a.sock"), *options))
        names = ("resetchannels", *OF_THE_LOOK, *OF_WORK, "-@admin", "-@dangerous", "+info")
        limited = stack.enter_context(redis_server(folder / "limited", *LIMITED, *names))
        yield {
            "limited": limited,
            "quoted": QUOTED,
            "tls": secure,
            "mutual": mutual,
            "plain": plain,
            "socket": folder / "a.sock",
            "ca": quote(made.file("ca.pem")),
            "cert": made.file("client.pem"),
            "key": made.file("client.key"),
        }


@pytest.mark.parametrize(
    "form",
    [*(pytest.param(form, id=name) for name, form in FORMS.items())]
    + [pytest.param(form, id=name, marks=pytest.mark.slow) for name, form in MORE_FORMS.items()],
)
def test_a_form_of_the_url_works_from_trigger_to_end(urls, places, tmp_path, form):
    url = form.format(**places)
    with new_database(urls, "forms") as database, up(tmp_path, database, url) as run:
        org = imported(run, tmp_path)
        triggered = run("trigger", "org", org, "--wait", "--json")
        told = run("doctor", "--json")

    batch = json.loads(triggered.stdout)
    assert (triggered.returncode, batch["state"], batch["finished_by"]) == (0, "completed", "chord"), triggered.stderr
    assert told.returncode == 0, told.stderr
    assert QUOTED not in (tmp_path / "log").read_text() + told.stdout
    assert seen_by_flower(url) == [{"name": "ask", "messages": 0}]


def seen_by_flower(url: str) -> list[dict[str, object]]:
    """As Flower asks for the lengths of queues, with what the app tells it."""
    code = (
        "import asyncio, json\n"
        "from flower.utils.broker import Broker\n"
        "from senso.tasks.app import app\n"
        "with app.connection() as link:\n"
        "    asked = Broker(link.as_uri(include_password=True), http_api=None,\n"
        "        broker_options=app.conf.broker_transport_options, broker_use_ssl=app.conf.broker_use_ssl)\n"
        "async def ask():\n"
        "    return await asked.queues(['ask'])\n"
        "print(json.dumps(asyncio.run(ask())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"REDIS_URL": url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def imported(run, folder: Path) -> str:
    file = folder / "world.yaml"
    document = World(7, orgs=1, questions=2).import_document(["gpt-6.1-terra"], [{"country": "US"}])
    file.write_text(yaml.safe_dump(document))
    done = run("import", str(file))
    assert done.returncode == 0, done.stderr
    return document["orgs"][0]["id"]


@contextmanager
def up(folder: Path, database: str, redis: str):
    """A stack on these servers; yields what runs a command beside it."""
    ours = {key.upper() for key in Settings.model_fields}
    with running(SandboxSettings(timing=Timing(0, 0, 0))) as outside, (folder / "log").open("wb") as log:
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        environment |= {"PYTHONPATH": str(ROOT), "SENSO_HOME": str(folder / "home"), "PORT": "0", "METRICS_PORT": "0"}
        environment |= addresses(outside)
        environment |= {"DATABASE_URL": database, "REDIS_URL": redis}
        options = {"env": environment, "cwd": folder}
        process = subprocess.Popen(
            [*SENSO, "up", "--no-flower", "--call-workers", "1"], stdout=log, stderr=log, **options
        )

        def run(*words: str) -> subprocess.CompletedProcess:
            return subprocess.run([*SENSO, *words], capture_output=True, text=True, check=False, timeout=90, **options)

        try:
            await_up(process, folder / "log")
            yield run
        finally:
            process.terminate()
            process.wait(30)


def await_up(process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if "senso is up" in log.read_text():
            return
        time.sleep(0.1)
    pytest.fail(log.read_text())
