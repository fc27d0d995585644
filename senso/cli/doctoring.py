"""`doctor`: what is configured, reachable, missing."""

from typing import Any

from senso import schema
from senso.cli.printing import out, print_json
from senso.cli.surroundings import connected
from senso.db import transaction
from senso.errors import SensoError, Unreachable
from senso.queries import invariants as promises
from senso.queries import sweep, workers
from senso.settings import settings

KEYS = ("openai_api_key", "brightdata_api_key", "api_token", "application_api_url")


def doctor(*, invariants: bool, as_json: bool) -> None:
    with connected():
        found = invariants_report() if invariants else general_report()
    if as_json:
        print_json(found)
    else:
        print_lines(found)
    if found["broken"] and not invariants:
        raise Unreachable(found["broken"]["redis"])
    if found["broken"]:
        raise SensoError(f"broken: {', '.join(found['broken'])}; this is a bug, report it with the rows above")


def invariants_report() -> dict[str, Any]:
    with transaction() as connection:
        broken = promises.broken(connection)
    return {name: "broken" if name in broken else "holds" for name in promises.BROKEN} | {"broken": broken}


def general_report() -> dict[str, Any]:
    from senso.tasks import broker, timetable  # noqa: PLC0415  needs the broker's URL

    with transaction() as connection:
        living, repairs = workers.living(connection), sweep.repairs_of_the_day(connection)
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    broken = {}
    try:
        redis = broker.ping()
    except SensoError as error:
        redis, broken["redis"] = "unreachable", str(error)
    return {
        "postgres": f"{version}, schema {schema.head_revision()}",
        "redis": redis,
        "workers alive": living,
        "repairs, last day": repairs,
        "timetable": str(timetable.path()),
        "environment": settings().environment,
        **{key.upper(): "set" if getattr(settings(), key) else "not set" for key in KEYS},
        "broken": broken,
    }


def print_lines(found: dict[str, Any]) -> None:
    for name, value in found.items():
        if name != "broken":
            width = 64 if name.startswith("I") and name[1].isdigit() else 20
            out.print(f"{name:<{width}} {counted(value) if isinstance(value, dict) else value}")
    for name, breaking in found["broken"].items():
        if name != "redis":  # that is said on stderr
            out.print(f"[red]{name}[/]: {breaking}")


def counted(repairs: dict[str, int]) -> str:
    return ", ".join(f"{count} × {kind}" for kind, count in repairs.items()) or "none"
