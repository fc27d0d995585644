"""Suggested commands run when they are pasted, whether or not `senso` is on the PATH."""

import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from ground import addresses

from senso.cli import program
from senso.cli.commands import app
from senso.sandbox.world import World
from senso.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    """The program as `my tools/senso`, on no PATH; begun as pip does it, since #! takes no path with a space."""
    (tmp_path / "my tools").mkdir()
    typed = tmp_path / "my tools" / "senso"
    begin = f"#!/bin/sh\n'''exec' '{sys.executable}' \"$0\" \"$@\"\n' '''\n"
    typed.write_text(f"{begin}from senso.cli import main\n\nmain()\n")
    typed.chmod(0o755)
    return tmp_path


def paste(line: str, folder: Path) -> subprocess.CompletedProcess:
    ours = {name.upper() for name in Settings.model_fields}
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env=clean | addresses("http://127.0.0.1:9") | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_an_import_suggests_opens_a_batch_in_the_same_home_and_so_on(folder):
    contents = World(7, orgs=1, questions=1).import_document(["gpt-6.1-terra"], [{"country": "US"}])
    (folder / "world.yaml").write_text(yaml.safe_dump(contents))

    imported = paste("SENSO_HOME='a home' 'my tools/senso' import world.yaml", folder)
    ask = re.search("Ask for one now: (.*)", imported.stdout)
    assert ask, imported.stderr
    opened = paste(ask[1], folder)
    follow = re.search("Follow it: (.*)", opened.stderr)

    assert ask[1].startswith("SENSO_HOME='a home' 'my tools/senso' trigger org ")
    assert (opened.returncode, " opened." in opened.stdout) == (0, True), opened.stderr
    assert follow
    assert paste(follow[1].replace(" watch ", " status "), folder).returncode == 0


def test_what_a_mistyped_command_suggests_is_its_help(folder):
    mistyped = paste("'my tools/senso' status --stat queued", folder)
    see = mistyped.stderr.partition("see: ")[2]

    assert see == "'my tools/senso' status --help\n"
    assert "Usage: senso status" in paste(see, folder).stdout


@pytest.mark.usefixtures("database")
def test_an_error_from_deep_below_suggests_what_runs(folder, urls):
    servers = f"DATABASE_URL='{os.environ['DATABASE_URL']}' REDIS_URL='{urls.redis_url}' SENSO_HOME=home "

    unknown = paste(f"{servers} 'my tools/senso' status {uuid4()}", folder)

    assert unknown.stderr.endswith("; 'my tools/senso' status lists the latest\n")


def test_all_commands_that_there_are_are_known():
    single = {one.name or one.callback.__name__ for one in app.registered_commands}
    assert set(program.COMMANDS) == single | {one.name for one in app.registered_groups}


@pytest.mark.parametrize(
    "said", ["senso is up", "a senso that is up", "./senso status", "upgrade senso", "senso upgrades", "not-senso up"]
)
def test_what_is_no_command_stays_as_it_is(said, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/opt/senso"])
    monkeypatch.setenv("PATH", "/nowhere")

    assert program.pasteable(said) == said


def test_on_the_path_the_name_is_enough(folder, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(folder / "my tools" / "senso"), "status"])
    monkeypatch.setenv("PATH", str(folder / "my tools"))

    assert program.pasteable("Follow: senso watch") == "Follow: senso watch"


def test_a_path_with_a_space_can_be_typed_as_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "our tools" / "senso")])

    assert program.command() == f"'{tmp_path}/our tools/senso'"


def test_a_path_without_one_is_left_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "bin" / "senso")])
    monkeypatch.chdir(tmp_path)

    assert program.command() == "bin/senso"
