"""Structured logs: one line per event, with its context bound to it. No prompt and no answer at info."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

SECRET_NAMES = re.compile(r"key|token(?!s)|secret|password|authorization|dsn|webhook", re.IGNORECASE)
# The group of each pattern is the part that is kept before the hidden part.
SECRET_VALUES = (
    re.compile(r"()\b(?:sk|pplx|xox[abp])-[\w-]{8,}"),
    re.compile(r"()\bAIza[\w-]{20,}"),
    re.compile(r"()\bwhsec_[\w+/=]{16,}"),  # the secret of a webhook
    re.compile(r"()\bsenso_[0-9a-f]{16,}"),  # a token of our API; its start, which lists show, is shorter
    re.compile(r"(\bBearer\s+)[^\s'\",]+", re.IGNORECASE),
    re.compile(r"(://)[^/\s:@]*:[^/\s]+(?=@)"),
    re.compile(r"(/services/)T\w+/B\w+/\w+"),  # a Slack webhook is a secret by itself
    re.compile(
        r"(\b(?:[\w-]{0,40}(?:api[_-]?key|token|password|secret)|sig)['\"]?\s*[=:]\s*['\"]?)[^\s'\",&;)}\]]+",
        re.IGNORECASE,
    ),
)
HARMLESS = (int, float, type(None))
HIDDEN = "[hidden]"


def scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Removes secrets from every line: values under a telltale name, and text that looks like a key.

    Values under a name that begins with an underscore are structlog's own and are not printed.
    """
    for name, value in event.items():
        if not name.startswith("_"):
            event[name] = clean(name, value)
    return event


def clean(name: str, value: Any) -> Any:
    """The value in printable form, with secrets hidden at any depth."""
    if SECRET_NAMES.search(name) and name != "idempotency_key" and value is not None:
        return HIDDEN
    if isinstance(value, HARMLESS):
        return value
    if isinstance(value, Mapping):
        return {key: clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean("", inner) for inner in value]
    return clean_text(value if isinstance(value, str) else repr(value))


def clean_text(text: str) -> str:
    for pattern in SECRET_VALUES:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


class Unconfigured(logging.Handler):
    """Configures logging at the first line.

    Importing structlog takes a tenth of a second, and most commands log nothing.
    """

    def __init__(self, log_format: str, level: int) -> None:
        super().__init__()
        self.log_format, self.log_level = log_format, level

    def configure(self) -> None:
        configure(self.log_format, self.log_level)

    def emit(self, record: logging.LogRecord) -> None:
        self.configure()
        logging.getLogger().handle(record)


def configure_when_needed(log_format: str, level: int) -> None:
    """The same as `configure`, but only when something is logged or a logger is requested."""
    if "structlog" in sys.modules:  # a logger may exist already and would print unchanged what it gets
        configure(log_format, level)
        return
    root = logging.getLogger()
    root.handlers = [Unconfigured(log_format, level)]
    root.setLevel(level)


def configure(log_format: str, level: int = logging.INFO) -> None:
    """Sends our log lines and those of the libraries through the same processors, to stderr."""
    import structlog  # noqa: PLC0415  see Unconfigured

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        scrub,
    ]
    last = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    )
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Celery logs each task's start and end at info; with thousands a minute, they would hide our own lines.
    # urllib3 logs paths, and that of Slack is a secret.
    for noisy in ("celery.worker.strategy", "celery.app.trace", "celery.beat", "alembic", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def logger(name: str) -> Any:
    import structlog  # noqa: PLC0415  see Unconfigured

    for handler in logging.getLogger().handlers:
        if isinstance(handler, Unconfigured):
            handler.configure()
    return structlog.get_logger(name)
