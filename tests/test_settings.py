import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from senso.errors import ConfigError
from senso.registry import PROVIDERS
from senso.settings import (
    BASE_URLS,
    Settings,
    clock,
    misspelt,
    read_settings,
    retired,
    secret,
    settings,
    unused,
    use_environment,
)
from senso.settings.sources import Dotenv
from senso.settings.variable_list import REFUSED, variables

ROOT = Path(__file__).parents[1]
VARIABLES = [
    "DATABASE_URL",
    "REDIS_URL",
    "SENSO_HOME",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "AZURE_OPENAI_ENDPOINT",
    "AZURE_OPENAI_KEY",
    "AZURE_OPENAI_API_VERSION",
    "AZURE_OPENAI_DEPLOYMENT_NAME",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "PERPLEXITY_API_KEY",
    "PERPLEXITY_BASE_URL",
    "GEMINI_API_KEY",
    "GEMINI_BASE_URL",
    "BRIGHTDATA_API_KEY",
    "BRIGHTDATA_BASE_URL",
    "LINKUP_API_KEY",
    "LINKUP_BASE_URL",
    "APPLICATION_API_URL",
    "API_TOKEN",
    "SLACK_WEBHOOK_URL",
    "SENTRY_DSN",
    "EVENT_KEY",
    "SIGNING_KEY",
    "INNGEST_EVENT_KEY",
    "INNGEST_SIGNING_KEY",
    "PORT",
    "ENVIRONMENT",
    "LOG_FORMAT",
    "EVALUATION_MODEL",
    "READING_MODEL",
    "NAMES_MODEL",
    "MAX_RUNNING_BATCHES",
    "CREDITS_PER_EVALUATION",
    "MAX_DAILY_COST",
    "SENSO_SCHEDULE",
    "SENSO_CLOCK",
    "READING_MODELS",
    "READING_MODE",
    "METRICS_PORT",
    "API_HOST",
    "HTTPS_PROXY",
    "NO_PROXY",
    "MAX_REPLY_BYTES",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "SECRETS_MANAGER",
    "ENCRYPTION_KEYS",
    "DATABASE_READ_URL",
    "HELICONE_API_KEY",
]
SECRETS = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
URLS = {
    "slack_webhook_url": "https://slack.example/hunter2",
    "sentry_dsn": "https://hunter2@sentry.example/17",
    "flower_basic_auth": "me:hunter2",
    "encryption_keys": f"hunter2{'A' * 36}=",
    "https_proxy": "http://me:hunter2@proxy.example:3128",
    "database_read_url": "postgresql://me:hunter2@host/senso",
    "database_url": "postgresql+psycopg2://me:hunter2@host/senso",
    "redis_url": "redis://:hunter2@host:6379/0",
}


def given(name):
    return URLS.get(name, "hunter2")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("senso_home", Path(".senso")),
        ("openai_base_url", "https://api.openai.com/v1"),
        ("brightdata_base_url", "https://api.brightdata.com"),
        ("port", 8080),
        ("environment", "development"),
        ("log_format", "console"),
        ("reading_model", None),
        ("reading_models", "gpt-6-luna"),
        ("readers", ["gpt-6-luna"]),
        ("names_model", "gpt-6-luna"),
        ("max_running_batches", 500),
        ("credits_per_evaluation", 1),
        ("senso_schedule", None),
        ("senso_clock", None),
        ("use_chords", True),
    ],
)
def test_what_is_not_set_has_its_default(nothing_set, name, value):
    assert getattr(read_settings(), name) == value


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_has_a_default(nothing_set, name):
    assert getattr(read_settings(), name) is None


def test_every_variable_that_others_rely_on_is_known():
    assert set(VARIABLES) <= {one.name for one in variables()}


