"""`senso eval`: by rules alone, and by a model over real HTTP, whose calls have their rows."""

import pytest
from shell import Shell

from senso.evaluation.labelled import made_answers


@pytest.fixture
def senso(monkeypatch, capsys, tmp_path) -> Shell:
    """Without recorded answers."""
    monkeypatch.delenv("SENSO_SHARED", raising=False)
    monkeypatch.chdir(tmp_path)
    return Shell(monkeypatch, capsys)


def calls(make):
    rows = make.sql("SELECT purpose, outcome, count(*) AS calls FROM llm_calls GROUP BY 1, 2")
    return {(row["purpose"], row["outcome"]): row["calls"] for row in rows}


def test_by_rules_alone_what_needs_a_model_is_not_measured(senso):
    found = senso("eval", "--json").json

    assert (found["mode"], found["answers"]) == ("rules", len(list(made_answers())))
    by_field = {one["field"]: one for one in found["measured"] if one["answers"] == "all"}
    assert by_field["mention"]["recall"]["value"] > 0.5
    assert {field for field, one in by_field.items() if one["n"] is None} == {"sentiment", "rank", "claims"}
    assert found["misses"][0]["answer"].startswith("made/")


def test_the_table_says_how_to_measure_the_rest_and_lists_misses_on_demand(senso):
    short, long = senso("eval"), senso("eval", "--misses")

    assert "not measured" in short.out
    assert "senso eval --model NAME" in short.out.replace("-m senso.cli", "senso")
    assert len(long.out.splitlines()) > len(short.out.splitlines()) + 50


def test_a_folder_without_recorded_answers_is_refused_in_one_line(senso, tmp_path):
    done = senso("eval", "--recorded", str(tmp_path))

    assert done.code == 2
    assert f"{tmp_path}: no recorded answers there" in done.err
    assert len(done.err.splitlines()) == 1


def test_a_model_reads_each_pair_by_a_call_that_has_its_row(senso, make, sandbox):
    done = senso("eval", "--model", "gpt-6-luna", "--sample", "3", "--json")

    found = done.json
    assert found["mode"] == "gpt-6-luna"
    assert {one["field"] for one in found["measured"] if one["n"] is None} == set()
    assert calls(make) == {("eval", "read"): found["pairs"]}
    assert make.sql("SELECT min(cost_microusd) AS least FROM llm_calls")[0]["least"] > 0
    assert "about $" in done.err


def test_a_dry_run_says_what_it_would_cost_and_calls_nobody(senso, make, sandbox):
    done = senso("eval", "--model", "gpt-6-luna", "--sample", "3", "--dry-run")

    assert "calls to gpt-6-luna of openai, about $" in done.err
    assert calls(make) == {}


def test_calls_that_fail_are_left_out_and_told(senso, make, sandbox):
    sandbox.fault("openai.chat", "refusal", times=2)

    done = senso("eval", "--model", "gpt-6-luna", "--sample", "2", "--json")

    assert "2 calls failed and are left out" in done.err
    assert calls(make) == {("eval", "read"): done.json["pairs"], ("eval", "refused"): 2}
