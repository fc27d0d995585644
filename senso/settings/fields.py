"""The settings: each with its type, its default and what it means. Field NAME is variable NAME in capitals."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr, field_validator

from senso.settings import (
    addresses,
    clock_values,
    failpoint_values,
    keys,
    prompt_shares,
    proxy_headers,
    reading_values,
)
from senso.settings.texts import Kind, listed
from senso.states import ReadingMode

SERVICES: Final = ("openai", "anthropic", "perplexity", "gemini", "brightdata", "linkup")
BASE_URLS: Final = (*(f"{service}_base_url" for service in SERVICES), "azure_openai_endpoint", "application_api_url")

# Marks settings that are accepted but unused in this version.
IDLE: Final[dict[str, Any]] = {"unused": True}


def setting(default: Any, meaning: str, **limits: Any) -> Any:
    return Field(default, description=meaning, **limits)


def unused(default: Any, meaning: str, **limits: Any) -> Any:
    return setting(default, meaning, json_schema_extra=IDLE, **limits)


class Settings(BaseModel):
    """The environment, read once and typed. A base URL has no trailing slash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr | None = setting(
        None, "Postgres, as postgresql://user:password@host:port/database; unset: an embedded one"
    )
    redis_url: SecretStr | None = setting(
        None, "Redis, as redis://user:password@host:port/number, or rediss:// with TLS; unset: an embedded one"
    )
    database_pool_size: PositiveInt = setting(
        10,
        "connections to Postgres that a worker or a command keeps at most; a worker has one more for its heartbeat",
        ge=2,  # the check of all promises reads one snapshot in two sessions
        le=1000,
    )
    database_read_url: SecretStr | None = setting(
        None, "a Postgres that follows the other one and serves what the API reads; unset: the same one"
    )

    openai_api_key: SecretStr | None = setting(None, "OpenAI's key, which also reads the answers and finds the names")
    openai_base_url: str = setting("https://api.openai.com/v1", "where OpenAI is reached")
    brightdata_api_key: SecretStr | None = setting(
        None, "BrightData's key: ChatGPT, Perplexity, Gemini as people see them"
    )
    brightdata_base_url: str = setting("https://api.brightdata.com", "where BrightData is reached")
    azure_openai_endpoint: str | None = setting(None, "where Azure OpenAI is reached")
    azure_openai_key: SecretStr | None = setting(None, "Azure OpenAI's key")
    azure_openai_api_version: str | None = setting(None, "Azure OpenAI's version of its API")
    azure_openai_deployment_name: str | None = unused(None, "the deployment at Azure OpenAI")
    anthropic_api_key: SecretStr | None = setting(None, "Anthropic's key")
    anthropic_base_url: str = setting("https://api.anthropic.com", "where Anthropic is reached")
    perplexity_api_key: SecretStr | None = setting(None, "Perplexity's key")
    perplexity_base_url: str = setting("https://api.perplexity.ai", "where Perplexity is reached")
    gemini_api_key: SecretStr | None = setting(None, "Gemini's key")
    gemini_base_url: str = setting("https://generativelanguage.googleapis.com", "where Gemini is reached")
    linkup_api_key: SecretStr | None = setting(None, "Linkup's key")
    linkup_base_url: str = setting("https://api.linkup.so", "where Linkup is reached")
    helicone_api_key: SecretStr | None = unused(None, "Helicone's key")
    https_proxy: SecretStr | None = setting(
        None, "a proxy for calls to https:// addresses, as http://user:password@host:port"
    )
    no_proxy: str | None = setting(None, "hosts that are reached without the proxy, with commas between; * for all")
    max_reply_bytes: PositiveInt = setting(
        16 * 1024 * 1024,
        "the longest reply that is read of a provider, 65536 to 1073741824; a longer one fails its run or its job",
        ge=65_536,
        le=2**30,
    )

    application_api_url: str | None = setting(
        None, "your application: results are sent to its /analytics; unset: nowhere"
    )
    api_token: SecretStr | None = setting(None, "sent to your application as Bearer token")
    event_key: SecretStr | None = setting(
        None, "who may send events to the API: the last part of the address, /e/EVENT_KEY; unset: nobody"
    )
    signing_key: SecretStr | None = unused(None, "what events are signed with")
    inngest_event_key: SecretStr | None = setting(None, "another name of EVENT_KEY, which goes before it")
    inngest_signing_key: SecretStr | None = unused(None, "another name of SIGNING_KEY")
    encryption_keys: SecretStr | None = setting(
        None,
        "keys by which secrets of webhooks and websites of organisations are encrypted in Postgres, with commas "
        "between: the first encrypts, all decrypt. Unset: webhooks cannot be made",
    )
    webhooks_to_loopback: bool = setting(
        False, "whether webhooks may be on this machine, also without TLS, for tests; refused in production"
    )
    api_host: str = setting("127.0.0.1", "the address on which the API listens; 0.0.0.0: every one of this machine")
    port: int = setting(8080, "the port of the API; 0: any free one", ge=0, le=65535)
    api_requests_per_minute: PositiveInt = setting(
        600, "requests of a token to the API that are answered in a minute, over all its processes", le=1_000_000
    )
    api_streams_per_token: PositiveInt = setting(
        50, "streams of events that a token may have open at a time in each process of the API", le=100_000
    )
    dashboard_user_header: str | None = setting(
        None,
        "a header in which a proxy names who has logged in to it, such as X-Forwarded-User: that person needs no token "
        "for the dashboard. The proxy must replace what a browser sends under this name. Unset: tokens only",
    )
    dashboard_proxies: str = setting(
        "127.0.0.1,::1",
        "addresses and networks of proxies from which that header is believed, with commas between",
    )
    dashboard_operators: str | None = setting(
        None,
        "names in that header of people who may act, as a token of scope operate does, with commas between; *: all. "
        "All others only read",
    )
    flower_url: str | None = setting(
        None, "where people reach Flower, which has its own login; the dashboard has a link to it. Unset: no link"
    )
    senso_token: SecretStr | None = setting(None, "the token of the API with which `senso mcp` asks")
    metrics_host: str = setting(
        "127.0.0.1", "the address on which the metrics are served; 0.0.0.0: every one of this machine"
    )
    metrics_port: int = setting(9464, "the port of the metrics; 0: any free one", ge=0, le=65535)

    environment: Literal["development", "test", "staging", "production"] = setting(
        "development",
        "what this is: development, test, staging or production, which refuses what may be left out elsewhere",
    )
    max_running_batches: PositiveInt = setting(500, "batches that run at a time; more of them wait, queued", le=100_000)
    credits_per_evaluation: int = setting(
        1, "credits for each answer that was read, of batches opened from now on", ge=0, le=1_000_000
    )
    max_daily_cost: float | None = setting(
        None,
        "dollars that the calls of a day (UTC) may cost; no call begins that would pass it. Absent: no ceiling",
        ge=0,
        le=1_000_000_000,
    )
    network_history_days: int = setting(
        30,
        "how many days back the answers of a network are read for an org that lacks them, such as one that joins",
        ge=0,
        le=3650,
    )
    prune_after: PositiveInt | None = setting(
        None,
        "days after which answers, readings and calls of ended batches are deleted, as by senso prune; unset: never",
        le=36_500,
    )
    orgs_per_reading: PositiveInt = setting(
        10,
        "organisations of a network for which one call reads an answer at most, of those whose names occur in it; 1: a "
        "call for each organisation",
        le=50,
    )
    reading_model: str | None = setting(None, "the model that reads answers before those of READING_MODELS")
    reading_models: str = setting(
        "gpt-6-luna",
        "models that read answers, by slug or by their provider's name, with commas between: each is tried where the "
        "one before it refuses, is cut off or returns what cannot be used",
    )
    names_model: str = setting(
        "gpt-6-luna", "the model that finds what an organisation may be called, by slug or by its provider's name"
    )
    reading_prompts: str | None = setting(
        None,
        "versions of the prompt by which answers are read, with the share of answers of each in percent, such as "
        "reading-4=90, reading-4-brief=10: senso prompts compares them. Unset: the newest for all",
    )
    reading_mode: ReadingMode = setting(
        ReadingMode.DIRECT,
        "direct: each answer is read at once; batch: those of an organisation together, within a day at half the price",
    )
    calls_in_flight: PositiveInt = setting(200, "calls that a call worker has in hand at a time", le=10_000)
    untested_celery: bool = setting(
        False, "whether workers may run beside a Celery or kombu of another minor version than they were written for"
    )
    use_chords: bool = setting(True, "whether Celery's chords say when a batch is complete, before the rows do")
    soft_shutdown_seconds: float = setting(
        45, "how long a worker that is stopped gives its calls", ge=0, le=86_400, allow_inf_nan=False
    )

    senso_home: Path = setting(Path(".senso"), "the folder of the embedded servers and of what `senso up` writes")
    senso_schedule: Path | None = setting(
        None,
        "the timetable; unset: celerybeat-schedule.py of the working folder, else the one that came with the program",
    )
    flower_port: int = setting(5555, "Flower's port in `senso up`", ge=1, le=65535)
    flower_basic_auth: SecretStr | None = setting(
        None, "user:password for Flower; in production it does not start without"
    )

    log_format: Literal["console", "json"] = setting("console", "how logs are written, to stderr: console or json")
    sentry_dsn: SecretStr | None = setting(None, "where errors are reported, without secrets; unset: nowhere")
    slack_webhook_url: SecretStr | None = setting(
        None, "Slack's incoming webhook, to which alarms are sent; unset: they are rows and log lines only"
    )
    alarm_failed_share: float = setting(
        0.2, "an alarm is raised if more than this share of a batch fails", ge=0, le=1, allow_inf_nan=False
    )
    otel_exporter_otlp_endpoint: str | None = unused(None, "where traces are sent; and every other name with OTEL_")

    senso_clock: str | None = setting(
        None, "moves the day that is taken to be today: +3d, -2h, +30m, or a moment such as 2026-11-21T02:00Z"
    )
    failpoints: str | None = setting(None, "a JSON list of places at which the program is to fail, for its own tests")
    failpoints_folder: Path | None = setting(None, "where failpoints count how often they struck")

    @property
    def readers(self) -> list[str]:
        """The models that read answers, in the order in which they are tried."""
        if self.reading_model and "reading_models" not in self.model_fields_set:
            return [self.reading_model]
        return list(dict.fromkeys(filter(None, [self.reading_model, *listed(self.reading_models)])))

    @property
    def prompt_shares(self) -> tuple[tuple[str, int], ...]:
        """Versions of the reading prompt, each with its share in percent; none: the newest reads all."""
        return prompt_shares.shares(self.reading_prompts or "")

    @property
    def max_daily_microusd(self) -> int | None:
        return None if self.max_daily_cost is None else round(self.max_daily_cost * 1_000_000)

    @property
    def encrypting(self) -> tuple[str, ...]:
        """The keys of ENCRYPTION_KEYS."""
        return tuple(listed(self.encryption_keys.get_secret_value())) if self.encryption_keys else ()

    @property
    def dashboard_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(map(ip_network, listed(self.dashboard_proxies)))

    @property
    def dashboard_people(self) -> tuple[str, ...]:
        """Who may act."""
        return tuple(listed(self.dashboard_operators or ""))

    @property
    def sender_key(self) -> SecretStr | None:
        """What an event's address must end with."""
        return self.event_key or self.inngest_event_key

    check_event_key = field_validator("event_key", "inngest_event_key")(keys.check_event_key)
    check_encryption_keys = field_validator("encryption_keys")(keys.check_encryption_keys)
    check_login = field_validator("flower_basic_auth")(keys.check_login)
    check_user_header = field_validator("dashboard_user_header")(proxy_headers.check_header)
    check_proxies = field_validator("dashboard_proxies")(proxy_headers.check_networks)
    check_base_url = field_validator(*BASE_URLS)(addresses.check_base_url)
    check_proxy = field_validator("https_proxy")(addresses.check_proxy)
    check_dsn = field_validator("sentry_dsn")(addresses.check_dsn)
    check_webhook = field_validator("slack_webhook_url")(addresses.check_webhook)
    check_flower = field_validator("flower_url")(addresses.check_page)
    check_database = field_validator("database_url", "database_read_url")(addresses.check_database)
    check_redis = field_validator("redis_url")(addresses.check_redis)
    check_one_model = field_validator("reading_model", "names_model")(reading_values.check_one_model)
    check_reading_models = field_validator("reading_models")(reading_values.check_models)
    check_reading_prompts = field_validator("reading_prompts")(reading_values.check_prompts)
    check_failpoints = field_validator("failpoints")(failpoint_values.check)
    check_clock = field_validator("senso_clock")(clock_values.check)


SECRETS: Final = frozenset(
    name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
)
# Settings whose value may be in a file with its path in NAME_FILE, as container platforms provide secrets.
FILED: Final = SECRETS | set(BASE_URLS)
ADDRESSES: Final = {"database_url", "database_read_url", "redis_url", "https_proxy", *BASE_URLS}
# Sent to a service unchanged, like a key, although they are not secret.
MODELS: Final = {"reading_model", "names_model"}
KINDS: Final[dict[str, Kind]] = {
    name: "address" if name in ADDRESSES else "key" if name in SECRETS | MODELS else "word"
    for name in Settings.model_fields
}