@pytest.mark.parametrize(
    "name",
    [name for name in VARIABLES if re.search("KEY$|TOKEN$|DSN$|DATABASE_URL|REDIS_URL|WEBHOOK", name)],
)
def test_what_opens_a_door_is_kept_as_a_secret(name):
    assert name.lower() in SECRETS


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("ENVIRONMENT", "live"),
        ("LOG_FORMAT", "xml"),
        ("MAX_RUNNING_BATCHES", "-17"),
        ("CREDITS_PER_EVALUATION", "-1"),
        ("MAX_RUNNING_BATCHES", "99999999999999999999"),
        ("MAX_RUNNING_BATCHES", "9" * 5000),
        ("MAX_RUNNING_BATCHES", "2147483648"),
        ("CREDITS_PER_EVALUATION", "3000000000"),
        ("CALLS_IN_FLIGHT", "99999999999999999999"),
        ("SOFT_SHUTDOWN_SECONDS", "inf"),
        ("SOFT_SHUTDOWN_SECONDS", "nan"),
        ("SOFT_SHUTDOWN_SECONDS", "1e300"),
        ("USE_CHORDS", "perhaps"),
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "mysql://me:hunter2@host/senso"),
        ("DATABASE_URL", "postgresql://op:op%FFx@h/db"),
        ("DATABASE_URL", "postgresql://op:op%00x@h/db"),
        ("DATABASE_URL", "postgresql://op:hunter2@h/db?application_name=%C3"),
        ("REDIS_URL", "redis://op:op%FFx@h/0"),
        ("REDIS_URL", "redis://op:op%00x@h/0"),
        ("REDIS_URL", "redis://op:hunter[2@h/0"),
        ("REDIS_URL", "redis://op:hunter\u21002@h/0"),
        ("OPENAI_BASE_URL", "https://api..openai.com/v1"),
        ("OPENAI_BASE_URL", "https://.openai.com/v1"),
        ("OPENAI_BASE_URL", "https://api.openai.com:99999/v1"),
        ("OPENAI_BASE_URL", "https://me:hunter2@api.openai.com:0/v1"),
        ("OPENAI_BASE_URL", f"https://{'a' * 64}.example/v1"),
        ("OPENAI_BASE_URL", f"https://{'a.' * 130}example/v1"),
        ("OPENAI_BASE_URL", "https://me:hunter[2@api.openai.com"),
        ("OPENAI_BASE_URL", "https://me:hunter\u21002@api.openai.com"),
        ("APPLICATION_API_URL", "http://[:::1]:80"),
        ("SENTRY_DSN", "https://key@sentry..example/17"),
        ("OPENAI_API_KEY", "OPENAI_API_KEY=sk-hunter2"),
        ("OPENAI_API_KEY", "openai_api_key=sk-hunter2"),
        ("API_TOKEN", "TOKEN=hunter2"),
        ("FLOWER_BASIC_AUTH", "FLOWER_BASIC_AUTH=me:hunter2"),
        ("REDIS_URL", "hunter2"),
        ("REDIS_URL", "http://:hunter2@host"),
        ("REDIS_URL", "redis://:hunter2@host/first"),
        ("REDIS_URL", "redis://:hunter#2@host/0"),
        ("REDIS_URL", "redis://:hunter2@host:port/0"),
        ("DATABASE_URL", "postgresql://me:hunter2@hunter2@host/senso"),
        ("DATABASE_URL", "postgresql://me:hunter2@host:port/senso"),
        ("APPLICATION_API_URL", "application.example"),
        ("SENTRY_DSN", "sentry.example/17"),
        ("EVENT_KEY", "hunter2?"),
        ("INNGEST_EVENT_KEY", "hunter#2"),
        ("EVENT_KEY", "hunter%2"),
        ("FLOWER_BASIC_AUTH", "hunter2"),
        ("FLOWER_BASIC_AUTH", "me:hunter2,me:hunter3"),
        ("SENTRY_DSN", "https://sentry.example/17"),
        ("SENTRY_DSN", "https://hunter2@sentry.example/"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable_and_not_the_value(nothing_set, variable, value):
    nothing_set.setenv(variable, value)

    with pytest.raises(ConfigError) as caught:
        read_settings()

    said = str(caught.value)
    assert said.startswith(f"{variable}: ")
    assert len(said.splitlines()) == 1
    assert value not in said
    assert "hunter" not in said
    assert not re.search("codec|0xff|without a value|internal", said)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("name", BASE_URLS)
def test_a_base_url_is_without_its_last_slash(nothing_set, name):
    nothing_set.setenv(name.upper(), "https://vendor.example/v1/")

    assert getattr(read_settings(), name) == "https://vendor.example/v1"


def test_every_base_url_is_among_those_that_lose_their_last_slash():
    assert {name for name in Settings.model_fields if name.endswith("_base_url")} <= set(BASE_URLS)


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://host:6379/",
        "redis://:p@w@host",
        "redis://[::1]:6379/0",
        "redis://:pw@host:6379/1",
        "rediss://me:pw@host/0?ssl_cert_reqs=required",
    ],
)
def test_a_redis_url_stays_as_it_is(nothing_set, url):
    nothing_set.setenv("REDIS_URL", url)

    assert read_settings().redis_url.get_secret_value() == url


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_may_come_from_a_file_and_its_last_newline_is_not_part_of_it(nothing_set, tmp_path, name, ending):
    (tmp_path / "secret").write_text(given(name) + ending, newline="")
    nothing_set.setenv(f"{name.upper()}_FILE", str(tmp_path / "secret"))

    assert getattr(read_settings(), name).get_secret_value() == given(name)


