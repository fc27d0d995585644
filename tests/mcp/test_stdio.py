"""`senso mcp` on its standard input and output."""

import json
import subprocess
import sys

import pytest
from assistants import COMMAND, environment
from world import arguments, read_world

from senso import __version__
from senso.states import Scope

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}
TRIGGER = {"jsonrpc": "2.0", "id": 2, "method": "tools/call"}


def test_a_program_of_an_assistant_finds_everything(by_stdio, make, messages):
    read = read_world(make)
    asked = arguments(read.org.id, read.batch, read.runs[0], read.org.partner)
    another = make.org()  # with nothing yet, so that a trigger opens something
    messages.clear()

    with by_stdio(make.token(Scope.OPERATE)) as senso:
        told = {
            name: senso.call(name, **of) for name, of in asked.items() if name not in {"list_changes", "cancel_batch"}
        }
        opened = senso.call("trigger_batch", org_id=another.id, idempotency_key="one-more")
        cancelled = senso.call("cancel_batch", batch_id=opened["id"], dry_run=False)
        assert senso.ask("instructions").startswith("Senso asks AI assistants")
        assert senso.ask("server_info").version == __version__

    assert told["list_orgs"]["items"][0]["id"] == str(read.org.id)
    assert told["show_answer"]["number"] == read.runs[0]
    assert told["trigger_batch"]["outcome"] == "partial"
    assert (opened["outcome"], cancelled["batch"]["state"]) == ("opened", "cancelled")
    assert [name for name, _ in messages("control")] == ["senso.tick.admit"]


def test_a_token_that_is_revoked_or_used_too_often_is_refused_at_the_next_call(by_stdio, make, monkeypatch):
    monkeypatch.setenv("API_REQUESTS_PER_MINUTE", "3")

    with by_stdio(make.token(Scope.READ)) as senso:
        assert [senso("list_orgs").is_error for _ in range(3)] == [False] * 3
        assert "used its 3 requests of a minute; send it again in" in senso.refused("list_orgs")
        make.sql("UPDATE tokens SET revoked_at = now()")
        assert senso.refused("list_orgs") == "this token was revoked; make another one"


def test_nothing_but_the_protocol_is_on_standard_output(make, database, tmp_path):
    org, token = make.org(), make.token(Scope.TRIGGER)
    call = TRIGGER | {"params": {"name": "trigger_batch", "arguments": {"org_id": str(org.id), "idempotency_key": "a"}}}
    lines = "".join(f"{json.dumps(one)}\n" for one in (HELLO, READY, call)) + "no json\n"
    given = environment(tmp_path, database) | {
        "SENSO_TOKEN": token,
        "SENSO_CLOCK": "-1d",
        "REDIS_URL": "redis://127.0.0.1:9",
    }

    said, errors = spoken(given, tmp_path, lines, until=2)

    assert {one["jsonrpc"] for one in said} == {"2.0"}
    (answer,) = [one for one in said if one.get("id") == 2]
    assert answer["result"]["structuredContent"]["outcome"] == "opened"
    assert "SENSO_CLOCK" in errors
    assert token not in errors


def spoken(given, folder, lines, until):
    """What it says until the answer with that id and then at the end of its input, and what on standard error."""
    with (folder / "errors.txt").open("w+") as errors, subprocess.Popen(
        [sys.executable, *COMMAND], env=given, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        text=True,
    ) as process:  # fmt: skip
        process.stdin.write(lines)
        process.stdin.flush()
        said = []
        while not said or said[-1].get("id") != until:
            said.append(json.loads(process.stdout.readline()))
        rest, _ = process.communicate(timeout=60)
        errors.seek(0)
        assert process.returncode == 0
        return said + [json.loads(line) for line in rest.splitlines()], errors.read()


def test_without_the_library_it_says_what_to_install():
    script = "import sys; sys.modules['mcp'] = None; sys.argv = ['senso', 'mcp']; from senso.cli import main; main()"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    said = "senso: the library for MCP is not installed; install it: pip install 'senso[mcp]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "senso mcp needs a token: set SENSO_TOKEN, or say --token-file PATH"),
        (["--token-file", "none.txt"], "--token-file none.txt: cannot be read: No such file or directory"),
        (["--token-file", "old.txt"], "there is no such token"),
    ],
)
def test_without_a_token_it_does_not_start(database, tmp_path, more, said):
    (tmp_path / "old.txt").write_text(f"senso_{'0' * 64}\n")
    given = environment(tmp_path, database)

    done = subprocess.run(
        [sys.executable, *COMMAND, *more], env=given, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr
