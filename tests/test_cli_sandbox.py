"""`senso sandbox`: what it prints, writes and refuses; and that it runs with what it was told."""

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from shell import Shell

from senso import imports
from senso.cli.commands import sandbox as commands
from senso.cli.sandboxing import guests_in
from senso.sandbox import env
from senso.sandbox.fault_kinds import KINDS
from senso.sandbox.orgs import NETWORK_SIZE, TOWNS
from senso.sandbox.world import World

QUICK = ("--port", "0", "--answer-seconds", "0", "--reading-seconds", "0", "--snapshot-seconds", "0")
ORGS = """
partners: [{id: 5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0001, name: Example, credits: 10}]
orgs:
  - &org
    id: 5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0002
    name: Fir Dental
    partner: 5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0001
    websites: [https://fir.example]
    created_at: 2026-01-07
    competitors: [Larch Dental]
    questions: [{id: 5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0003, text: Which dentist is best?, kind: unbranded}]
    models: [ours, chatgpt]
    locations: [{country: US}]
networks:
  - id: 5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0004
    name: Dentists
    partner: 5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0001
    orgs: [5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0002]
    questions: [{id: 5a0c1f52-6a5e-4c8e-9d0a-2f6f5b1c0005, text: Whom do you trust?, kind: unbranded}]
    models: [chatgpt]
models: [{slug: ours, provider: openai, name: gpt-6-luna, surface: api}]
"""


