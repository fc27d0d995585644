"""What a command may import: most of the time of a short one is the time of its imports."""

import json
import os
import subprocess
import sys
from uuid import uuid4

import pytest

LOOK = """
import json, sys
from senso.cli import main
try:
    main()
except SystemExit as ended:
    code = int(ended.code or 0)
print("\\n" + json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""
HEAVY = {"aiohttp", "alembic", "celery", "fastapi", "jinja2", "kombu", "pygal", "sentry_sdk", "stamina", "structlog"}
HEAVY |= {"tldextract", "uvicorn"}
DATABASE = {"psycopg2", "senso.settings", "sqlalchemy"}
PARTS = {"senso.embedded.guardian", "senso.reports", "senso.sandbox", "senso.tasks"}
NOTHING = str(uuid4())


def imported(*arguments, code):
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "100"},
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["code"] == code, done.stderr
    return set(found["modules"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status",), 0),
        (("status", NOTHING), 4),
        (("runs", NOTHING), 4),
        (("watch", NOTHING), 4),
        (("credits", NOTHING), 4),
        (("orgs",), 0),
        (("orgs", "--partner", NOTHING), 4),
        (("partners",), 0),
        (("ledger", NOTHING), 4),
    ],
    ids=lambda said: " ".join(said[:1]) if isinstance(said, tuple) else "",
)
@pytest.mark.usefixtures("database")
def test_a_command_that_only_looks_imports_neither_celery_nor_alembic_nor_reports(arguments, code):
    assert imported(*arguments, code=code) & (HEAVY | PARTS) == set()


def test_a_cancel_imports_neither_celery_nor_providers_nor_an_http_client(make):
    batch = make.batch()

    found = imported("cancel", str(batch), code=0)

    assert make.state(batch)["state"] == "cancelled"
    left_out = (HEAVY | PARTS) - {"stamina", "structlog"}
    assert found & (left_out | {"requests", "senso.extraction", "senso.registry"}) == set()


@pytest.mark.usefixtures("database")
def test_an_import_that_changes_nothing_imports_neither_celery_nor_alembic_nor_reports(tmp_path):
    file = tmp_path / "orgs.yaml"
    file.write_text(f"partners: [{{id: {NOTHING}, name: Example, credits: 5}}]\n")

    assert imported("import", str(file), code=0) & (HEAVY | PARTS) == set()


@pytest.mark.parametrize("arguments", [("--help",), ("status", "--help"), ("--version",)])
def test_help_imports_nothing_that_reads_settings_or_reaches_a_server(arguments):
    assert imported(*arguments, code=0) & (HEAVY | DATABASE | PARTS) == set()
