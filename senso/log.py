"""Structured logs: one line an event, with what it is about bound to it. No prompt and no answer at info."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_NAMES = re.compile(r"key|token|secret|password|authorization|dsn|webhook", re.IGNORECASE)
SECRET_VALUES = re.compile(r"(sk-[\w-]{8,}|pplx-[\w-]{8,}|Bearer\s+\S+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@))")
HIDDEN = "[hidden]"


def scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes secrets out of every line: values under a telling name, and what looks like a key inside a text."""
    for name, value in event.items():
        if SECRET_NAMES.search(name) and name != "idempotency_key":
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = SECRET_VALUES.sub(HIDDEN, value)
    return event


def configure(log_format: str, level: int = logging.INFO) -> None:
    """Sends our lines and those of the libraries through the same processors, to stderr."""
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
    # Celery reports each task's start and end at info; at thousands a minute that is noise beside our own lines.
    for noisy in ("celery.worker.strategy", "celery.app.trace", "celery.beat", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def logger(name: str) -> Any:
    return structlog.get_logger(name)
