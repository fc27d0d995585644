"""What the page for operators has them type does what it says."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from senso.settings import read_settings

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "production.md").read_text()
UPGRADING = (ROOT / "docs" / "upgrading.md").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
FILES = {Path(secret["file"]).name: name for name, secret in COMPOSE["secrets"].items()}
VENDORS = {"openai_api_key": "sk-proj-4f8a0c17be", "brightdata_api_key": "0b7d5e62-4f8a"}


def commands(text):
    return re.findall(r"^```\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """After the second step of the page; the keys of vendors are typed."""
    made = tmp_path_factory.mktemp("production")
    made_up, typed = [block for block in commands(PAGE) if "secrets" in block][:2]
    typed_keys = "\n".join(VENDORS.values()) + "\n"
    bash = ["bash", "-euc", "umask 077; " + made_up + typed]
    subprocess.run(bash, cwd=made, input=typed_keys, text=True, check=True, env={"PATH": os.environ["PATH"]})
    return made


def test_every_secret_of_compose_is_made_and_no_other(folder):
    assert {path.name for path in (folder / "secrets").iterdir()} == set(FILES)


def test_the_table_of_secrets_is_that_of_compose():
    told = {
        name: set(users.split(", "))
        for name, users in re.findall(r"^\| `([a-z_.]+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    }
    services = COMPOSE["services"]
    users = {
        name: {one for one in services if secret in services[one].get("secrets", [])} for name, secret in FILES.items()
    }
    ours = {"migrate", "worker", "control", "beat", "flower", "api", "metrics"}

    assert {name: ours if who == {"all of ours"} else who for name, who in told.items()} == users


def test_the_secrets_are_for_their_owner_and_readable_in_a_container(folder):
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (folder / "secrets").iterdir()} == {0o644}


@pytest.mark.parametrize("service", ["worker", "control", "beat", "flower", "api", "metrics", "migrate"])
def test_what_is_made_is_taken_by_production(nothing_set, folder, service):
    for name, value in COMPOSE["services"][service]["environment"].items():
        inside = Path(value).name if name.endswith("_FILE") else None
        file = next((file for file, secret in FILES.items() if secret == inside), None)
        nothing_set.setenv(name, value if file is None else str(folder / "secrets" / file))
    nothing_set.setenv("APPLICATION_API_URL", "https://application.example/api")

    read = read_settings()

    redis = read.redis_url.get_secret_value()
    assert read.openai_api_key.get_secret_value() == VENDORS["openai_api_key"]
    assert (
        folder / "secrets" / "redis.conf"
    ).read_text() == f"requirepass {redis[len('redis://:') :].partition('@')[0]}"
    assert (folder / "secrets" / "postgres_password").read_text() in read.database_url.get_secret_value()


@pytest.mark.parametrize("text", [PAGE, UPGRADING], ids=["production", "upgrading"])
def test_a_command_names_services_and_commands_that_there_are(text):
    typed = "\n".join(commands(text))
    said = re.findall(r"docker compose (?:exec (?:-T )?|run --rm (?:--volume \S+ )?)(\w+)", typed)
    ours = re.findall(r"(?:exec \w+ senso|migrate(?= import)) (\w+)", typed)

    assert set(said) <= set(COMPOSE["services"])
    assert set(ours) <= {"doctor", "trigger", "report", "import"}


@pytest.mark.parametrize(
    "file", [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"], ids=lambda file: file.name
)
def test_a_link_leads_somewhere(file):
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", file.read_text())

    assert [link for link in links if not (file.parent / link).exists()] == []
