"""`senso prune`: what it says, and what it refuses."""

import pytest
from shell import Shell

from senso.settings import settings


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


@pytest.mark.parametrize("span", ["0d", "12", "3h", "-1d", "180 days"])
def test_a_span_that_is_none_is_refused_in_one_line(senso, span):
    done = senso("prune", f"--older-than={span}")

    assert (done.code, done.err.count("\n"), done.out) == (2, 1, "")
    assert "180d" in done.err


def test_without_a_span_the_setting_says_how_old(senso, make, environment):
    refused = senso("prune", "--dry-run")
    environment.setenv("PRUNE_AFTER", "90")
    settings.cache_clear()

    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert senso("prune", "--dry-run").out.startswith("0 batches")


def test_it_says_what_it_would_delete_and_what_it_has_deleted(senso, make, environment):
    environment.setenv("SENSO_CLOCK", "-40d")
    settings.cache_clear()
    batch = make.batch(make.org(questions=2))
    environment.delenv("SENSO_CLOCK")
    settings.cache_clear()
    end = "state = 'failed', error = 'gone'"
    make.sql(f"UPDATE question_runs SET {end}, fence = fence + 1, next_at = NULL")
    make.sql(f"UPDATE evaluations SET {end}, fence = fence + 1, ended_at = now()")
    make.sql(f"UPDATE batches SET {end}, ended_at = now(), remaining = 0")
    make.later(hours=24 * 40)

    foreseen = senso("prune", "--older-than", "30d", "--dry-run", "--json").json
    said = senso("prune", "--older-than", "30d", "--dry-run").out
    done = senso("prune", "--older-than", "30d", "--json").json

    assert (foreseen["batches"], foreseen["rows"]["question_runs"], foreseen["dry_run"]) == (1, 2, True)
    assert "It would delete: 2 answers and failed runs, 2 readings" in said
    assert {**foreseen, "dry_run": False, "before": done["before"]} == done
    assert senso("status", batch, "--json").json["failed"] == 2
    assert senso("prune", "--older-than", "30d").out.startswith("0 batches")