def test_the_variable_itself_goes_before_its_file(nothing_set, tmp_path):
    (tmp_path / "key").write_text("from-the-file")
    nothing_set.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    nothing_set.setenv("OPENAI_API_KEY", "from-the-variable")

    assert read_settings().openai_api_key.get_secret_value() == "from-the-variable"


def test_an_empty_variable_leaves_the_word_to_its_file(nothing_set, tmp_path):
    (tmp_path / "key").write_text("from-the-file")
    nothing_set.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    nothing_set.setenv("OPENAI_API_KEY", "")

    assert read_settings().openai_api_key.get_secret_value() == "from-the-file"


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_sets_nothing(nothing_set, tmp_path, content):
    (tmp_path / "key").write_text(content)
    nothing_set.setenv("BRIGHTDATA_API_KEY_FILE", str(tmp_path / "key"))

    assert read_settings().brightdata_api_key is None


def test_what_is_no_secret_does_not_come_from_a_file(nothing_set, tmp_path):
    (tmp_path / "port").write_text("9000")
    nothing_set.setenv("PORT_FILE", str(tmp_path / "port"))

    assert read_settings().port == 8080


def test_a_wrong_path_is_one_line(nothing_set, tmp_path):
    nothing_set.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "none"))

    with pytest.raises(ConfigError) as caught:
        read_settings()

    assert str(caught.value) == f"OPENAI_API_KEY_FILE: cannot read {tmp_path}/none: No such file or directory"


def test_a_file_that_is_not_text_is_one_line(nothing_set, tmp_path):
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    nothing_set.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))

    with pytest.raises(ConfigError, match=r"^OPENAI_API_KEY_FILE: .*is not text$"):
        read_settings()


def test_a_file_with_a_bad_value_is_not_repeated(nothing_set, tmp_path):
    (tmp_path / "url").write_text("hunter2")
    nothing_set.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))

    with pytest.raises(ConfigError, match=r"^DATABASE_URL: ") as caught:
        read_settings()

    assert "hunter2" not in str(caught.value)


def test_the_dotenv_of_the_working_folder_is_read(nothing_set, tmp_path):
    (tmp_path / ".env").write_text("PORT=9000\nOPENAI_API_KEY='hunter2'\nUNKNOWN=1\n")
    nothing_set.chdir(tmp_path)
    nothing_set.setattr(Dotenv, "path", Path(".env"))

    read = read_settings()

    assert (read.port, read.openai_api_key.get_secret_value()) == (9000, "hunter2")


