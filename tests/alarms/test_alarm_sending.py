"""Messages reach Slack once, one a second, whatever Slack does meanwhile, and never with a secret."""

import json
import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from alarm_steps import send_all

from senso import log, slack, supplied
from senso.db import transaction
from senso.errors import ConfigError, OutsideError
from senso.queries import alarms
from senso.sandbox.env import SLACK
from senso.settings import settings
from senso.tasks.stages import alarm
from senso.workflows.alarms import sending, watching

URL_WORDS = ("sandboxhook", "B0SANDBOX", "/slack/services")


def written(make, count: int = 1, *, text: str = "*3 batches* have failed & <!channel> <b>") -> list[int]:
    return [
        make.one(
            "INSERT INTO alarm_messages (kind, part, count, since, text) "
            "VALUES ('failed batches', 'first', 3, now(), :text) RETURNING id",
            text=text,
        )
        for _ in range(count)
    ]


def row(make, message: int) -> dict:
    (found,) = make.sql(
        "SELECT *, extract(epoch FROM next_at - now())::float AS wait FROM alarm_messages WHERE id = :id", id=message
    )
    return found


def test_a_message_arrives_once_and_is_escaped(make, sandbox):
    (message,) = written(make)

    alarm(str(message))
    alarm(str(message))

    assert sandbox.slack() == ["*3 batches* have failed &amp; &lt;!channel&gt; &lt;b&gt;"]
    assert (row(make, message)["status"], row(make, message)["tries"]) == ("sent", 1)


def test_a_message_is_sent_by_its_message_on_the_queue(make, sandbox, messages):
    with transaction() as db:
        found = alarms.Message("restarts", "first", 1, make.one("SELECT now()"), "a text")
        alarms.write(db, found, configured=True)

    assert ("senso.alarm", ["1"]) in messages("push")


def test_slack_away_and_back(make, sandbox):
    (message,) = written(make)
    sandbox.fault("slack", "503")
    waits = []
    for _ in range(3):
        make.sql("UPDATE alarm_messages SET next_at = now()")
        assert send_all(make) == 0
        waits.append(round(row(make, message)["wait"]))

    assert waits == [10, 20, 40]
    assert row(make, message)["error"] == "Slack 503: unavailable"
    sandbox.heal()
    make.sql("UPDATE alarm_messages SET next_at = now()")
    assert send_all(make) == 1
    assert len(sandbox.slack()) == 1


@pytest.mark.parametrize("kind", ["500", "404", "drop", "cut-within", "page", "malformed", "410"])
def test_whatever_slack_does_the_message_waits_for_its_next_try(make, sandbox, kind):
    (message,) = written(make)
    sandbox.fault("slack", kind, times=1)

    assert not sending.deliver(message)

    found = row(make, message)
    assert (found["status"], found["tries"], round(found["wait"])) == ("pending", 1, 10)
    assert not any(word in found["error"] for word in URL_WORDS), found["error"]


def test_a_429_holds_every_message_for_as_long_as_it_says(make, sandbox):
    first, second = written(make, 2)
    sandbox.fault("slack", "429", times=1, retry_after=120)

    assert not sending.deliver(first)

    assert [round(row(make, one)["wait"]) for one in (first, second)] == [120, 120]


def test_a_slack_that_hangs_is_left_after_its_time(make, sandbox, monkeypatch):
    monkeypatch.setattr(slack, "ANSWER_SECONDS", 0.3)
    (message,) = written(make)
    sandbox.fault("slack", "hang", seconds=5)

    assert not sending.deliver(message)

    assert row(make, message)["error"] == "Slack: did not answer in time"
    assert row(make, message)["lease_until"] is None


def test_one_message_a_second_over_all_processes(make, sandbox):
    found = written(make, 8)
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(sending.deliver, found))

    assert sum(sent) == 1
    assert len(sandbox.slack()) == 1


def test_what_is_left_is_sent_one_after_the_other_by_whoever_watches(make, sandbox, monkeypatch):
    monkeypatch.setattr(watching, "LATE_SECONDS", 0)
    written(make, 3)

    watching.Watch().send_late()

    moments = [one["tried_at"].timestamp() for one in make.sql("SELECT tried_at FROM alarm_messages ORDER BY id")]
    assert len(sandbox.slack()) == 3
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 1


def test_the_control_worker_has_the_first_try(make, sandbox):
    written(make)

    watching.Watch().send_late()

    assert sandbox.slack() == []


def test_a_message_of_yesterday_is_dropped(make, sandbox):
    (message,) = written(make)
    make.sql("UPDATE alarm_messages SET created_at = now() - interval '25 hours'")

    assert not sending.deliver(message)
    watching.Watch().once()

    assert row(make, message)["status"] == "dropped"
    assert sandbox.slack() == []


