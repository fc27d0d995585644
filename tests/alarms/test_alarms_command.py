"""`senso alarms`: what was told, what is gathered, and whether Slack has it."""

import pytest
from alarm_steps import look, look_again, send_all
from shell import Shell
from test_alarm_grouping import failing

from senso.settings import settings


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    make.org()
    return Shell(monkeypatch, capsys)


def test_it_lists_what_was_sent_and_what_is_gathered(senso, make, sandbox):
    make.sql("INSERT INTO beats (id, ticked_at) VALUES ('host:1:a', now())")
    failing(make, 7)
    look(0)
    send_all(make)
    failing(make, 2)
    look_again(make)

    gathered, *_, told = senso("alarms", "--json").json
    assert (told["kind"], told["count"], told["status"], len(told["examples"])) == ("failed batches", 7, "sent", 5)
    assert (gathered["count"], gathered["status"], gathered["send_at"] is None) == (2, None, False)
    said = senso("alarms").out
    assert "failed batches: 7 alarms, since 20" in said
    assert "gathered for a message at 20" in said
    assert senso("alarms", "--since", "2999-01-01").code == 2


def test_without_an_address_it_says_that_nothing_was_sent(senso, make, environment):
    environment.delenv("SLACK_WEBHOOK_URL")
    settings.cache_clear()
    assert senso("alarms").out == "No alarms.\n"
    failing(make, 1)
    look(0)

    assert "not sent: SLACK_WEBHOOK_URL was not set" in " ".join(senso("alarms").out.split())
    refused = senso("alarms", "--test")
    assert (refused.code, refused.out) == (2, "")
    assert "SLACK_WEBHOOK_URL is not set" in refused.err


def test_a_test_message_says_what_slack_answered(senso, sandbox):
    assert senso("alarms", "--test").out == "Sent. Slack answered: ok\n"
    (text,) = sandbox.slack()
    assert "This is a test" in text
    assert senso("alarms", "--test", "--json").json == {"answer": "ok"}


@pytest.mark.parametrize(("kind", "code", "words"), [("404", 1, "404: no_service"), ("500", 5, "500: rollup_error")])
def test_a_test_message_that_is_refused_says_why(senso, sandbox, kind, code, words):
    sandbox.fault("slack", kind)

    refused = senso("alarms", "--test")

    assert refused.code == code
    assert words in refused.err
    assert "sandboxhook" not in refused.err
