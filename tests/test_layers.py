"""The layers: a file imports from its own line or from lines above it. The list is the documentation."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "senso"

LAYERS = [
    {"errors", "settings", "provider_keys", "supplied", "edge", "policy", "log", "sentry", "failpoints", "encryption"}
    | {"typed_ids", "quantities", "records", "redaction", "states"},
    {"matrix", "weekly", "model_versions"},
    {"event_loop"},
    {"http", "outgoing"},
    {"providers"},
    {"registry"},
    {"prices", "extraction"},
    {"numbers"},
    {"score"},
    {"comparison", "explanation"},
    {"evaluation"},
    {"push", "slack", "imports", "reports"},
    {"storable_text", "postgres_errors", "publishing"},
    {"db"},
    {"tables", "queries"},
    {"reads"},
    {"schema", "migrations", "redis_access"},
    {"job_budget"},
    {"limits"},
    {"checks"},
    {"runtime"},
    {"workflows"},
    {"worker"},
    {"tasks"},
    {"embedded", "sandbox", "stack", "backup"},
    {"metrics"},
    {"api"},
    {"dashboard"},
    {"mcp"},
    {"cli"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
# Who may import what is not ours.
ONLY_IN = {
    "fastapi": {"api", "dashboard", "mcp"},
    "starlette": {"api", "dashboard", "mcp"},
    "mcp": {"mcp"},
    "mcp_types": set(),
    "uvicorn": {"api"},
    "prometheus_client": {"metrics"},
    "pygal": {"reports"},
    "jinja2": {"api", "dashboard", "reports"},
    "celery": {"tasks", "worker"},
    "kombu": {"tasks", "worker"},
    "billiard": set(),
    "vine": set(),
    "amqp": set(),
    "sentry_sdk.integrations.celery": {"tasks"},
    "aiohttp": {"http", "outgoing"},
    "cryptography": {"encryption"},
    "redis": {"checks", "job_budget", "limits", "redis_access", "tasks", "worker"},
    "requests": {"slack"},
    "psycopg2": {"embedded", "settings", "postgres_errors", "storable_text", "db", "queries"},
    "sqlalchemy": {"db", "schema", "tables", "queries", "reads"},
    "alembic": {"migrations"},
}
FILES = sorted(ROOT.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@cache
def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: an import by dots"
            assert node.level == 0, f"{path}: an import by dots"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_parts(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("senso.") and name.split(".")[1] in RANK}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_from_its_own_line_or_above(path):
    if part(path) == "__init__":
        assert not own_parts(path)
        return

    below = {name for name in own_parts(path) if RANK[name] > RANK[part(path)]}

    assert not below


@pytest.mark.parametrize(("library", "allowed"), ONLY_IN.items())
def test_a_library_stays_where_it_belongs(library, allowed):
    users = {part(path) for path in FILES if any(f"{name}.".startswith(f"{library}.") for name in imported(path))}

    assert users == allowed


@pytest.mark.parametrize("package", ["providers", "extraction"])
def test_siblings_do_not_import_each_other(package):
    for path in (ROOT / package).glob("[!_]*.py"):
        siblings = {name for name in imported(path) if name.startswith(f"senso.{package}.")}

        assert not {name for name in siblings if (ROOT / package / f"{name.split('.')[2]}.py").exists()}, path


def test_the_sandbox_knows_nothing_of_the_pipeline():
    for path in (ROOT / "sandbox").glob("*.py"):
        assert own_parts(path) <= {"sandbox", "errors"}, path


def test_every_part_has_its_line():
    assert {part(path) for path in FILES} - {"__init__", "packaged"} == set(RANK)


def test_the_architecture_page_has_every_part_in_the_same_order():
    page = (ROOT.parent / "docs/architecture.md").read_text().partition("## Where things are")[2]
    cells = [line.split("|")[1] for line in page.partition("## Words")[0].splitlines() if line.startswith("| `")]
    rooms = [
        [name.strip("`").strip("/").removesuffix(".py") for name in cell.split(", ")] for cell in map(str.strip, cells)
    ]
    ranks = [{RANK[name] for name in row} for row in rooms]

    assert sorted(name for row in rooms for name in row) == sorted(RANK)
    assert [rank for row in ranks for rank in sorted(row)] == sorted(rank for row in ranks for rank in row)


# Commands and tasks are what begins; `edge` hands in what lies below them.
AT_THE_EDGE = {"settings", "provider_keys", "edge", "tasks", "worker", "cli"}
READERS = {
    f"senso.settings.{name}" for name in ("settings", "read_settings", "use_environment", "clock", "moved_clock")
}
READERS |= {"senso.settings.reading", "senso.provider_keys", "senso.edge"}
READERS |= {name.replace("senso.settings.", "senso.settings.reading.") for name in READERS}


# What parses texts and addresses; the rest of `senso.settings` reads the environment.
PARSERS = {"texts", "databases", "redis_urls", "failpoint_values", "variable_list"}
DOMAIN = {
    "matrix",
    "weekly",
    "model_versions",
    "providers",
    "registry",
    "prices",
    "extraction",
    "score",
    "push",
    "reports",
    "states",
}
# PGOPTIONS is libpq's own variable.
ENVIRONMENT_IN = {"backup/programs.py", "settings", "cli", "embedded", "stack", "tasks/flower.py", "db/connections.py"}


def test_the_domain_knows_no_setting():
    with_settings = {path for path in FILES if part(path) in DOMAIN and "settings" in own_parts(path)}

    assert with_settings == set()


def test_below_the_edge_only_parsers_of_settings_are_imported():
    for path in (path for path in FILES if part(path) not in {*AT_THE_EDGE, "checks"}):
        names = {name.split(".")[2] for name in imported(path) if name.startswith("senso.settings.")}

        assert names <= PARSERS, path
        assert "from senso import settings" not in path.read_text(), path


def test_the_environment_is_read_where_a_program_begins():
    for path in FILES:
        place = str(path.relative_to(ROOT))
        if "os.environ" in path.read_text() or "os.getenv" in path.read_text():
            assert {place, part(path)} & ENVIRONMENT_IN, place


def test_only_where_a_program_begins_a_setting_is_read():
    below = [path for path in FILES if part(path) not in AT_THE_EDGE]

    assert {path for path in below if imported(path) & READERS} == set()
