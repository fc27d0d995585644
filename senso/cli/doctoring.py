"""`doctor`: checks what the product needs, part by part. If one part is unreachable, the others are still reported."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any, Final

from rich.text import Text

from senso import log, schema
from senso.checks import (
    Finding,
    api,
    disk,
    encryption,
    ledger,
    models,
    postgres,
    providers,
    reads,
    redis,
    stops,
    tables,
    variables,
    work,
)
from senso.cli.environment import embedded, require_both, say_moved_clock
from senso.cli.printing import out, print_json
from senso.cli.program import pasteable
from senso.db import transaction
from senso.errors import ConfigError, SensoError
from senso.policy import POLICY
from senso.queries import sweep, workers
from senso.registry import PROVIDERS
from senso.settings import clock, settings
from senso.worker.queues import ALL_QUEUES, KINDS

STYLES: Final = {"ok": "green", "note": "dim", "warning": "yellow", "fault": "bold red"}
KEYS: Final = (*(entry.key for entry in PROVIDERS.values()), "api_token", "application_api_url")
STATE_WIDTH: Final = 8
NAME_WIDTH: Final = 21
# Below this many columns, a finding's text is printed under its name.
NARROW: Final = 72
AWAY: Final = "unreachable"


def doctor(*, online: bool, as_json: bool) -> None:
    """Raises ConfigError if a setting is wrong, else Unreachable if something does not answer."""
    log.configure_when_needed(settings().log_format, logging.WARNING)
    with there() as faults:
        found = [*faults, *findings(are_there=not faults, online=online)]
        if as_json:
            print_json(report(found))
        else:
            print_findings(found)
    refuse(found)


@contextmanager
def there() -> Iterator[list[Finding]]:
    """Uses the configured servers, or starts the embedded ones; yields the faults if these did not start."""
    require_both(settings())
    say_moved_clock()
    with ExitStack() as started:
        faults = []
        if settings().database_url is None:
            try:
                started.enter_context(embedded(settings().senso_home))
            except SensoError as error:
                faults = [Finding("Servers", "fault", str(error), reachable=isinstance(error, ConfigError))]
        yield faults


def findings(*, are_there: bool, online: bool) -> list[Finding]:
    home = settings().senso_home
    of_servers = findings_of_servers() if are_there else []
    of_models = findings_of_models(online=online) if are_there else []
    of_machine = [*timetable(), *(disk.findings(home) if (home / "password").exists() else [])] if are_there else []
    of_keys = providers.findings(settings(), online=online)
    of_settings = [*variables.findings(settings().environment), api.door(has_key=settings().sender_key is not None)]
    of_stops = stops.findings(settings()) if are_there else []
    return [*of_servers, *of_stops, *of_machine, *of_settings, *of_keys, *of_models]


def findings_of_servers() -> list[Finding]:
    of_postgres = postgres.findings(settings().database_pool_size)
    at_work = work.findings(KINDS, are_heard=postgres.takes_writes(of_postgres))
    of_tables = [*tables.findings(), *reads.findings(), *encryption.findings()]
    return [*of_postgres, *of_tables, *redis.findings(ALL_QUEUES), *at_work, repairs(), *ledger.findings()]


def findings_of_models(*, online: bool) -> list[Finding]:
    """Empty if Postgres does not answer or has no tables, which is reported separately."""
    try:
        return models.findings(settings(), clock().date(), online=online)
    except SensoError:
        return []


def repairs() -> Finding:
    try:
        with transaction() as db:
            found = sweep.repairs_of_the_day(db)
    except SensoError as error:
        return Finding("Repairs, last day", "note", f"not known: {type(error).__name__}")
    said = ", ".join(f"{count} × {kind}" for kind, count in found.items())
    if not said:
        return Finding("Repairs, last day", "ok", "none")
    return Finding("Repairs, last day", "note", said, "a few a day are normal", "more: docs/runbook.md")


def timetable() -> list[Finding]:
    from senso.tasks import schedule_file  # noqa: PLC0415  Celery takes long to import

    return schedule_file.findings()


def report(found: Sequence[Finding]) -> dict[str, Any]:
    """The fields that scripts read by name, and all findings in full."""
    by_name = {one.name: one for one in found}
    faults = {one.name.lower(): one.line for one in found if one.state == "fault"}
    return {
        "postgres": f"{said(by_name, 'Postgres version')}, schema {schema.head_revision()}",
        "redis": said(by_name, "Redis").partition(" at ")[0],
        **counted(),
        "timetable": said(by_name, "Timetable"),
        "environment": settings().environment,
        **{key.upper(): "set" if getattr(settings(), key) else "not set" for key in KEYS},
        "broken": faults,
        "checks": [{name: value for name, value in asdict(one).items() if name != "reachable"} for one in found],
    }


def said(by_name: dict[str, Finding], name: str) -> str:
    found = by_name.get(name)
    return AWAY if found is None or not found.reachable else found.said


def counted() -> dict[str, Any]:
    try:
        with transaction() as db:
            return {"workers alive": workers.living(db, POLICY), "repairs, last day": sweep.repairs_of_the_day(db)}
    except SensoError:
        return {"workers alive": None, "repairs, last day": None}


def print_findings(found: Sequence[Finding]) -> None:
    for one in found:
        head = Text(f"{one.state:<{STATE_WIDTH}} ", style=STYLES[one.state]).append(one.name, style="bold")
        text = Text("; ".join(part for part in (one.said, one.why, pasteable(one.do)) if part))
        if out.width < NARROW:
            out.print(head)
            print_below(text, "    ")
        else:
            head.append(" " * max(1, STATE_WIDTH + 1 + NAME_WIDTH - len(head)))
            print_below(text, " " * (STATE_WIDTH + 1 + NAME_WIDTH), head)


def print_below(text: Text, indent: str, head: Text | None = None) -> None:
    for number, line in enumerate(text.wrap(out, max(1, out.width - max(len(indent), len(head or ""))))):
        line.rstrip()
        start = head if head is not None and not number else Text(indent)
        out.print(start.copy().append_text(line), soft_wrap=True)


def refuse(found: Sequence[Finding]) -> None:
    """Raises the first fault that needs a fix, else the first unreachable part, which may recover by itself."""
    faults = sorted((one for one in found if one.state == "fault"), key=lambda one: not one.reachable)
    for one in faults:
        raise one.error
