"""`senso reevaluate`, `prompts` and `export-training`: what they say, refuse and write."""

import json
import os
import signal
import subprocess
import sys
import time
from unittest.mock import Mock
from uuid import uuid4

import pytest
from at_work import work_off
from operating import Initiator, trigger_org
from shell import Shell

from senso.settings import settings
from senso.workflows import prompt_versions
from senso.workflows.rereading import applying

ME = Initiator("mara")
NEWEST, BRIEF = prompt_versions.versions()[:2]
SPOILT = "UPDATE evaluations SET mentioned = NOT mentioned, mention_text = NULL, sentiment = NULL, rank = NULL"


@pytest.fixture
def senso(monkeypatch, capsys) -> Shell:
    """Log lines, which a command writes to stderr, would be on stdout here."""
    monkeypatch.setattr(applying, "log", Mock())
    return Shell(monkeypatch, capsys)


@pytest.fixture
def ended(make, sandbox):
    """An org whose batch has ended, and the batch."""
    org = make.org(questions=4, models=("gpt-6-luna",))
    batch = trigger_org(org.id, ME).batch.id
    work_off(make, batch)
    return org, batch


def test_what_it_would_do_is_said_and_nothing_is_written(senso, make, ended):
    org, _batch = ended

    found = senso("reevaluate", org.id, "--dry-run", "--json").json
    said = senso("reevaluate", org.id, "--dry-run").out

    assert (found["answers"], found["batches"], found["asks"], found["credits"]) == (4, 1, 0, 0)
    assert found["cost_microusd"] > 0
    assert said.startswith("4 answers of 1 batch would be read again")
    assert make.one("SELECT count(*) FROM reevaluations") == 0


def test_a_comparison_says_what_would_be_different_and_then_counts(senso, make, ended):
    org, batch = ended
    make.sql(SPOILT)

    compared = senso("reevaluate", org.id, "--compare", "--json").json
    assert (compared["read"], compared["changed"], compared["state"]) == (4, 4, "compared")
    assert compared["changes"]["mentioned: no to yes"] + compared["changes"]["mentioned: yes to no"] == 4
    assert {one["changed"]["mentioned"]["is"] for one in compared["readings"]} <= {True, False}
    assert (compared["asks"], compared["charged"], compared["cost_microusd"] > 0) == (0, 0, True)
    assert make.state(batch)["episode"] == 1

    applied = senso("reevaluate", org.id, "--apply", "--json").json
    assert (applied["state"], applied["applied"], applied["calls"]) == ("done", 4, 4)
    assert make.state(batch)["episode"] == 2
    assert senso("reevaluate", org.id, "--apply").code == 2


def test_claims_that_are_no_longer_made_are_different(senso, make, ended):
    org, _batch = ended
    make.sql("""
        INSERT INTO claims (evaluation_id, position, text, sentence, kind, polarity, verdict, fact)
        SELECT id, 1, 'It is old.', 'It is old.', 'fact', 'neutral', 'contradicted', 'It is new.'
        FROM evaluations ORDER BY id LIMIT 1
    """)

    compared = senso("reevaluate", org.id, "--compare", "--json").json

    assert (compared["changed"], compared["changes"]["claims"]) == (1, 1)
    assert compared["readings"][0]["changed"] == {"claims": {"was": ["1 contradicted"], "is": []}}
    assert "when it was compared" in senso("reevaluate", org.id, "--apply").out


def test_a_batch_is_read_again_by_its_id_and_by_another_prompt(senso, make, ended):
    _org, batch = ended

    done = senso("reevaluate", batch, "--prompt", BRIEF)

    assert done.code == 0
    assert done.out.startswith("4 of 4 answers read again by")
    assert {one["prompt_version"] for one in make.sql("SELECT prompt_version FROM evaluations WHERE is_current")} == {
        BRIEF
    }
    assert "1 batch has new numbers" in done.out


@pytest.mark.parametrize(
    ("given", "code", "why"),
    [
        (["--prompt", "reading-99"], 2, NEWEST),
        (["--compare", "--apply"], 2, "one of them"),
        (["--apply", "--prompt", NEWEST], 2, "no other option"),
        (["--cancel"], 4, "none is open"),
        (["--since", "tomorrow"], 2, "--since"),
    ],
)
def test_wrong_use_is_one_line(senso, make, given, code, why):
    org = make.org()

    done = senso("reevaluate", org.id, *given)

    assert (done.code, done.err.count("\n"), why in done.err) == (code, 1, True), done.err


def test_what_there_is_not_is_not_found(senso, make):
    done = senso("reevaluate", uuid4())

    assert (done.code, done.err.count("\n")) == (4, 1)


def test_an_org_without_answers_has_nothing_to_read_again(senso, make):
    org = make.org().id

    assert senso("reevaluate", org, "--json").json["answers"] == 0
    assert senso("reevaluate", org).out.startswith("Nothing was read: no batch of it that has ended")


def test_what_could_not_be_read_is_told_and_is_a_failure(senso, make, sandbox, ended):
    org, _batch = ended
    sandbox.fault("openai.chat", "refusal", times=1)

    done = senso("reevaluate", org.id)

    assert done.code == 1
    assert "1 answer could not be read" in done.err


