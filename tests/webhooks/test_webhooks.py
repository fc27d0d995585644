"""A webhook is told of every end of a batch: signed, at least once, by one sender at a time, and never of another's."""

import base64
import hmac
import time
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

import pytest
from at_work import work_off
from shell import Shell

from senso import failpoints, supplied
from senso.db import transaction
from senso.errors import ConfigError, NotFound, Refused
from senso.policy import POLICY
from senso.queries import deliveries
from senso.reads import webhooks as reads
from senso.settings import settings
from senso.tasks.periodic import sweep_all
from senso.tasks.stages import deliver, open_batch, push
from senso.workflows.cancelling import cancel
from senso.workflows.initiator import Initiator
from senso.workflows.webhooks import managing, signing

pytestmark = pytest.mark.usefixtures("encrypting")


def hooked(receiver, partner=None, events=()):
    with transaction() as db:
        return managing.make(db, managing.checked(receiver.url), partner, events, "me")


def waiting(make):
    return [row["key"] for row in make.sql("SELECT key FROM deliveries WHERE status = 'pending' ORDER BY key")]


def delivered(make, receiver):
    for key in waiting(make):
        make.sql("UPDATE deliveries SET next_at = now() WHERE key = :key", key=key)
        deliver(key)
    return receiver.requests


def row(make):
    (found,) = make.sql("SELECT * FROM deliveries")
    return found


def test_the_end_of_a_batch_is_sent_signed(make, sandbox, receiver):
    org = make.org()
    made = hooked(receiver, org.partner)
    batch = make.queued(org)

    work_off(make, batch)
    (request,) = delivered(make, receiver)

    assert request.json["type"] == "batch.completed"
    assert request.json["schema_version"] == 1
    assert datetime.fromisoformat(request.json["timestamp"]).tzinfo
    data, pushed = request.json["data"], make.one("SELECT body FROM pushes")
    assert data == {name: pushed[name] for name in data}
    assert {"batch_id", "episode", "kind", "org_id", "network_id", "date", "state", "counts"} <= data.keys()
    assert data["batch_id"] == str(batch)
    id_, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{id_}.{timestamp}.".encode() + request.body, sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"
    assert abs(int(timestamp) - time.time()) < 60
    assert request.headers["idempotency-key"] == id_
    assert "." not in id_


