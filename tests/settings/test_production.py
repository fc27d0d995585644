"""ENVIRONMENT=production takes nothing that is left out, empty, made up or meant for tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from senso.errors import ConfigError
from senso.settings import read_settings
from senso.settings.fields import ADDRESSES, SECRETS

ROOT = Path(__file__).parents[2]
GOOD = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://senso:c4b1f0a9d2@postgres:5432/senso",
    "REDIS_URL": "redis://:7e21aa90cd@redis:6379/0",
    "OPENAI_API_KEY": "sk-proj-4f8a0c17be",
    "BRIGHTDATA_API_KEY": "0b7d5e62-4f8a-0c17-be55-92d3",
    "APPLICATION_API_URL": "https://application.example/api",
    "API_TOKEN": "9d2c4b1f0a",
}


@pytest.fixture
def production(nothing_set):
    for name, value in GOOD.items():
        nothing_set.setenv(name, value)
    return nothing_set


def refusal():
    with pytest.raises(ConfigError) as caught:
        read_settings()
    said = str(caught.value)
    assert len(said.splitlines()) == 1
    return said


def test_what_is_set_as_it_should_be_is_taken(production):
    assert read_settings().environment == "production"


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_production_has_no_embedded_servers(production, name, value):
    production.delenv(name)
    if value is not None:
        production.setenv(name, value)

    said = refusal()

    assert said.startswith(f"{name}: ")
    assert ("not set; when" in said) == (value is None)


@pytest.mark.parametrize("content", ["", "\n", "\ufeff \r\n"])
@pytest.mark.parametrize("name", ["DATABASE_URL", "OPENAI_API_KEY", "SLACK_WEBHOOK_URL"])
def test_an_empty_file_of_a_secret_is_refused(production, tmp_path, name, content):
    (tmp_path / "secret").write_text(content)
    production.delenv(name, raising=False)
    production.setenv(f"{name}_FILE", str(tmp_path / "secret"))

    assert refusal().startswith(f"{name}_FILE: empty; ")


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_an_empty_secret_is_refused(production, name):
    production.setenv(name.upper(), "")

    assert refusal().startswith(f"{name.upper()}: empty; ")


@pytest.mark.parametrize(
    ("name", "value"), [("SENSO_CLOCK", "+1d"), ("FAILPOINTS", "[]"), ("FAILPOINTS_FOLDER", "folder")]
)
def test_what_is_for_tests_is_refused(production, name, value):
    production.setenv(name, value)

    assert refusal() == f"{name}: not allowed when ENVIRONMENT=production; unset it"


@pytest.mark.parametrize(
    "value",
    [
        "change-me",
        "ChangeMe!",
        "change_me_123",
        "password",
        "P@ssw0rd1",
        "guest",
        "sandbox-key",
        "sandbox-token",
        "your-api-key",
        "***",
        "1234",
        "secret",
        "YOUR_OPENAI_API_KEY",
        "sk-your-key-here",
        "sk-...",
        "sk-xxxxxxxx",
        "xxxx",
        "<key>",
        "${API_TOKEN}",
        "replace-me",
        "put-your-key-here",
        "test",
        "test1234",
        "changeit",
        "Example",
    ],
)
@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "API_TOKEN"])
def test_a_key_that_everybody_knows_is_refused(production, name, value):
    production.setenv(name, value)

    said = refusal()

    assert said.startswith(f"{name}: it is empty, an example or a default that everybody knows")
    assert value not in said


@pytest.mark.parametrize("value", ["OPENAI_API_KEY", "openai_api_key", "openai-api-key", "$OPENAI_API_KEY"])
def test_a_key_that_is_its_own_name_is_refused(production, value):
    production.setenv("OPENAI_API_KEY", value)

    assert refusal().startswith("OPENAI_API_KEY: it is empty, an example or a default that everybody knows")


@pytest.mark.parametrize("value", ["Bearer:9d2c4b1f0a", "bearer-9d2c4b1f0a", "Bearer"])
def test_a_key_that_says_how_it_is_sent_is_refused(production, value):
    production.setenv("API_TOKEN", value)

    assert refusal().startswith("API_TOKEN: begins with Bearer")


@pytest.mark.parametrize(
    "value",
    [
        "sk-proj-4f8a",
        "changes4f8a",
        "my-4f8a0c17",
        "Senso4f8a0c",
        "postgres4f8a0c17",
        "key-0b7d5e62",
        "secret-8412934891234",
    ],
)
def test_a_key_of_ones_own_is_taken(production, value):
    production.setenv("API_TOKEN", value)

    assert read_settings().api_token.get_secret_value() == value


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://senso:senso@host/senso"),
        ("DATABASE_URL", "postgresql://larch:larch@host/senso"),
        ("DATABASE_URL", "postgresql://postgres:postgres@host/senso"),
        ("DATABASE_URL", "postgresql://senso:change%2Dme@host/senso"),
        ("DATABASE_URL", "postgresql://senso:@host/senso"),
        ("DATABASE_URL", "postgresql://senso@host/senso?password=password"),
        ("DATABASE_READ_URL", "postgresql://senso:postgres@host/senso"),
        ("DATABASE_URL", "host=host dbname=senso user=senso password='change-me'"),
        ("DATABASE_URL", "postgresql://senso:postgres@one:5432,two:5432/senso"),
        ("REDIS_URL", "redis://:redis@host:6379/0"),
        ("REDIS_URL", "redis://default:foobared@host:6379/0"),
        ("REDIS_URL", "rediss://:changeme@host:6379/0"),
        ("REDIS_URL", "redis://:@host:6379/0"),
        ("REDIS_URL", "redis://host?username=larch&password=larch"),
        ("REDIS_URL", "redis+socket:///run/redis.sock?password=redis"),
        ("FLOWER_BASIC_AUTH", "admin:admin"),
        ("FLOWER_BASIC_AUTH", "larch:larch"),
        ("FLOWER_BASIC_AUTH", "admin:/admin"),
        ("FLOWER_BASIC_AUTH", "admin:#admin?"),
        ("FLOWER_BASIC_AUTH", "larch:change-me"),
    ],
)
def test_a_password_that_everybody_knows_is_refused_inside_an_address(production, name, url):
    production.setenv(name, url)

    assert refusal().startswith(f"{name}: its password is empty, an example or a default")


@pytest.mark.parametrize("url", ["redis://redis:6379/0", "rediss://me:c4b1f0a9d2@host/0?ssl_cert_reqs=required"])
def test_a_server_that_needs_no_password_is_one_that_its_owner_chose(production, url):
    production.setenv("REDIS_URL", url)

    assert read_settings().redis_url.get_secret_value() == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLOWER_BASIC_AUTH", "op:pa[ssZ9"),
        ("FLOWER_BASIC_AUTH", "op:4f8a/0c#17?be"),
    ],
)
def test_a_password_of_ones_own_is_taken_in_any_form(production, name, value):
    production.setenv(name, value)

    assert getattr(read_settings(), name.lower()).get_secret_value() == value


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "BRIGHTDATA_BASE_URL", "APPLICATION_API_URL"])
def test_a_key_is_not_sent_in_clear_text(production, name):
    production.setenv(name, "http://vendor.example/v1")

    assert refusal().startswith(f"{name}: http:// would send its key in clear text")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8000", "localhost", "application:8080", "10.0.0.7", "[fd00::1]:80", "app.senso.svc.cluster.local"],
)
def test_within_ones_own_network_it_may_be(production, host):
    production.setenv("APPLICATION_API_URL", f"http://{host}")

    assert read_settings().application_api_url == f"http://{host}"


def test_elsewhere_all_of_it_may_be(nothing_set):
    for name, value in {"ENVIRONMENT": "staging", "API_TOKEN": "change-me", "SENSO_CLOCK": "+1d"}.items():
        nothing_set.setenv(name, value)
    nothing_set.setenv("OPENAI_API_KEY", "")

    assert read_settings().api_token.get_secret_value() == "change-me"


def test_no_secret_goes_unlooked_at():
    assert {name for name in SECRETS if re.search("url$|proxy$", name)} - ADDRESSES == {"slack_webhook_url"}


PROGRAMS = {
    "worker": ["celery", "-A", "senso.tasks.app:app", "worker", "-P", "threads", "-c", "1"],
    "beat": ["celery", "-A", "senso.tasks.beat:app", "beat"],
    "flower": ["celery", "-A", "senso.tasks.flower:app", "flower", "--port=0"],
    "up": ["senso.cli", "up", "--no-flower"],
    "api": ["senso.cli", "api"],
    "migrate": ["senso.cli", "migrate"],
    "demo": ["senso.cli", "demo"],
    "doctor": ["senso.cli", "doctor"],
}


@pytest.mark.parametrize("arguments", PROGRAMS.values(), ids=PROGRAMS)
def test_every_program_of_production_ends_at_once_without_a_database(nothing_set, tmp_path, arguments):
    (tmp_path / "database_url").write_text("")
    given = {**GOOD, "DATABASE_URL_FILE": str(tmp_path / "database_url"), "PYTHONPATH": str(ROOT)}
    del given["DATABASE_URL"]

    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=tmp_path,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert re.fullmatch(r"senso: DATABASE_URL_FILE: empty; [^\n]*\n", done.stderr), done.stderr
    assert (done.returncode, done.stdout) == (2, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["database_url"]


@pytest.mark.parametrize("address", ["--address=0.0.0.0", "--address=", "--port=0"])
def test_flower_is_open_to_nobody_without_a_password(production, address):
    done = started("senso.tasks.flower:app", "flower", address)

    assert done.stderr == (
        "senso: FLOWER_BASIC_AUTH: not set; when ENVIRONMENT=production Flower needs user:password to be reached "
        "from outside: set FLOWER_BASIC_AUTH or FLOWER_BASIC_AUTH_FILE\n"
    )
    assert done.returncode == 2


def started(app, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "celery", "-A", app, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("url", ["mysql://root:root@x/y", "postgresql://op:op%FFx@h/db", "nonsense"])
def test_an_address_for_reads_that_is_none_is_refused(production, url):
    production.setenv("DATABASE_READ_URL", url)

    assert refusal().startswith("DATABASE_READ_URL: ")


@pytest.mark.parametrize(
    "networks", ["0.0.0.0/0", "::/0", "127.0.0.1,0.0.0.0/1", "104.16.0.0/13", "fc00::/7", "2606::/32"]
)
def test_a_header_that_names_people_is_not_believed_from_everywhere(production, networks):
    production.setenv("DASHBOARD_PROXIES", networks)
    assert read_settings().dashboard_proxies == networks

    production.setenv("DASHBOARD_USER_HEADER", "X-Forwarded-User")

    assert refusal().startswith("DASHBOARD_PROXIES: ")


@pytest.mark.parametrize(
    "networks", ["127.0.0.1,::1", "10.0.0.0/8", "10.0.3.7, 10.0.4.0/24", "fd00:1::/64", "203.0.113.0/24"]
)
def test_it_is_believed_from_proxies_that_are_named(production, networks):
    production.setenv("DASHBOARD_PROXIES", networks)
    production.setenv("DASHBOARD_USER_HEADER", "X-Forwarded-User")

    assert len(read_settings().dashboard_networks) == len(networks.split(","))


@pytest.mark.parametrize(
    "name", ["User-Agent", "cookie", "Sec-Fetch-Site", "X-Forwarded-For", "X User", "X_User", "X-User:"]
)
def test_a_header_that_everybody_sends_names_nobody(nothing_set, name):
    nothing_set.setenv("DASHBOARD_USER_HEADER", name)

    assert refusal().startswith("DASHBOARD_USER_HEADER: must be the name of a header that only the proxy sets")


@pytest.mark.parametrize("networks", ["10.0.3.0/33", "proxy.example", "10.0.3.7/8"])
def test_a_network_that_is_none_is_refused(nothing_set, networks):
    nothing_set.setenv("DASHBOARD_PROXIES", networks)

    assert refusal().startswith("DASHBOARD_PROXIES: must be addresses or networks")
