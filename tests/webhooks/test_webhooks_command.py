"""`senso webhooks` and `senso rotate-keys`, as their user meets them."""

from uuid import uuid4

import pytest
from shell import Shell

from senso.tasks.stages import deliver


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


def test_a_webhook_from_its_making_to_its_end(make, receiver, encrypting, senso):
    partner = make.partner()
    made = senso("webhooks", "--add", receiver.url, "--partner", partner, "--event", "batch.failed", "--json").json

    shown = senso("webhooks", "--json").json
    tried = senso("webhooks", made["id"], "--test", "--json").json["delivery"]
    deliver(tried)
    (sent,) = senso("webhooks", made["id"], "--json").json
    listed = senso("webhooks").out
    told = senso("webhooks", made["id"]).out
    gone = senso("webhooks", made["id"], "--delete", "--json").json

    assert made["secret"].startswith("whsec_")
    assert [(one["id"], one["partner_id"], one["events"]) for one in shown] == [
        (made["id"], str(partner), ["batch.failed"])
    ]
    assert (sent["id"], sent["status"], sent["tries"]) == (tried, "sent", 1)
    assert receiver.url in listed
    assert "webhook.test" in told
    assert made["secret"] not in listed + told + str(shown)
    assert gone == {"deleted": made["id"]}
    assert senso("webhooks", "--json").json == []


@pytest.mark.parametrize(
    ("said", "code", "what"),
    [
        (("--add", "https://10.0.0.1/"), 2, "--add: its host is a private, loopback or reserved address"),
        (("--add", "http://127.0.0.1:9/", "--event", "x"), 2, "no event x; there are batch.completed"),
        (("--add", "http://127.0.0.1:9/", "--partner", uuid4()), 4, "no partner"),
        (("--partner", uuid4()), 2, "--partner and --event go with --add URL"),
        ((uuid4(), "--test", "--delete"), 2, "say one thing"),
        ((uuid4(),), 4, "no webhook"),
        ((uuid4(), "--delete"), 4, "no webhook"),
    ],
)
@pytest.mark.usefixtures("encrypting")
def test_what_cannot_be_done_is_one_line(make, senso, said, code, what):
    done = senso("webhooks", *said)

    assert done.code == code
    assert what in done.err
    assert make.sql("SELECT FROM webhooks") == []


def test_rotating_says_how_many(make, receiver, encrypting, senso):
    make.org()
    senso("webhooks", "--add", receiver.url)

    assert senso("rotate-keys", "--json").json == {"websites": 1, "secrets": 0}
    assert "Encrypted 0 websites and 0 secrets of webhooks" in senso("rotate-keys").out
    assert "Put 1 website into plain text" in senso("rotate-keys", "--decrypt").out


def test_rotating_needs_a_key(make, senso):
    done = senso("rotate-keys")

    assert (done.code, done.out) == (2, "")
    assert "ENCRYPTION_KEYS is not set; make a key: python" in done.err
