"""Secrets are planted everywhere, everything that leaves the product is searched for them."""

import base64
import io
import json
import logging
import re
import sys
import threading

import pytest
import sentry_sdk
import structlog
from api_process import serving
from at_work import work_off
from hooks import Receiver, keys
from pydantic import SecretStr
from redis import Redis
from shell import Shell

from senso import log, sentry
from senso.backup import programs
from senso.db import transaction
from senso.errors import ConfigError
from senso.metrics import collector
from senso.outgoing import calls
from senso.outgoing.addresses import Reach
from senso.queries import stored
from senso.settings import secrets, settings
from senso.tasks import canvas
from senso.tasks.stages import deliver, push
from senso.workflows import rotating
from senso.workflows.webhooks import managing

SITE = "https://canary-website-4711.example"
SETTINGS = {
    "OPENAI_API_KEY": "sk-canary-openai-4711",
    "BRIGHTDATA_API_KEY": "canary-brightdata-4711",
    "API_TOKEN": "canary-application-4711",
    "EVENT_KEY": "canary-events-4711",
}


class Echo(Receiver):
    """Repeats what it was sent, as services do in their errors."""

    def reply(self, request):
        said = json.dumps({"error": {"message": f"no: {request.headers} {request.body.decode()}"}})
        return 500, {}, said.encode()


@pytest.fixture
def receiver():
    with Echo() as made:
        yield made


@pytest.fixture
def planted(environment, sandbox, receiver):
    with keys(environment):
        for name, value in SETTINGS.items():
            environment.setenv(name, value)
        environment.setenv("APPLICATION_API_URL", receiver.url)
        settings.cache_clear()
        yield set(SETTINGS.values()) | set(settings().encrypting)


class Heard:
    """Everything that goes through Redis: messages, and Celery's events, which Flower shows."""

    def __init__(self, url):
        self.redis, self.found, self.ended = Redis.from_url(url), [], threading.Event()
        self.monitor = self.redis.pubsub()
        self.monitor.psubscribe("*")
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while not self.ended.is_set():
            message = self.monitor.get_message(timeout=0.05)
            if message:
                self.found.append(str(message))

    def said(self):
        self.ended.set()
        self.thread.join()
        self.monitor.close()
        keys_ = [key for key in self.redis.scan_iter() if self.redis.type(key) in {b"list", b"string"}]
        values = (
            self.redis.lrange(key, 0, -1) if self.redis.type(key) == b"list" else self.redis.get(key) for key in keys_
        )
        said = "".join([*self.found, *map(str, keys_), *map(str, values)])
        self.redis.close()
        return said + "".join(unpacked(said))


def unpacked(said):
    """The bodies of messages, which are in base64."""
    for one in re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", said):
        try:
            yield base64.b64decode(one + "=" * (-len(one) % 4)).decode(errors="replace")
        except ValueError:
            continue


def dump():
    with transaction() as db:
        major = stored.moment(db).major
    program = programs.find("pg_dump", major)
    return programs.run(program, "--dbname", programs.connection())


def reported():
    """What Sentry is sent of an error whose text and whose frames hold secrets."""
    sent = []
    dsn = SecretStr("http://public@127.0.0.1:9/1")
    sentry.start("worker", dsn, "test")
    sentry_sdk.get_client().transport.capture_envelope = sent.append
    yield sent
    sentry_sdk.get_client().close()
    sentry_sdk.init(trace_propagation_targets=[])  # else later calls of this process carry headers of its own


@pytest.fixture
def told():
    yield from reported()


@pytest.fixture
def logged(monkeypatch):
    """What this process logs, as JSON lines; the loggers of the test run are as they were afterwards."""
    root, written, configure = logging.getLogger(), io.StringIO(), structlog.configure
    before, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr(
        structlog, "configure", lambda **options: configure(**options | {"cache_logger_on_first_use": False})
    )
    log.configure("json")
    yield written.getvalue
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


def test_no_secret_leaves(make, planted, receiver, urls, told, logged, tmp_path, senso):  # noqa: PLR0917
    heard = Heard(urls.redis_url)
    org = make.org()
    make.sql("UPDATE org_websites SET url = :url", url=SITE)
    rotating.rotate("me")
    token = make.token()
    with transaction() as db:
        made = managing.make(db, managing.checked(receiver.url), org.partner, (), "me")
    planted |= {token, made.secret, made.secret.removeprefix("whsec_"), SITE, SITE.removeprefix("https://")}

    work_off(make, make.queued(org))
    canvas.send(make.due_now())
    for row in make.sql("SELECT key FROM deliveries"):
        deliver(row["key"])  # answered by all that was sent
    for row in make.sql("SELECT key FROM pushes"):
        push(row["key"])
    with transaction() as db:
        tried = managing.test(db, made.id, None, "me")
    deliver(tried)
    errors = []
    for failing in (
        lambda: managing.checked(f"https://user:{made.secret}@example.com/"),
        lambda: calls.check(f"https://no-such-host.invalid/{made.secret}", Reach.PUBLIC),
    ):
        with pytest.raises(Exception) as refused:  # noqa: PT011
            failing()
        errors.append(str(refused.value))
        sentry_sdk.capture_exception(refused.value)
    logging.getLogger("senso").warning("a receiver says %s of %s", made.secret, token)
    sentry_sdk.capture_exception(ConfigError(f"a receiver says {made.secret} of {token}"))
    given = SETTINGS | {"ENCRYPTION_KEYS": settings().encrypting[0]}
    with serving(tmp_path, {"DATABASE_URL": settings().database_url.get_secret_value(), **given}) as api:
        shown = [
            api.ask("GET", path, token).text for path in ("/webhooks", f"/webhooks/{made.id}/deliveries", "/tokens")
        ]
        shown += [api.ask("GET", "/webhooks", made.secret).text, api.ask("GET", f"/nothing?key={token}", token).text]
        api_log = api.log
    commands = [senso(*one).out for one in (("webhooks", "--json"), ("webhooks", made.id), ("doctor",), ("status",))]

    left = {
        "dump": dump(),
        "redis and Flower": heard.said(),
        "logs": logged(),
        "log of the API": api_log,
        "answers of the API": "".join(shown),
        "commands": "".join(commands),
        "errors": "".join(errors),
        "metrics": collector.text(collector.Senso(seconds=20)).decode(),
        "Sentry": "".join(str(one.get_event()) for one in told),
    }
    found = {(where, secret) for where, said in left.items() for secret in planted if secret in said}

    assert len(receiver.requests) >= 3
    assert all(left[where] for where in ("dump", "redis and Flower", "logs", "log of the API", "metrics", "Sentry"))
    assert set(secrets(settings())) >= set(SETTINGS.values()) | set(settings().encrypting)
    assert found == set()
