"""To import a module does nothing: neither threads nor files, signals, settings or other libraries are touched."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1] / "senso"
# What begins a program: Celery's app and all that registers with it, and what is run by itself.
ENTRY_POINTS = ("senso.tasks", "senso.worker.configuration")
LOOK = """
import importlib, json, os, signal, sys, threading
from kombu.transport import TRANSPORT_ALIASES

def state():
    from psycopg2.extensions import adapters
    handlers = [str(signal.getsignal(number)) for number in signal.valid_signals()]
    return [dict(os.environ), threading.active_count(), dict(TRANSPORT_ALIASES), len(adapters), handlers, os.getcwd()]

before = state()
failed = {}
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = repr(error)
print(json.dumps({"failed": failed, "changed": before != state(), "settings": "read" if importlib.import_module(
    "senso.settings").settings.cache_info().currsize else "not read"}))
"""


def modules() -> list[str]:
    names = (
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(ROOT.rglob("*.py"))
    )
    return [name for name in names if not name.startswith(ENTRY_POINTS) and not name.endswith("__main__")]


def test_every_module_can_be_imported_without_an_environment_and_changes_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LOOK, json.dumps(modules())],
        env={"PYTHONPATH": str(ROOT.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    assert json.loads(done.stdout.splitlines()[-1]) == {"failed": {}, "changed": False, "settings": "not read"}
    assert list(tmp_path.iterdir()) == []
