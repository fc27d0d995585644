"""What `docs/production.md` has an operator make, and what the product leaves behind, is in no commit and no layer."""

import subprocess
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths

from senso.embedded.home import Home

ROOT = Path(__file__).parents[1]
SECRET = (
    ".env",
    ".env.production",
    ".env.local",
    "secrets/openai_api_key",
    "secrets/redis.conf",
    "deploy/secrets/api_token",
    "server.pem",
    "tls/private.key",
    "tls/client.p12",
    "senso/.env",
    "senso/secrets/database_url",
    "senso/key.pem",
    "senso/.senso/password",
    ".senso/postgres/PG_VERSION",
    ".senso-staging/redis/dump.rdb",
    "backup.dump",
    "backup.sql",
    "backup.sql.gz",
    "senso/backup.sql.gz",
    "dump.rdb",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    ".envrc",
    "pgpass",
    ".pgpass",
    "pg_service.conf",
    "redis.conf",
    "id_rsa",
    "id_rsa.pub",
    "credentials.json",
    "openai_api_key",
    "brightdata_api_key",
    "database_url",
    "redis_url",
    "api_token",
    "postgres_password",
    "flower_basic_auth",
    "event_key",
    "slack_webhook_url",
    "senso/openai_api_key",
    "alembic/database_url",
    "senso/secrets/key.py",
    "orgs.yaml",
    "world.yaml",
    "report.html",
    "ledger.csv",
)
# Of no use to an image, and of nobody's concern.
BESIDE = ("senso/notes.txt", "senso/report.json", "alembic/orgs.csv", "docs/production.md")
NEEDED = (
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "constraints.txt",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
    "celerybeat-schedule.py",
    "alembic/env.py",
    "alembic/script.py.mako",
    "alembic/versions/0001_first.py",
    "senso/__init__.py",
    "senso/cli/commands/stack.py",
    "senso/reports/page.css",
    "senso/reports/page.html",
)


@pytest.fixture
def copy(tmp_path) -> Path:
    """The rules of this project around files that are worth stealing, and around what an image is built from."""
    for name in (*SECRET, *BESIDE, *NEEDED):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("hunter2")
    for rules in (".gitignore", ".dockerignore"):
        (tmp_path / rules).write_text((ROOT / rules).read_text())
    return tmp_path


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def sent(folder):
    """What goes to a build of an image."""
    rules = [line for line in (folder / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    found = exclude_paths(str(folder), rules, dockerfile="Dockerfile")
    return {name for name in found if (folder / name).is_file()}


def test_no_secret_can_be_committed(copy):
    git(copy, "init", "--quiet")
    git(copy, "add", "--all")

    assert set(git(copy, "ls-files")) == {*NEEDED, *BESIDE, ".gitignore", ".dockerignore"}


def test_an_example_of_the_settings_can_be(copy):
    (copy / ".env.example").write_text("")
    git(copy, "init", "--quiet")
    git(copy, "add", "--all")

    assert ".env.example" in git(copy, "ls-files")


def test_no_file_of_this_project_is_one_that_its_rules_leave_out():
    assert git(ROOT, "ls-files", "--cached", "--ignored", "--exclude-standard") == []


def test_no_secret_is_sent_to_a_build_of_an_image(copy):
    assert sent(copy) - {"Dockerfile", ".dockerignore"} == set(NEEDED)


def test_every_file_of_the_program_is_sent_to_a_build_of_an_image():
    assert set(git(ROOT, "ls-files", "senso", "alembic")) - sent(ROOT) == set()


def test_an_image_is_built_from_named_files_only():
    copied = [
        line.split()[1:-1]
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith(("COPY", "ADD"))
    ]

    assert {name for names in copied for name in names} == {name.split("/")[0] for name in NEEDED}


def test_a_home_of_any_name_hides_itself_from_git(tmp_path):

    git(tmp_path, "init", "--quiet")
    Home.prepared(tmp_path / "our-servers")
    (tmp_path / "our-servers" / "password").write_text("hunter2")

    assert git(tmp_path, "status", "--porcelain") == []


def test_a_folder_that_was_there_before_is_not_hidden(tmp_path):

    (tmp_path / "work").mkdir(mode=0o700)
    (tmp_path / "work" / "orgs.yaml").write_text("")
    Home.prepared(tmp_path / "work")

    assert not (tmp_path / "work" / ".gitignore").exists()
