"""Models, providers and stops over HTTP."""

import json
from uuid import UUID

import pytest

from senso.cli.terms import is_set
from senso.db import looking
from senso.records import plain
from senso.states import Scope
from senso.workflows.askable_models import askable


@pytest.fixture
def ask(api, make):
    everything = make.token(Scope.OPERATE)

    def send(method, path, body=None, token=None, **headers):
        return api.ask(method, path, token or everything, json=body, headers=headers)

    return send


def paused(make):
    return [(one["scope"], one["subject"]) for one in make.sql("SELECT scope, subject FROM pauses ORDER BY 1, 2")]


def test_models_are_told_as_the_command_tells_them(ask, make):
    with looking() as db:
        alike = json.loads(json.dumps(askable(db, is_set), default=plain))

    assert ask("GET", "/models").json() == {"models": alike}


def test_providers_have_limits_breaker_and_the_calls_of_each_day(ask, make):
    run = make.run(answered=True)
    org = make.one("SELECT org_id FROM evaluations WHERE run_id = :run", run=run)
    partner = make.one("SELECT partner_id FROM orgs WHERE id = :org", org=org)

    everything = ask("GET", "/providers").json()
    own = ask("GET", "/providers?days=1", token=make.token(Scope.READ, partner)).json()
    other = ask("GET", "/providers", token=make.token(Scope.READ, make.partner())).json()

    assert everything["trouble"] is None
    assert ("openai", "gpt-6.1-terra") in {(one["provider"], one["model"]) for one in everything["models"]}
    assert [one["calls"] for one in everything["days"]] == [one["calls"] for one in own["days"]] == [1]
    assert other["days"] == []
    assert {one["requests_used"] for one in everything["models"]} == {0}
    assert {one["requests_used"] for one in other["models"]} == {None}
    assert ask("GET", "/providers?days=0").status_code == 422


@pytest.mark.parametrize(
    ("path", "pause"),
    [("/providers/openai", ("provider", "openai")), ("/models/chatgpt", ("model", "chatgpt")), ("", ("all", None))],
)
def test_a_pause_stops_calls_until_it_is_resumed(ask, make, path, pause):
    first = ask("POST", f"{path}/pause", {"reason": "a bill is wrong"})
    again = ask("POST", f"{path}/pause")
    listed = ask("GET", "/pauses").json()["stops"]

    assert (first.status_code, first.json()["changed"], again.json()["changed"]) == (200, True, False)
    assert paused(make) == [pause]
    assert [(one["scope"], one["subject"], one["reason"]) for one in listed] == [(*pause, "a bill is wrong")]
    assert listed[0]["by"].startswith("token test (")

    ended = ask("POST", f"{path}/resume")

    assert (ended.json()["changed"], ended.json()["in_force"]) == (True, [])
    assert paused(make) == []
    assert [one["action"] for one in make.sql("SELECT action FROM audit ORDER BY id")][-2:] == ["pause", "resume"]


@pytest.mark.parametrize("path", ["/providers/openai/pause", "/models/chatgpt/resume", "/pause", "/resume"])
def test_what_all_partners_use_is_paused_by_tokens_of_all_partners(ask, make, path):
    own = make.token(Scope.ADMIN, make.partner())

    assert ask("POST", path, token=own).status_code == 403
    assert ask("POST", path, token=make.token(Scope.TRIGGER)).status_code == 403
    assert ask("GET", "/pauses", token=own).status_code == 403
    assert paused(make) == []


def test_a_partner_pauses_itself_and_no_other(ask, make):
    partner, other = make.partner(), make.partner()
    own = make.token(Scope.OPERATE, partner)
    ask("POST", "/providers/openai/pause")

    refused = ask("POST", f"/partners/{other}/pause", token=own)
    done = ask("POST", f"/partners/{partner}/pause", token=own)

    assert (refused.status_code, refused.json()["detail"]) == (404, f"no partner {other}")
    assert done.json()["changed"] is True
    assert [one["subject"] for one in done.json()["in_force"]] == [str(partner)]
    assert ("partner", str(partner)) in paused(make)
    assert ("partner", str(other)) not in paused(make)


@pytest.mark.parametrize("path", ["/providers/nobody", "/models/none", f"/partners/{UUID(int=1)}"])
def test_what_there_is_not_is_not_paused(ask, make, path):
    assert ask("POST", f"{path}/pause").status_code == 404
    assert paused(make) == []


def test_a_pause_with_the_same_key_is_answered_as_the_first_time(ask, make):
    first = ask("POST", "/pause", {"reason": "x"}, **{"Idempotency-Key": "one"})
    ask("POST", "/resume")

    again = ask("POST", "/pause", {"reason": "x"}, **{"Idempotency-Key": "one"})

    assert again.json() == first.json()
    assert paused(make) == []
    assert ask("POST", "/pause", {"why": "x"}).status_code == 422