def test_a_dotenv_that_is_not_text_is_one_line(nothing_set, tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    nothing_set.chdir(tmp_path)
    nothing_set.setattr(Dotenv, "path", Path(".env"))

    with pytest.raises(ConfigError, match=r"^\.env: not UTF-8 text$"):
        read_settings()


@pytest.mark.parametrize("name", BASE_URLS)
def test_every_address_is_looked_at(nothing_set, name):
    nothing_set.setenv(name.upper(), "https://")

    with pytest.raises(ConfigError, match=f"^{name.upper()}: must be https://host"):
        read_settings()


def test_the_environment_goes_before_the_dotenv(nothing_set, tmp_path):
    (tmp_path / ".env").write_text("PORT=9000\n")
    nothing_set.chdir(tmp_path)
    nothing_set.setattr(Dotenv, "path", Path(".env"))
    nothing_set.setenv("PORT", "9001")

    assert read_settings().port == 9001


def test_the_product_reads_a_dotenv(tmp_path):
    (tmp_path / ".env").write_text("PORT=9000\n")  # in a process of its own: the tests' conftest switches it off
    program = "from senso.settings import settings; print(settings().port)"
    clean = {name: value for name, value in os.environ.items() if name != "PORT"} | {"PYTHONPATH": str(ROOT)}

    said = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=clean, capture_output=True, check=True)

    assert said.stdout == b"9000\n"


@pytest.mark.parametrize("name", REFUSED)
def test_a_limit_or_a_protection_that_there_is_not_is_refused(nothing_set, name):
    nothing_set.setenv(name.upper(), "0.01")

    with pytest.raises(ConfigError, match=rf"^{name.upper()}: not supported: .*; unset it$"):
        read_settings()


def test_a_protection_that_there_is_not_is_refused_in_a_dotenv_and_as_a_file_too(nothing_set, tmp_path):
    (tmp_path / ".env").write_text("# ours\n\nSECRETS_MANAGER=aws\n")
    nothing_set.chdir(tmp_path)
    nothing_set.setattr(Dotenv, "path", Path(".env"))
    with pytest.raises(ConfigError, match=r"^\.env:3: SECRETS_MANAGER: not supported"):
        read_settings()

    (tmp_path / ".env").write_text("SECRETS_MANAGER_FILE=/run/secrets/keys\n")
    with pytest.raises(ConfigError, match=r"^\.env:1: SECRETS_MANAGER_FILE: not supported"):
        read_settings()


def test_an_empty_limit_is_none(nothing_set):
    nothing_set.setenv("MAX_DAILY_COST", "")

    assert read_settings()


def test_what_is_set_and_does_nothing_is_listed(nothing_set, tmp_path):
    (tmp_path / ".env").write_text("INNGEST_SIGNING_KEY=key\nPORT=9000\nOPENAI_API_KEY=sk-used\nMETRICS_PORT=\n")
    nothing_set.chdir(tmp_path)
    nothing_set.setattr(Dotenv, "path", Path(".env"))
    for name in ("HELICONE_API_KEY_FILE", "OTEL_TRACES_SAMPLER"):
        nothing_set.setenv(name, "set")

    assert unused() == ["HELICONE_API_KEY", "INNGEST_SIGNING_KEY", "OTEL_TRACES_SAMPLER"]


def test_what_is_said_to_do_nothing_is_used_nowhere_and_all_else_is():
    code = "".join(
        file.read_text() for file in (ROOT / "senso").rglob("*.py") if file.parts[-2] not in {"settings", "sandbox"}
    )
    asked = r"(settings\(\)|\bread|\bstarted)\.{0}\b|\"{1}\""
    read = {name for name in Settings.model_fields if re.search(asked.format(name, name.upper()), code)}
    read |= {name for entry in PROVIDERS.values() for name in (entry.base_url, entry.key, *entry.settings.values())}
    read |= {"reading_model", "reading_models"} if "settings().readers" in code else set()
    read |= {"max_daily_cost"} if "settings().max_daily_microusd" in code else set()
    read |= {"encryption_keys"} if "settings().encrypting" in code else set()
    read |= {"dashboard_proxies"} if "read.dashboard_networks" in code else set()
    read |= {"dashboard_operators"} if "read.dashboard_people" in code else set()
    read |= {"event_key", "inngest_event_key"} if "settings().sender_key" in code else set()

    assert read | {"senso_clock", "senso_debug"} == {one.name.lower() for one in variables() if one.use == "used"}


