import ast
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import senso.sandbox

PACKAGE = Path(senso.sandbox.__file__).parent


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