def test_a_process_that_is_killed_loses_nothing_that_was_read(senso, make, ended, tmp_path):
    org, _batch = ended
    make.sql(SPOILT)
    traps = {"FAILPOINTS": '[{"at": "reading came", "do": "kill"}]', "FAILPOINTS_FOLDER": str(tmp_path)}
    killed = subprocess.run(
        [sys.executable, "-m", "senso.cli", "reevaluate", str(org.id)],
        env=os.environ | traps,
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    read_before = make.one("SELECT count(*) FROM rereadings WHERE state = 'done'")

    began = time.monotonic()
    found = senso("reevaluate", org.id, "--json").json

    assert time.monotonic() - began < 60
    assert (found["read"], found["applied"], found["failed"]) == (4, 4, 0)
    assert make.one("SELECT count(*) FROM reevaluations") == 1
    paid = make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'reread' AND outcome = 'read'")
    assert (paid, read_before < 4) == (4, True)


def test_versions_are_listed_with_their_shares(senso, make, sandbox, environment):
    environment.setenv("READING_PROMPTS", f"{NEWEST}=50, {BRIEF}=50")
    settings.cache_clear()
    org = make.org(questions=12, models=("gpt-6-luna",))
    work_off(make, trigger_org(org.id, ME).batch.id)

    found = {one["version"]: one for one in senso("prompts", "--json").json["versions"]}
    both = senso("prompts", "--compare", NEWEST, BRIEF)

    assert (found[NEWEST]["percent"], found[NEWEST]["claims"], found[BRIEF]["claims"]) == (50, True, False)
    assert found[NEWEST]["figures"]["readings"] + found[BRIEF]["figures"]["readings"] == 12
    figures = found[NEWEST]["figures"]
    assert figures["mention_rate"]["low"] <= figures["mention_rate"]["value"] <= figures["mention_rate"]["high"]
    assert figures["dollars_per_60_runs"] > 0
    assert both.code == 0
    assert "mention rate" in both.out
    assert senso("prompts").code == senso("prompts", "--since", "1d").code == 0
    assert senso("prompts", "--compare", NEWEST, "reading-99").code == 2


def test_verified_readings_are_chats_that_give_the_same_reading(senso, make, ended, tmp_path):
    org, _batch = ended
    file = tmp_path / "train.jsonl"

    done = senso("export-training", file)

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert done.code == 0
    assert len(lines) == make.one(
        'SELECT count(*) FROM evaluations WHERE NOT jsonb_path_exists(marks, \'$[*] ? (@.kind != "read-by-rule" && '
        '@.kind != "sampled-beside-rule")\')'
    )
    assert lines
    for line in lines:
        assert [message["role"] for message in line["messages"]] == ["system", "user", "assistant"]
        assert {"ranking", "named", "others", "readings"} == set(json.loads(line["messages"][2]["content"]))
    assert org.name in lines[0]["messages"][1]["content"]
    assert make.sql("SELECT details->>'examples' AS n FROM audit WHERE action = 'export'") == [{"n": str(len(lines))}]
    assert [one.name for one in tmp_path.iterdir()] == ["train.jsonl"]


def test_examples_are_chosen_by_org_prompt_and_number(senso, make, ended):
    org, _batch = ended

    assert senso("export-training", "-", "--limit", 1).out.count("\n") == 1
    assert senso("export-training", "-", "--org", org.id, "--prompt", NEWEST, "--since", "1d").out.count("\n") >= 1
    assert senso("export-training", "-", "--prompt", BRIEF).out == ""
    assert senso("export-training", "-", "--org", make.org().id).out == ""
    assert senso("export-training", "-", "--org", uuid4()).code == 4
    assert senso("export-training", "-", "--prompt", "reading-99").code == 2


def test_a_file_that_cannot_be_written_is_one_line_and_leaves_nothing(senso, make, tmp_path):
    done = senso("export-training", tmp_path / "no" / "train.jsonl")

    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "cannot be written" in done.err


def test_an_example_that_holds_a_secret_is_left_out(senso, make, ended, environment):
    environment.setenv("API_TOKEN", "organisations")  # which every example has
    settings.cache_clear()

    done = senso("export-training", "-")

    assert (done.code, done.out, done.err) == (0, "", "0 examples written.\n")


def test_a_link_gets_the_examples_where_it_points_to_and_what_is_no_file_is_refused(senso, ended, tmp_path):
    real, link, pipe = tmp_path / "real.jsonl", tmp_path / "link.jsonl", tmp_path / "pipe"
    real.write_text("old")
    link.symlink_to(real)
    os.mkfifo(pipe)

    assert senso("export-training", link).code == 0
    assert (link.is_symlink(), real.read_text() == "old") == (True, False)
    for file in (pipe, tmp_path, os.devnull):
        done = senso("export-training", file)
        assert (done.code, "no ordinary file" in done.err) == (2, True)
    assert pipe.is_fifo()


def test_an_empty_version_is_no_version(senso, make, ended):
    org, _batch = ended

    assert senso("reevaluate", org.id, "--prompt", "").code == 2
    assert make.one("SELECT count(*) FROM reevaluations") == 0
