import ast
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

import senso.sandbox
from senso.sandbox.__main__ import main

COMMAND = [sys.executable, "-m", "senso.sandbox"]
PACKAGE = Path(senso.sandbox.__file__).parent


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_when_it_is_ready_and_stops_cleanly(tmp_path, stop):
    file = tmp_path / "url"
    options = ["--seed", "3", "--answer-seconds", "0", "--lies", "0.2", "--announce", str(file)]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        url = re.fullmatch(r"sandbox ready at (http://127\.0\.0\.1:\d+)\n", line)[1]
        reachable = requests.get(f"{url}/_sandbox/timing", timeout=5).json()
        process.send_signal(stop)
        _, errors = process.communicate(timeout=10)

    assert (file.read_text(), reachable["answer_seconds"]) == (url, 0)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "x"],
        ["--port", "99999"],
        ["--port", "taken"],
        ["--lies", "2"],
        ["--answer-seconds", "-1"],
        ["--answer-seconds", "long"],
        ["--colour", "red"],
        ["--replay", "/nowhere"],
        ["--replay", "here"],
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(tmp_path, capsys, options):
    (tmp_path / "bad.jsonl").write_text("{}\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        known = {"taken": str(taken.getsockname()[1]), "here": str(tmp_path)}
        with pytest.raises(SystemExit) as end:
            main([known.get(option, option) for option in options])

    told = capsys.readouterr()
    assert (end.value.code, told.out) == (2, "")
    assert re.fullmatch(r"sandbox: [^\n]+\n", told.err)


def test_slow_calls_are_answered_at_the_same_time(client):
    client.control("timing", {"answer_seconds": 0.3})
    start = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: client.responses().status_code, range(20)))

    assert set(statuses) == {200}
    assert time.monotonic() - start < 1.5


def test_the_sandbox_imports_nothing_of_the_pipeline():
    found = set()
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found |= {name for name in names if name.split(".")[0] == "senso"}

    assert {name for name in found if not name.startswith("senso.sandbox")} == set()


@pytest.mark.parametrize("module", ["reader", "passages", "variations", "schema"])
def test_the_reader_cannot_know_the_truth(module):
    source = (PACKAGE / f"{module}.py").read_text()

    assert not re.search(
        r"import .*(world|plan|prose|orgs|vocabulary)|from senso\.sandbox\.(world|plan|prose|orgs|vocabulary)", source
    )