@pytest.mark.parametrize(
    ("given", "readers"),
    [
        ({}, ["gpt-6-luna"]),
        ({"READING_MODEL": "gpt-5.1"}, ["gpt-5.1"]),
        ({"READING_MODELS": "gpt-5.1"}, ["gpt-5.1"]),
        ({"READING_MODELS": " gpt-5.1 , gpt-5.1,"}, ["gpt-5.1"]),
        ({"READING_MODEL": "gpt-5.1", "READING_MODELS": "gpt-5.1"}, ["gpt-5.1"]),
        ({"READING_MODEL": "gpt-5.1", "READING_MODELS": ""}, ["gpt-5.1"]),
        ({"READING_MODELS": "claude, gpt-5.1"}, ["claude", "gpt-5.1"]),
        ({"READING_MODEL": "gpt-5.1", "READING_MODELS": "claude,gpt-5.1"}, ["gpt-5.1", "claude"]),
    ],
)
def test_models_read_in_the_order_of_their_list_and_a_single_one_before_it(nothing_set, given, readers):
    for name, value in given.items():
        nothing_set.setenv(name, value)

    assert read_settings().readers == readers


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"READING_MODELS": ","}, "READING_MODELS: names no model; write slugs with commas between"),
        ({"READING_MODEL": "a,b"}, "READING_MODEL: names more than one model; it takes one"),
        ({"NAMES_MODEL": "a,b"}, "NAMES_MODEL: names more than one model; it takes one"),
    ],
)
def test_a_list_that_names_no_model_and_a_name_that_is_a_list_are_refused(nothing_set, given, said):
    for name, value in given.items():
        nothing_set.setenv(name, value)

    with pytest.raises(ConfigError) as caught:
        read_settings()

    assert str(caught.value) == said


def test_a_variable_of_former_versions_is_accepted_with_a_word_on_what_took_its_place(nothing_set):
    nothing_set.setenv("EVALUATION_MODEL", "gpt-6.1-terra")

    assert read_settings().readers == ["gpt-6-luna"]
    assert (retired(), unused(), misspelt()) == (
        {"EVALUATION_MODEL": "READING_MODELS says which model reads answers"},
        [],
        {},
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("OPENAI_APIKEY", "OPENAI_API_KEY"),
        ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY"),
        ("REDIS_ULR", "REDIS_URL"),
        ("openai_api_keys", "OPENAI_API_KEY"),
        ("LOG_FORMAT_FILE", "LOG_FORMAT"),
    ],
)
def test_a_name_that_is_nearly_one_of_ours_is_told(nothing_set, written, meant):
    nothing_set.setenv(written, "x")

    assert misspelt()[written.upper()] == meant


@pytest.mark.parametrize(
    ("moved", "by"),
    [("+3d", timedelta(days=3)), ("-2h", timedelta(hours=-2)), ("+30m", timedelta(minutes=30))],
)
def test_the_clock_can_be_moved_by_an_offset(nothing_set, moved, by):
    nothing_set.setenv("SENSO_CLOCK", moved)

    assert abs(clock() - datetime.now(UTC) - by) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("moved", "moment"),
    [
        ("2026-11-21T02:00:00+00:00", datetime(2026, 11, 21, 2, tzinfo=UTC)),
        ("2026-11-21T02:00:00Z", datetime(2026, 11, 21, 2, tzinfo=UTC)),
        ("2026-11-21T04:00:00+02:00", datetime(2026, 11, 21, 2, tzinfo=UTC)),
        ("2026-11-21T02:00:00", datetime(2026, 11, 21, 2, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
    ],
)
def test_the_clock_can_stand_at_a_moment(nothing_set, moved, moment):
    nothing_set.setenv("SENSO_CLOCK", moved)

    assert clock() == moment
    assert clock().utcoffset() == timedelta(0)


def test_the_clock_is_the_machines_when_nothing_moves_it(nothing_set):
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "moved",
    [
        "tomorrow",
        "3d",
        "+3w",
        "+d",
        "+99999999999d",
        "+99999d",
        "0001-01-01T00:00Z",
        "1999-12-31T23:59Z",
        "2100-01-01",
        "0001-01-01T00:00:00+05:00",
    ],
)
def test_a_clock_that_cannot_be_read_is_one_line(nothing_set, moved):
    nothing_set.setenv("SENSO_CLOCK", moved)

    with pytest.raises(ConfigError, match=r"^SENSO_CLOCK: "):
        clock()


