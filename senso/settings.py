import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from senso.errors import ConfigError

SERVICES = ("openai", "anthropic", "perplexity", "gemini", "brightdata", "linkup")
BASE_URLS = (*(f"{service}_base_url" for service in SERVICES), "azure_openai_endpoint", "application_api_url")
# What the drivers would take apart in another way than its writer meant: the rest of a password would become a host,
# which they print, or a port, on which they fail.
HOST = r"(?:\[[0-9a-fA-F:.]+\]|[^\s@/?#:]+)"
PORT = r"(?::\d{1,5})?"
POSTGRES = re.compile(rf"(?:postgresql(?:\+psycopg2)?|postgres)://((?:[^\s@]*@)?{HOST}?{PORT}(?:[/?]\S*)?)")
REDIS = re.compile(rf"rediss?://(?:[^\s/?#]*@)?{HOST}{PORT}(?:/\d*)?(?:\?\S*)?")
WEB = re.compile(rf"https?://(?:[^\s@/?#]*@)?{HOST}{PORT}(?:[/?]\S*)?", re.IGNORECASE)


class Settings(BaseSettings):
    """The environment, read once and typed; field NAME is variable NAME in capitals.

    Any secret may also come from a file whose path is in NAME_FILE. A base URL is without its last slash.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True, frozen=True)

    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    senso_home: Path = Path(".senso")

    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    azure_openai_endpoint: str | None = None
    azure_openai_key: SecretStr | None = None
    azure_openai_api_version: str | None = None
    azure_openai_deployment_name: str | None = None
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str = "https://api.anthropic.com"
    perplexity_api_key: SecretStr | None = None
    perplexity_base_url: str = "https://api.perplexity.ai"
    gemini_api_key: SecretStr | None = None
    gemini_base_url: str = "https://generativelanguage.googleapis.com"
    brightdata_api_key: SecretStr | None = None
    brightdata_base_url: str = "https://api.brightdata.com"
    linkup_api_key: SecretStr | None = None
    linkup_base_url: str = "https://api.linkup.so"

    application_api_url: str | None = None
    api_token: SecretStr | None = None
    slack_webhook_url: SecretStr | None = None
    sentry_dsn: SecretStr | None = None
    event_key: SecretStr | None = None
    signing_key: SecretStr | None = None
    inngest_event_key: SecretStr | None = None
    inngest_signing_key: SecretStr | None = None

    port: int = Field(8080, ge=0, le=65535)
    environment: Literal["development", "test", "staging", "production"] = "development"
    log_format: Literal["console", "json"] = "console"
    evaluation_model: str = "gpt-4.1"
    reading_model: str = "gpt-4.1-mini"
    names_model: str = "gpt-4.1-mini"
    max_running_batches: PositiveInt = 500
    credits_per_evaluation: int = Field(1, ge=0)
    max_daily_cost: float | None = Field(None, gt=0)
    senso_schedule: Path | None = None
    senso_clock: str | None = None
    use_chords: bool = True
    soft_shutdown_seconds: float = Field(45, ge=0)
    calls_in_flight: PositiveInt = 200  # of a call worker
    flower_port: int = Field(5555, ge=1, le=65535)
    failpoints: str | None = None
    failpoints_folder: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  theirs reads a folder; ours reads NAME_FILE
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretFiles(settings_cls), dotenv_settings

    @field_validator(*BASE_URLS)
    @classmethod
    def check_base_url(cls, url: str | None) -> str | None:
        """Paths are put behind it, and some services answer `//` with 404."""
        if url and not WEB.fullmatch(url):
            raise PydanticCustomError("url", "must be https://host or http://host, and may go on with a path")
        return url.rstrip("/") if url else url

    @field_validator("database_url")
    @classmethod
    def name_the_driver(cls, url: SecretStr | None) -> SecretStr | None:
        """Without its driver SQLAlchemy takes one that is not installed; some platforms hand out postgres://."""
        if url is None:
            return None
        found = POSTGRES.fullmatch(url.get_secret_value())
        if found is None:
            raise PydanticCustomError(
                "url", "must be postgresql://user:password@host:port/database, with an @ in the password as %40"
            )
        return SecretStr(f"postgresql+psycopg2://{found[1]}")

    @field_validator("redis_url")
    @classmethod
    def check_redis(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not REDIS.fullmatch(url.get_secret_value()):
            raise PydanticCustomError(
                "url",
                "must be redis://user:password@host:port/number, or rediss://, "
                "with / ? # in the password as %2F %3F %23",
            )
        return url

    def model_post_init(self, _context: Any) -> None:
        for name in ("senso_clock", "failpoints"):
            if self.environment == "production" and getattr(self, name):
                raise ConfigError(f"{name.upper()}: not allowed when ENVIRONMENT=production; unset it")
        if self.senso_clock:
            moved(self.senso_clock)  # a stack that is up and cannot tell the time would fail at every tick


class SecretFiles(PydanticBaseSettingsSource):
    """NAME_FILE=/run/secrets/name, as container platforms hand out secrets; the last newline is not part of one."""

    def get_field_value(self, _field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{field_name.upper()}_FILE")
        if not path or SecretStr.__name__ not in str(self.settings_cls.model_fields[field_name].annotation):
            return None, field_name, False
        try:
            found = Path(path).read_text().rstrip("\r\n")
        except OSError as error:
            raise ConfigError(f"{field_name.upper()}_FILE: cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError:
            raise ConfigError(f"{field_name.upper()}_FILE: {path} is not text") from None
        return found or None, field_name, False  # an empty file is like an empty variable: nothing is set

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(None, name)[0] for name in self.settings_cls.model_fields}
        return {name: value for name, value in found.items() if value is not None}


def read_settings(**overrides: Any) -> Settings:
    """Raises ConfigError naming the variable; the value is left out, since it may be a secret."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{name}: {first['msg']}") from None
    except UnicodeDecodeError:
        raise ConfigError(".env: not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f".env: cannot read it: {error.strerror}") from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    return read_settings()


def use_environment(values: Mapping[str, str]) -> Settings:
    """Puts values into this process's environment, and with it into its children's, and reads the settings again."""
    os.environ.update(values)
    settings.cache_clear()
    return settings()


def secret(value: SecretStr | None, variable: str) -> str:
    """Raises ConfigError naming the variable that is missing."""
    if value is None:
        raise ConfigError(f"{variable} is not set; put it into the environment or into .env")
    return value.get_secret_value()


OFFSET = re.compile(r"([+-])(\d+)([dhm])")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def clock() -> datetime:
    """The only clock that decides what is due. SENSO_CLOCK moves it: +3d, -2h, +30m, or a moment at which it stands."""
    said = settings().senso_clock
    return moved(said) if said else datetime.now(UTC)


def moved(said: str) -> datetime:
    """Raises ConfigError."""
    try:
        return moment(said)
    except (ValueError, OverflowError):
        raise ConfigError(f"SENSO_CLOCK: {said!r} is neither an offset (+3d, -2h, +30m) nor an ISO moment") from None


def moment(said: str) -> datetime:
    offset = OFFSET.fullmatch(said)
    if offset:
        return datetime.now(UTC) + timedelta(**{UNITS[offset[3]]: int(offset[1] + offset[2])})
    found = datetime.fromisoformat(said)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