@contextmanager
def started(*options):
    """The process, and the lines that it prints up to the one about stopping it."""
    command = [sys.executable, "-m", "senso.cli", "sandbox", *QUICK, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, list(lines_of(process))
        finally:
            process.terminate()


def lines_of(process):
    for line in process.stdout:
        if line == "stop      Ctrl-C\n":
            return
        yield line
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_when_it_is_ready_and_stops_cleanly(tmp_path, stop):
    file = tmp_path / "url"
    told = ("--seed", "3", "--lies", "0.2", "--batch-seconds", "7")
    with started(*told, "--announce", str(file)) as (process, lines):
        url = re.fullmatch(r"sandbox ready at (http://127\.0\.0\.1:\d+)\n", lines[0])[1]
        reachable = requests.get(f"{url}/_sandbox/timing", timeout=5).json()
        process.send_signal(stop)
        _, errors = process.communicate(timeout=10)

    assert (file.read_text(), reachable["answer_seconds"], reachable["batch_seconds"]) == (url, 0, 7)
    assert (process.returncode, errors) == (0, "")


def test_a_start_says_the_settings_the_world_the_faults_the_page_and_the_end():
    with started("--seed", "3") as (_, lines):
        url = lines[0].split()[-1]
    said = "".join(lines)

    assert "\n".join(env.lines(url)) in said
    for words in ("--env", "--seed 3 --write-import world.yaml", "--import FILE", "--faults", f"page      {url}"):
        assert words in said


def test_it_runs_with_the_faults_and_the_organisations_it_was_told(tmp_path):
    (tmp_path / "orgs.yaml").write_text(ORGS)
    told = ("--fault", "openai.chat 500 share=10%", "--fault", "application drop-after")
    with started("--import", str(tmp_path / "orgs.yaml"), *told) as (_, lines):
        url = lines[0].split()[-1]
        faults = requests.get(f"{url}/_sandbox/faults", timeout=5).json()
        asked = {"question": "Which dentist is best?", "model": "gpt-6-luna", "country": "US"}
        truth = requests.get(f"{url}/_sandbox/truth", asked, timeout=5).json()

    assert [(rule["where"], rule["share"]) for rule in faults] == [("openai.chat", 0.1), ("application", None)]
    assert truth["mentioned"]


def test_the_settings_are_those_of_the_usual_port_or_of_the_one_named(senso):
    usual, named = senso("sandbox", "--env"), senso("sandbox", "--env", "--port", "9000")

    assert usual.out.splitlines() == env.lines(f"http://127.0.0.1:{env.PORT}")
    assert named.out.splitlines() == env.lines("http://127.0.0.1:9000")
    assert (usual.code, usual.err) == (0, "")


def test_a_narrow_terminal_does_not_break_the_settings(senso):
    senso.columns(30)

    assert senso("sandbox", "--env").out.splitlines() == env.lines(f"http://127.0.0.1:{env.PORT}")


def test_the_world_is_written_as_a_file_to_import_with_what_to_do_next(senso, tmp_path):
    file = tmp_path / "my world.yaml"
    done = senso("sandbox", "--write-import", file, "--orgs", "5", "--questions", "6", "--seed", "3")
    found = imports.read(file).contents

    assert ([len(org.questions) for org in found.orgs], done.out) == ([6] * 5, "")
    assert all(partner.credits for partner in found.partners)
    assert all(org.websites and org.competitors and org.models and org.locations for org in found.orgs)
    assert f"import '{file}'" in done.err
    assert f"trigger org {World(3).orgs[0].id} --wait" in done.err
    assert "sandbox --seed 3" in done.err


def test_networks_are_written_with_enough_organisations(senso, tmp_path):
    senso("sandbox", "--write-import", tmp_path / "world.yaml", "--networks", "2")
    found = imports.read(tmp_path / "world.yaml").contents

    assert [len(network.orgs) for network in found.networks] == [NETWORK_SIZE] * 2
    assert {member for network in found.networks for member in network.orgs} == {org.id for org in found.orgs}
    assert all(network.questions and network.models and network.locations for network in found.networks)


def test_the_sandbox_answers_every_question_that_it_writes(senso, tmp_path):
    senso("sandbox", "--write-import", tmp_path / "world.yaml")
    found = imports.read(tmp_path / "world.yaml").contents

    assert all(World().answer(question.text, "chatgpt", "US").sources for _, question in found.questions())


def test_one_command_writes_the_world_and_prints_the_settings(senso, tmp_path):
    done = senso("sandbox", "--write-import", tmp_path / "world.yaml", "--env")

    assert done.out.splitlines() == env.lines(f"http://127.0.0.1:{env.PORT}")
    assert (tmp_path / "world.yaml").exists()


def test_the_world_can_go_to_stdout(senso, tmp_path):
    (tmp_path / "world.yaml").write_text(senso("sandbox", "--write-import", "-").out)

    assert imports.read(tmp_path / "world.yaml").contents.orgs


def test_a_file_is_written_over_only_by_force(senso, tmp_path):
    file = tmp_path / "world.yaml"
    file.write_text("mine")
    refused = senso("sandbox", "--write-import", file)
    kept = file.read_text()
    forced = senso("sandbox", "--write-import", file, "--force")

    assert (refused.code, kept, forced.code) == (2, "mine", 0)
    assert file.read_text() != "mine"


def test_all_faults_are_listed(senso):
    listed = senso("sandbox", "--faults").out

    for place, kinds in KINDS.items():
        assert place in listed
        assert all(f"  {kind} " in listed for kind in kinds)


def test_help_has_every_option(senso):
    said = senso("sandbox", "--help").out

    for option in (
        "port",
        "env",
        "write-import",
        "import",
        "fault",
        "faults",
        "lies",
        "obeys",
        "replay",
        "seed",
        "announce",
    ):
        assert f"--{option} " in said


def test_an_org_of_a_file_has_the_questions_of_its_networks_and_its_models_by_both_names():
    (fir,) = guests_in(imports.parse(ORGS, "orgs.yaml").contents)

    assert [text for text, _ in fir.questions] == ["Which dentist is best?", "Whom do you trust?"]
    assert fir.models == {"ours", "gpt-6-luna"}
    assert (fir.competitors, fir.websites) == (("Larch Dental",), ("https://fir.example",))


def test_the_command_has_the_sandboxs_own_defaults():
    assert (commands.PORT, commands.SEED) == (env.PORT, env.SEED)
    assert World.__init__.__defaults__[0] == env.SEED


def test_the_documentation_has_the_right_numbers():
    page = (Path(__file__).parents[1] / "docs" / "sandbox.md").read_text()

    assert f"{TOWNS:,} organisations" in page
    assert f"port {env.PORT} unless" in page


@pytest.fixture
def senso(monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)
