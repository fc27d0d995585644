import io
import json
import logging
import subprocess
import sys
from datetime import UTC, datetime
from uuid import UUID

import pytest
import structlog

from senso import log
from senso.log import HIDDEN, scrub

SECRETS = [
    "sk-proj-abcDEF123_456-789",
    "pplx-0123456789abcdef",
    "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "senso_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "Bearer 0b6f2a3e-very-secret",
    "postgresql://senso:hunter2@db.example:5432/senso",
    "redis://:hunter2@cache.example/0",
    "postgresql://senso:hunt@er2@db.example/senso",
    "https://hooks.slack.com/services/T0001/B0002/hunter2hunter2",
    "host=db password=hunter2 dbname=senso",
    "{'Authorization': 'Bearer hunter2'}",
    '{"api_key": "hunter2", "n": 1}',
    "GET /datasets?api_key=hunter2&format=json",
    "GET /data?access_token=hunter2",
    "OPENAI_API_KEY=hunter2",
]
VISIBLE = ("hunter2", "er2@", "very-secret", "abcDEF123", "0123456789abcdef", "A0123456789")


def shows(found):
    return [part for part in VISIBLE if part in str(found)]


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_hidden_inside_a_text(text):
    found = scrub(None, "info", {"event": f"before {text} after"})["event"]

    assert not shows(found)
    assert HIDDEN in found
    assert (found[:7], found[-6:]) == ("before ", " after")


@pytest.mark.parametrize(
    "name",
    ["api_key", "OPENAI_API_KEY", "token", "API_TOKEN", "secret", "password", "Authorization", "sentry_dsn", "webhook"],
)
def test_a_value_under_a_telling_name_is_hidden(name):
    assert scrub(None, "info", {name: "hunter2"}) == {name: HIDDEN}


@pytest.mark.parametrize(
    "event",
    [
        {"headers": {"Authorization": "hunter2"}},
        {"request": {"headers": [{"X-Api-Key": "hunter2"}]}},
        {"arguments": ["a", ("b", {"url": "redis://:hunter2@host/0"})]},
        {"found": {"sk-proj-hunter2hunter2"}},
        {"error": RuntimeError("Authorization: Bearer hunter2")},
        {"raw": b"Bearer hunter2"},
    ],
)
def test_a_secret_is_hidden_however_deep_it_lies(event):
    assert not shows(scrub(None, "info", event))


@pytest.mark.parametrize(
    "event",
    [
        {"event": "batch ended", "batch": "0197-aa", "count": 3, "share": 0.5, "ok": True, "error": None},
        {"tokens_in": 12, "tokens_out": 5},
        {"idempotency_key": "charge:1:2"},
        {"api_key": None},
        {"event": "password authentication failed for user"},
        {"event": "https://vendor.example/path?page=2 and a@b.example"},
        {"event": "Rate limit reached on tokens per min (TPM): Limit 30000"},
        {"counts": {"done": 3, "failed": [1, 2]}},
    ],
)
def test_what_is_no_secret_stays(event):
    assert scrub(None, "info", dict(event)) == event


def test_a_line_is_json_and_says_what_it_is_about(lines):
    log.logger("senso.test").warning("a push failed", tries=2, batch="b1")

    (line,) = lines()
    assert {"event", "level", "timestamp", "tries", "batch"} <= set(line)
    assert (line["event"], line["level"], line["tries"], line["batch"]) == ("a push failed", "warning", 2, "b1")
    assert datetime.fromisoformat(line["timestamp"]).tzinfo == UTC


def test_a_text_of_many_lines_is_one_line_of_json(lines):
    log.logger("senso.test").warning("first\nsecond", more="third\nfourth")

    (line,) = lines()
    assert (line["event"], line["more"]) == ("first\nsecond", "third\nfourth")


def test_any_value_can_be_logged(lines):
    id_ = UUID(int=7)
    log.logger("senso.test").warning(
        "odd", id=id_, at=datetime(2026, 11, 21, tzinfo=UTC), what=object, deep={"id": id_}
    )

    (line,) = lines()
    assert str(id_) in line["id"]
    assert str(id_) in line["deep"]["id"]


def break_down():
    cause = OSError("redis://:hunter2@host/0 is away")
    raise RuntimeError("GET /?api_key=hunter2") from cause


@pytest.mark.parametrize("name", ["senso.test", "celery.worker"])
def test_a_traceback_is_one_line_without_its_secrets(lines, name):
    logger = log.logger(name) if name.startswith("senso") else logging.getLogger(name)
    try:
        break_down()
    except RuntimeError:
        logger.exception("it broke")

    (line,) = lines()
    assert line["event"] == "it broke"
    assert "Traceback" in line["exception"]
    assert not shows(line)


def test_a_librarys_line_takes_the_same_way(lines):
    logging.getLogger("urllib3").warning("retry %s", "https://me:hunter2@vendor.example/")

    (line,) = lines()
    assert line["event"] == f"retry https://{HIDDEN}@vendor.example/"
    assert line["level"] == "warning"


def test_what_is_bound_is_in_every_line_and_scrubbed(lines):
    with structlog.contextvars.bound_contextvars(task="senso.read", url="redis://:hunter2@host/0"):
        log.logger("senso.test").warning("one")

    (line,) = lines()
    assert line["task"] == "senso.read"
    assert not shows(line)


def test_what_is_below_the_level_is_not_said(lines):
    log.logger("senso.test").debug("a prompt")

    assert lines() == []


@pytest.mark.parametrize("name", ["celery.worker.strategy", "celery.app.trace", "celery.beat", "alembic"])
def test_what_only_makes_noise_is_quiet_at_info(lines, name):
    logging.getLogger(name).info("Task received")

    assert lines() == []


def test_the_console_form_is_for_people_and_scrubbed_too(console):
    log.logger("senso.test").warning("a push failed", url="redis://:hunter2@host/0")

    assert "a push failed" in console.getvalue()
    assert not shows(console.getvalue())


LATE = """
import logging, sys
from senso import log
log.configure_when_needed("json", logging.WARNING)
assert "structlog" not in sys.modules
{}
logging.getLogger("a.library").info("of no interest")
"""


@pytest.mark.parametrize("logger", ["logging.getLogger('a.library')", "log.logger('senso.test')"])
def test_logs_that_are_configured_with_their_first_line_hide_secrets_too(logger):
    line = f"{logger}.warning('cannot reach redis://:hunter2@host/0')"

    done = subprocess.run([sys.executable, "-c", LATE.format(line)], capture_output=True, text=True, check=True)

    assert done.stdout == ""
    (said,) = done.stderr.splitlines()
    assert json.loads(said)["event"] == f"cannot reach redis://{HIDDEN}@host/0"


@pytest.fixture
def written(monkeypatch):
    """What goes to stderr; the loggers of the test run are as they were afterwards."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    yield stream
    root.handlers, _ = before, root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def lines(written):
    log.configure("json")
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.fixture
def console(written):
    log.configure("console")
    return written
