"""What goes to Sentry says what happened, and nothing secret."""

import json

import sentry_sdk
from pydantic import SecretStr

from senso import sentry
from senso.settings import settings

DSN = "http://public@127.0.0.1:9/1"
SECRETS = ("sk-live-1234567890", "hunter2", "Bearer abc.def")


def test_without_a_dsn_nothing_is_started(environment):
    settings.cache_clear()

    assert sentry.start("cli", None, "test") is False


def test_an_event_carries_no_secret_at_any_depth(environment):
    sent = []
    environment.setenv("SENTRY_DSN", DSN)
    settings.cache_clear()
    started = sentry.start("worker", SecretStr(DSN), "test")
    sentry_sdk.get_client().transport.capture_envelope = sent.append
    key = SECRETS[0]

    sentry_sdk.set_extra("request", {"headers": {"Authorization": SECRETS[2]}, "list": [key]})
    sentry_sdk.capture_exception(ValueError(f"openai said no to {key} at postgresql://senso:{SECRETS[1]}@db/senso"))
    sentry_sdk.get_client().close()
    sentry_sdk.init(trace_propagation_targets=[])  # else later calls of this process carry headers of its own

    (envelope,) = sent
    event = json.dumps(envelope.get_event(), default=str)
    assert started
    assert "openai said no to" in event
    assert "worker" in event
    assert not [secret for secret in SECRETS if secret in event]