def test_the_clock_cannot_be_moved_in_production(nothing_set):
    nothing_set.setenv("ENVIRONMENT", "production")
    nothing_set.setenv("SENSO_CLOCK", "+3d")

    with pytest.raises(ConfigError, match=r"^SENSO_CLOCK: not allowed when ENVIRONMENT=production"):
        read_settings()


def test_secrets_do_not_show(nothing_set):
    for name in SECRETS:
        nothing_set.setenv(name.upper(), given(name))
    read = read_settings()

    assert "hunter2" not in f"{read!r} {read} {read.model_dump()} {read.model_dump_json()}"


def test_settings_do_not_change_under_a_running_process(nothing_set):
    with pytest.raises(ValueError, match="frozen"):
        settings().port = 9000


def test_what_is_put_into_the_environment_is_read_at_once(nothing_set):
    nothing_set.setenv("PORT", "8080")

    assert use_environment({"PORT": "9000"}).port == 9000
    assert (settings().port, os.environ["PORT"]) == (9000, "9000")


def test_a_missing_secret_is_named():
    with pytest.raises(ConfigError, match=r"^OPENAI_API_KEY is not set"):
        secret(None, "OPENAI_API_KEY")


def test_a_secret_is_handed_out_only_by_name():
    assert secret(SecretStr("hunter2"), "OPENAI_API_KEY") == "hunter2"


@pytest.mark.parametrize(
    "url", ["foo", "http://127.0.0.1:99999", "http://u:p@", "socks5://proxy.example:1080", "https://proxy.example:3128"]
)
def test_what_is_no_http_proxy_is_refused_where_it_is_read(nothing_set, url):
    nothing_set.setenv("HTTPS_PROXY", url)

    with pytest.raises(ConfigError, match=r"^HTTPS_PROXY: "):
        read_settings()


@pytest.mark.parametrize("url", ["http://127.0.0.1:3128", "http://me:secret@proxy.example", "http://[::1]:8080/"])
def test_a_proxy_is_taken(nothing_set, url):
    nothing_set.setenv("HTTPS_PROXY", url)

    assert read_settings().https_proxy.get_secret_value() == url


KEY = f"a_b{'c' * 40}="


@pytest.mark.parametrize(("said", "held"), [(KEY, (KEY,)), (f"{KEY},b{KEY[1:]}", (KEY, f"b{KEY[1:]}")), ("", ())])
def test_keys_for_what_is_encrypted_are_listed_in_their_order(nothing_set, said, held):
    nothing_set.setenv("ENCRYPTION_KEYS", said)

    assert read_settings().encrypting == held


@pytest.mark.parametrize("said", ["hunter2", KEY[1:], f"{KEY},hunter2", KEY.replace("c", "+"), f"{KEY[:-1]}a"])
def test_a_key_of_another_form_is_refused_and_not_shown(nothing_set, said):
    nothing_set.setenv("ENCRYPTION_KEYS", said)

    with pytest.raises(ConfigError, match=r"^ENCRYPTION_KEYS: has a key that is not 32 bytes in base64") as refused:
        read_settings()

    assert said not in str(refused.value)
