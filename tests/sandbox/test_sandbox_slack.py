import pytest

from senso import slack
from senso.sandbox.env import SLACK


def test_a_message_is_kept_and_the_answer_is_a_word(client):
    reply = client.post(SLACK, slack.body("*A* message"))

    assert (reply.status_code, reply.text) == (200, "ok")
    assert [one["text"] for one in client.control("slack")] == ["*A* message"]
    assert client.control("slack", method="DELETE") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "no block"},
        slack.body(""),
        slack.body("x" * (slack.MOST_CHARACTERS + 1)),
        [],
    ],
)
def test_what_slack_would_refuse_is_refused(client, body):
    assert client.post(SLACK, body).status_code == 400
    assert client.control("slack") == []


def test_a_message_whose_reply_is_lost_has_arrived(client):
    client.fault("slack", "drop-after", times=1)

    with pytest.raises(OSError, match="Connection"):
        client.post(SLACK, slack.body("kept"))

    assert [one["text"] for one in client.control("slack")] == ["kept"]
