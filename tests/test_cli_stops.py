"""`senso pause` and `senso resume`, and what is stopped as other commands say it."""

import pytest
import yaml
from operating import Initiator, trigger_org
from shell import Shell

from senso.checks import stops as check
from senso.settings import settings


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)


def test_a_pause_is_said_wherever_somebody_looks_and_gone_after_resume(senso, make):
    batch = trigger_org(make.org().id, Initiator("mara")).batch.id
    said = senso("pause", "openai", "--reason", "their status page is red")
    assert "Provider openai is paused: no call begins" in said.out
    assert "senso resume provider:openai" in said.err
    assert "was paused already" in senso("pause", "openai").out

    for command in ("status", "providers"):
        assert "Stopped: provider openai paused by" in senso(command).out
    (found,) = check.findings(settings())
    assert (found.state, found.do) == ("warning", "go on: senso resume provider:openai")
    assert "their status page is red" in found.said

    done = senso("resume", "openai", "--json").json
    assert (done["changed"], done["in_force"]) == (True, [])
    assert "Stopped" not in senso("status").out
    senso("pause")
    (wait, *_) = [one for one in senso("status", batch, "--json").json["waiting_for"] if one["what"] == "stopped"]
    assert wait["reason"].startswith("everything paused by")
    assert "a stop (1 batch): everything paused by" in senso("status", batch).out


def test_an_unknown_name_is_exit_4_and_one_of_two_things_exit_2(senso):
    unknown = senso("pause", "opnai")
    assert (unknown.code, "providers: anthropic" in unknown.err) == (4, True)
    assert senso("pause", "gemini").code == 2
    assert senso("resume", "provider:gemini").code == 0


def test_a_partners_ceiling_comes_from_its_import_file(senso, make, tmp_path):
    org = make.org()
    file = tmp_path / "world.yaml"
    entry = {"id": str(org.partner), "name": "Partner", "credits": 1000}

    at_most = ", at most $12.5000 a day"
    steps = (
        ({"max_daily_cost": 12.5}, at_most),
        ({"name": "Renamed"}, at_most),
        ({"max_daily_cost": 0}, "$0.0000 a day"),
    )
    for more, said in (*steps, ({"max_daily_cost": None}, "available; 1 org")):
        file.write_text(yaml.safe_dump({"partners": [entry | more]}))
        assert senso("import", file).code == 0
        assert said in senso("partners").out


def test_a_model_without_a_price_is_named_where_there_is_a_ceiling(make, environment):
    make.org()
    make.sql("UPDATE models SET prices = NULL WHERE slug = 'gpt-6.1-terra'")
    environment.setenv("MAX_DAILY_COST", "5")
    settings.cache_clear()

    assert [one.said for one in check.findings(settings())][1:] == ["without a price: gpt-6.1-terra"]