def test_the_signature_is_that_of_the_specification():
    """The example of standard-webhooks' own tests."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    said = signing.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_accepted_is_not_sent_again(make, sandbox, receiver):
    hooked(receiver)
    work_off(make, make.queued())
    (key,) = waiting(make)

    deliver(key)
    deliver(key)

    assert len(receiver.requests) == 1
    assert row(make)["status"] == "sent"
    assert row(make)["response_status"] == 200


def test_the_intent_is_of_the_transaction_that_ends_the_batch(make, sandbox, receiver, messages):
    hooked(receiver)
    work_off(make, make.queued())

    (key,) = waiting(make)

    assert make.one("SELECT ids FROM outbox WHERE pipeline = 'deliver'") == [key]
    assert ("senso.deliver", [key]) in messages("push")
    assert receiver.requests == []


def test_what_was_not_accepted_is_tried_again_under_the_same_id_after_growing_waits(make, sandbox, receiver):
    hooked(receiver)
    work_off(make, make.queued())
    (key,) = waiting(make)
    receiver.answers = [(500, {}, b"hunter2"), (429, {"Retry-After": "3000"}, b""), (302, {"Location": "/"}, b"")]
    waits = []

    for _ in range(3):
        deliver(key)
        waits.append(make.one("SELECT round(extract(epoch FROM next_at - now())) FROM deliveries"))
        deliver(key)  # not due
        make.sql("UPDATE deliveries SET next_at = now()")
    deliver(key)

    assert [len(receiver.requests), row(make)["tries"], row(make)["status"]] == [4, 4, "sent"]
    assert {one.headers["webhook-id"] for one in receiver.requests} == {key}
    assert {one.body for one in receiver.requests} == {receiver.requests[0].body}
    assert all(abs(wait - expected) <= 5 for wait, expected in zip(map(int, waits), (10, 3000, 40), strict=True))


def test_what_a_receiver_answers_is_nowhere(make, sandbox, receiver, capfd):
    hooked(receiver)
    work_off(make, make.queued())
    receiver.answers = [(500, {}, b"hunter2")]

    delivered(make, receiver)

    assert row(make)["error"] == "webhook 500: it did not accept it"
    assert "hunter2" not in "".join(capfd.readouterr())


def test_a_sender_that_died_is_followed_by_another_once_its_lease_is_over(make, sandbox, receiver):
    hooked(receiver)
    work_off(make, make.queued())
    (key,) = waiting(make)
    make.sql("UPDATE deliveries SET tries = 1, lease_until = now() + interval '1 minute'")
    deliver(key)
    assert receiver.requests == []

    make.sql("UPDATE deliveries SET lease_until = now() - interval '1 second'")
    deliver(key)

    assert len(receiver.requests) == 1


@pytest.fixture
def dies_once(environment, tmp_path):
    """Between sending and noting it."""
    environment.setenv("FAILPOINTS", '[{"at": "delivery sent", "do": "error"}]')
    environment.setenv("FAILPOINTS_FOLDER", str(tmp_path))
    settings.cache_clear()
    failpoints.armed.cache_clear()
    yield
    failpoints.armed.cache_clear()


def test_what_was_sent_and_not_noted_is_sent_again_under_the_same_id(make, sandbox, receiver, dies_once):
    hooked(receiver)
    work_off(make, make.queued())
    (key,) = waiting(make)

    with pytest.raises(ConnectionResetError):
        deliver(key)
    deliver(key)  # its lease holds
    make.sql("UPDATE deliveries SET lease_until = now() - interval '1 second'")
    deliver(key)

    assert [one.headers["webhook-id"] for one in receiver.requests] == [key, key]
    assert receiver.requests[0].body == receiver.requests[1].body
    assert (row(make)["status"], row(make)["tries"]) == ("sent", 2)


def test_a_sender_whose_lease_is_over_changes_nothing_of_the_next_one(make, sandbox, receiver):
    hooked(receiver)
    work_off(make, make.queued())
    (key,) = waiting(make)
    with transaction() as db:
        late = deliveries.claim(db, key, POLICY)
    make.sql("UPDATE deliveries SET lease_until = now() - interval '1 second'")
    with transaction() as db:
        deliveries.claim(db, key, POLICY)
        deliveries.again(db, late, "late", 500, 3600, POLICY)

    assert row(make)["error"] is None
    assert row(make)["lease_until"] is not None


def test_one_webhook_has_a_few_deliveries_at_a_time(make, sandbox, receiver):
    hooked(receiver)
    work_off(make, make.queued())
    (key,) = waiting(make)
    for number in range(POLICY.deliveries_at_a_time):
        make.sql(
            "INSERT INTO deliveries (key, webhook_id, event, body, lease_until) "
            "SELECT :key, id, 'batch.failed', '{}', now() + interval '1 minute' FROM webhooks",
            key=f"busy {number}",
        )

    deliver(key)

    assert receiver.requests == []


def test_whoever_has_sent_one_goes_on_with_what_waits_for_the_webhook(make, sandbox, receiver):
    made = hooked(receiver)
    for number in range(7):
        make.sql(
            "INSERT INTO deliveries (key, webhook_id, event, body) VALUES (:key, :id, 'batch.failed', '{}')",
            key=f"waiting {number}",
            id=made.id,
        )
    receiver.answers = [*[(200, {}, b"")] * 5, (500, {}, b"")]

    deliver("waiting 3")

    assert receiver.requests[0].headers["webhook-id"] == "waiting 3"
    assert make.one("SELECT count(*) FROM deliveries WHERE status = 'sent'") == 5
    assert len(receiver.requests) == 6  # it has refused one, and is left alone for now


def test_a_webhook_that_is_away_does_not_keep_the_others_waiting(make, sandbox, receiver):
    away, other = hooked(receiver).id, hooked(receiver).id
    for number in range(200):
        make.sql(
            "INSERT INTO deliveries (key, webhook_id, event, body, next_at) "
            "VALUES (:key, :id, 'batch.failed', '{}', now() - interval '1 hour')",
            key=f"away {number}",
            id=away,
        )
    make.sql("INSERT INTO deliveries (key, webhook_id, event, body) VALUES ('other', :id, 'x', '{}')", id=other)

    with transaction() as db:
        due = deliveries.due(db, POLICY)

    assert "other" in due
    assert len(due) == 1 + POLICY.deliveries_at_a_time


def test_only_the_events_and_the_partner_that_were_asked_for(make, sandbox, receiver):
    org, other = make.org(), make.org()
    hooked(receiver, other.partner)
    hooked(receiver, org.partner, ["batch.failed"])
    mine = hooked(receiver, org.partner)
    of_all = hooked(receiver)

    work_off(make, make.queued(org))

    told = {row["webhook_id"] for row in make.sql("SELECT webhook_id FROM deliveries")}
    assert told == {mine.id, of_all.id}


def test_each_end_is_told_once(make, receiver):
    hooked(receiver)
    blocked = make.queued(make.org(available=0))
    cancelled = make.queued(make.org())
    make.sql("UPDATE batches SET state = 'running', started_at = now() WHERE id = :id", id=blocked)
    open_batch(str(blocked))
    cancel(cancelled, Initiator("me"), is_pushed=False)
    make.sql("UPDATE batches SET batch_date = batch_date - 40 WHERE id = :id", id=blocked)

    sweep_all()
    sweep_all()

    told = [(row["batch_id"], row["event"]) for row in make.sql("SELECT * FROM deliveries ORDER BY created_at, event")]
    assert sorted(told, key=str) == sorted(
        [(blocked, "batch.blocked"), (blocked, "batch.cancelled"), (cancelled, "batch.cancelled")], key=str
    )


def given_up(make, receiver, answers):
    made = hooked(receiver)
    work_off(make, make.queued())
    make.sql("UPDATE deliveries SET tries = :most - 1", most=POLICY.push_tries)
    receiver.answers = answers
    delivered(make, receiver)
    (hook,) = make.sql("SELECT * FROM webhooks WHERE id = :id", id=made.id)
    return hook


def audited(make):
    return [row["details"]["did"] for row in make.sql("SELECT details FROM audit WHERE action = 'webhook' ORDER BY id")]


def test_a_webhook_that_accepts_nothing_for_long_is_switched_off(make, sandbox, receiver):
    hook = given_up(make, receiver, [(500, {}, b"")])

    assert not hook["active"]
    assert "webhook 500" in hook["disabled_because"]
    assert audited(make) == ["created", "disabled"]
    assert row(make)["status"] == "failed"
    work_off(make, make.queued())
    assert len(make.sql("SELECT FROM deliveries")) == 1


def test_a_test_that_is_accepted_switches_it_on_again(make, sandbox, receiver):
    hook = given_up(make, receiver, [(500, {}, b"")])
    with transaction() as db:
        key = managing.test(db, hook["id"], None, "me")

    deliver(key)

    assert make.one("SELECT active FROM webhooks")
    assert receiver.requests[-1].json["type"] == "webhook.test"
    assert audited(make) == ["created", "disabled", "tested", "enabled"]


def test_a_test_is_tried_once(make, receiver):
    made = hooked(receiver)
    receiver.answers = [(500, {}, b"")]
    with transaction() as db:
        key = managing.test(db, made.id, None, "me")

    deliver(key)

    assert row(make)["status"] == "failed"
    assert make.one("SELECT active FROM webhooks")


def test_one_event_that_is_never_accepted_among_others_that_are_switches_nothing_off(make, sandbox, receiver):
    hooked(receiver)
    work_off(make, make.queued())
    make.sql("UPDATE deliveries SET tries = :most - 1", most=POLICY.push_tries)
    (bad,) = waiting(make)
    make.sql(
        "INSERT INTO deliveries (key, webhook_id, event, body, status, sent_at) "
        "SELECT 'good', id, 'batch.failed', '{}', 'sent', now() FROM webhooks"
    )
    receiver.answers = [(400, {}, b"")]

    deliver(bad)

    assert make.one("SELECT active FROM webhooks")


def test_410_switches_it_off_at_once(make, sandbox, receiver):
    hooked(receiver)
    work_off(make, make.queued())
    receiver.answers = [(410, {}, b"")]

    delivered(make, receiver)

    assert not make.one("SELECT active FROM webhooks")


def test_an_address_that_may_not_be_reached_is_refused_when_it_is_saved(make, environment):
    for url in ("https://127.0.0.1/x", "http://10.0.0.1/x", "https://169.254.169.254/", "https://0x7f.1/"):
        environment.setattr(supplied.webhooks_to_loopback, "find", lambda: False)
        with pytest.raises(Refused):
            managing.checked(url)


def test_an_address_that_may_not_be_reached_any_more_is_not_connected_to(make, sandbox, receiver, environment):
    hooked(receiver)
    work_off(make, make.queued())
    environment.setattr(supplied.webhooks_to_loopback, "find", lambda: False)

    delivered(make, receiver)

    assert receiver.connections == 0
    assert "it must begin with https://" in row(make)["error"]


def test_a_secret_is_shown_once_and_stored_encrypted(make, receiver):
    made = hooked(receiver)

    (stored,) = make.sql("SELECT * FROM webhooks")
    with transaction() as db:
        (shown,) = reads.webhooks(db)

    assert made.secret.startswith("whsec_")
    assert made.secret not in str(stored)
    assert not hasattr(shown, "secret")


def test_a_partner_sees_and_deletes_its_own(make, sandbox, receiver):
    org, other = make.org(), make.org()
    made = hooked(receiver, org.partner)
    work_off(make, make.queued(org))

    with transaction() as db:
        assert reads.webhooks(db, other.partner) == []
        with pytest.raises(NotFound):
            managing.delete(db, made.id, other.partner, "me")
        with pytest.raises(NotFound):
            managing.test(db, made.id, other.partner, "me")
        managing.delete(db, made.id, org.partner, "me")

    assert make.sql("SELECT FROM webhooks") == make.sql("SELECT FROM deliveries") == []
    assert audited(make) == ["created", "deleted"]


def test_what_cannot_be_made_is_refused(make, receiver):
    with transaction() as db:
        with pytest.raises(NotFound):
            managing.make(db, receiver.url, uuid4(), (), "me")
        with pytest.raises(ConfigError, match=r"there are batch\.completed"):
            managing.make(db, receiver.url, None, ["batch.exploded"], "me")
    for _ in range(managing.MOST):
        hooked(receiver)
    with pytest.raises(ConfigError, match="there are 20 webhooks already"):
        hooked(receiver)


def test_without_a_key_there_are_no_webhooks(make, receiver, environment):
    environment.setattr(supplied.encryption_keys, "find", lambda: ())

    with pytest.raises(ConfigError, match="ENCRYPTION_KEYS is not set; make a key: python"):
        managing.checked(receiver.url)


@pytest.mark.usefixtures("messages")
def test_what_is_sent_to_webhooks_breaks_no_promise(make, sandbox, receiver, monkeypatch, capsys):
    made = hooked(receiver)
    batch = make.queued()
    work_off(make, batch)
    push(make.one("SELECT key FROM pushes"))
    with transaction() as db:
        managing.test(db, made.id, None, "me")
    delivered(make, receiver)

    done = Shell(monkeypatch, capsys)("doctor", "--invariants")

    assert len(receiver.requests) == 2
    assert (done.err, done.code) == ("", 0)
