"""The benchmarks are run by hand: what they import from the package must be there."""

import ast
import importlib
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"
FILES = sorted(BENCH.glob("*.py"))


def taken(path: Path) -> set[tuple[str, str]]:
    """Every name that a file imports from the package, with its module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "senso":
            found |= {(str(node.module), alias.name) for alias in node.names}
    return found


@pytest.mark.parametrize("path", [path for path in FILES if taken(path)], ids=lambda path: path.stem)
def test_what_a_benchmark_imports_is_there(path):
    for module, name in taken(path):
        holder = importlib.import_module(module)
        if not hasattr(holder, name):
            importlib.import_module(f"{module}.{name}")