def test_a_sender_that_is_killed_before_it_could_mark_costs_one_message_more_at_most(make, sandbox, tmp_path):
    (message,) = written(make)
    trap = [{"at": "alarm sent", "do": "kill", "times": 1}]
    program = f"from senso import edge; edge.supply(); from senso.tasks.stages import alarm; alarm('{message}')"
    killed = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "FAILPOINTS": json.dumps(trap), "FAILPOINTS_FOLDER": str(tmp_path)},
        timeout=60,
        check=False,
    )

    assert killed.returncode == -9
    assert not sending.deliver(message)  # in the hands of the dead one, until his lease is over
    make.sql("UPDATE alarm_messages SET lease_until = now() - interval '1 second'")
    assert send_all(make) == 1
    assert send_all(make) == 0
    assert len(sandbox.slack()) == 2


def test_the_address_is_in_no_line_and_in_no_row(make, sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    for kind in ("401", "drop", "429"):
        sandbox.fault("slack", kind, times=1)
        written(make)
        make.sql("UPDATE alarm_messages SET next_at = now()")
        send_all(make)
    said = [one for one in caplog.text.splitlines() if "urllib3" not in one]

    assert not [line for line in said if any(word in line for word in URL_WORDS)]
    assert not [one for one in make.sql("SELECT error FROM alarm_messages") if any(w in str(one) for w in URL_WORDS)]


def test_the_libraries_lines_with_the_address_are_not_written():
    log.configure("json")

    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.INFO)


def test_an_error_has_no_trace_of_the_address():
    with pytest.raises(OutsideError) as raised:
        slack.post(f"http://127.0.0.1:9{SLACK}", "text")

    shown = f"{raised.value} {raised.value.__cause__}"
    assert raised.value.__suppress_context__
    assert not any(word in shown for word in URL_WORDS)


def test_no_secret_of_the_settings_is_in_an_alarm(make, sandbox, environment):
    secrets = {
        "OPENAI_API_KEY": "canary-openai-key",
        "BRIGHTDATA_API_KEY": "canary-brightdata-key",
        "HTTPS_PROXY": "http://user:canary-proxy-password@proxy.example:3128",
    }
    for name, value in secrets.items():
        environment.setenv(name, value)
    settings.cache_clear()
    make.org()
    url = supplied.alarming().url
    words = ("401", *secrets.values(), "canary%2Dbrightdata%2Dkey", url, settings().database_url.get_secret_value())
    make.sql(
        "INSERT INTO batches (id, kind, org_id, batch_date, state, planned, credits_per_evaluation, triggered_by, "
        "ended_at, error) "
        "SELECT gen_random_uuid(), 'org', id, current_date, 'failed', 6, 1, 'x', now(), :error FROM orgs",
        error=" ".join(words),
    )

    watching.Watch().once()
    send_all(make)

    rows = [make.sql("SELECT said FROM alarms"), make.sql("SELECT text FROM alarm_messages")]
    told = json.dumps([*rows, sandbox.slack()])
    assert "failed" in told
    for never in ("canary", "sandboxhook", settings().database_url.get_secret_value().split(":")[2].split("@")[0]):
        assert never not in told


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T/B/x",
        "https://hooks.slack.com",
        "https://user@hooks.slack.com/x",
        "hooks.slack.com/services/T/B/x",
        "http://127.0.0.1.example.com/services/x",
        "ftp://127.0.0.1/x",
    ],
)
def test_an_address_in_clear_text_or_none_is_refused_without_quoting_it(environment, url):
    environment.setenv("SLACK_WEBHOOK_URL", url)
    settings.cache_clear()

    with pytest.raises(ConfigError, match=r"^SLACK_WEBHOOK_URL: must be https://host/path") as raised:
        settings()
    assert url not in str(raised.value)


@pytest.mark.parametrize("url", ["https://hooks.slack.com/services/T/B/x", "http://localhost:8484/slack/x"])
def test_an_address_of_slack_or_of_this_machine_is_taken_also_from_a_file(environment, tmp_path, url):
    (tmp_path / "url").write_text(f"{url}\n")
    environment.delenv("SLACK_WEBHOOK_URL")
    environment.setenv("SLACK_WEBHOOK_URL_FILE", str(tmp_path / "url"))
    settings.cache_clear()

    assert supplied.alarming().url == url


def test_a_look_that_fails_is_followed_by_the_next(make, sandbox, monkeypatch):
    watch = watching.Watch()
    watch.once()
    assert watch.since is not None
    with monkeypatch.context() as broken:
        broken.setattr("senso.workflows.alarms.looking.look", lambda _: 1 / 0)
        watch.once()
    assert watch.since is None
    watch.once()

    assert watch.seconds() < 5
    assert time.monotonic() >= (watch.since or 0)
