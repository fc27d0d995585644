"""What the refused commands run against: databases, files, ports, a disk that is full, a stack that is up."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg2
from ground import NOWHERE, TEMPLATE, addresses, admin, run_sql
from processes import Commands, Ended
from refusal_cases import IDS, Case
from refusal_page import row, written

from senso.settings import Settings

ROOT = Path(__file__).parents[1]
WRITING = bool(os.environ.get("WRITE_REFUSALS"))
WRONG = "hunter2"
# Written by the stack itself, whatever is asked of it.
BEATS = {"workers", "beats", "outbox", "schedule_runs", "alarms", "alarm_messages", "alarm_periods", "restarts"}
BEATS |= {"call_totals", "call_durations", "call_days", "day_costs", "ended_totals", "batch_durations", "repair_totals"}
BEATS |= {"backlog_ages"}
BEATS |= {"uncounted_calls", "counting", "breaker_events", "reconciliations"}
STARTING_SECONDS = 60
# Databases that are not copies of the migrated one.
BARE = {
    "empty": "template0",
    "latin": "template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc",
}


@dataclass
class World:
    """Databases, files and ports that the cases need; `rows` collects the page."""

    commands: Commands
    folder: Path
    values: Mapping[str, str]
    environment: Mapping[str, str]
    rows: dict[Case, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def run(self, case: Case) -> Ended:
        command = case.command.format(**self.values)
        for word, value in {**IDS, **self.words}.items():
            command = re.sub(rf"\b{word}\b", value, command)
        more = {name: value and value.format(**self.values) for name, value in case.environment.items()}
        return self.typed(command, **more)

    def typed(self, command: str, **more: str | None) -> Ended:
        wanted = {name: value for name, value in {**self.environment, **more}.items() if value is not None}
        return self.commands(shlex.split(command), wanted, self.folder)

    def json(self, *arguments: str):
        done = self.typed(shlex.join([*arguments, "--json"]))
        assert done.code == 0, done.err
        return json.loads(done.out)

    def on_the_page(self, case: Case, done: Ended, wrote: Mapping[str, int]) -> None:
        self.rows[case] = row(case, done.err, wrote, {**self.words, **self.values_to_hide()})
        assert WRITING or self.rows[case] == written(case), "WRITE_REFUSALS=1 writes the page anew"

    def values_to_hide(self) -> dict[str, str]:
        """By the word that stands for it on the page."""
        database = urlsplit(self.values["database"])
        ports = {"PGPORT": str(database.port), "REDISPORT": str(urlsplit(self.values["redis"]).port)}
        return ports | {
            "PORT": self.values["port"],
            "DISK": self.values["disk"],
            "FOLDER": str(self.folder),
            "HOME": self.environment["SENSO_HOME"],
        }

    @property
    def secrets(self) -> list[str]:
        urls = (urlsplit(self.values["database"]), urlsplit(self.values["redis"]))
        return [url.password for url in urls] + [addresses(NOWHERE)["OPENAI_API_KEY"]]

    def left(self) -> list[object]:
        """Whatever a command could have left: rows, and files in the folder it ran in."""
        found = [fingerprint(self.values[name]) for name in ("database", "empty", "newer")]
        return [*found, sorted(str(path) for path in self.folder.rglob("*"))]

    def counted(self) -> dict[str, int]:
        found = {table: count for table, count, _ in fingerprint(self.values["database"])}
        return {table: count for table, count in found.items() if table not in BEATS}

    @cached_property
    def listings(self) -> dict[str, str]:
        """What prints tables, each with an id that it must not cut."""
        (batch,) = [one["id"] for one in self.json("status", "--state", "completed")]
        run = self.json("runs", batch)[0]["id"]
        partner, org = IDS["PARTNER"], IDS["OTHER"]
        return {
            "status": batch,
            f"status {batch}": batch,
            f"runs {batch}": "",
            f"show {run}": run,
            f"show {batch} --audit": org,
            f"report {org}": "mention rate",
            f"names {org}": "is searched for by",
            f"ledger {partner}": batch,
            f"credits {partner}": partner,
            "models": "gpt-6-luna",
            "orgs": org,
            "partners": partner,
            "doctor": "schema",
            "doctor --invariants": "holds",
            f"trigger org {org} --dry-run": batch,
        }


def fingerprint(url: str) -> list[tuple[str, int, str]]:
    """Each table with its number of rows and what they say, so that a changed row shows too.

    But for when somebody looks next for alarms, which every process does by itself, and for live events, which an API
    writes by itself.
    """
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                "AND tablename NOT IN ('alarm_periods', 'events', 'event_marks', 'event_turn') ORDER BY 1"
            )
            one = "SELECT '{0}', count(*), coalesce(md5(string_agg(t::text, ' ' ORDER BY t::text)), '') FROM {0} t"
            asked = " UNION ALL ".join(one.format(table) for (table,) in cursor.fetchall())
            if not asked:
                return []
            cursor.execute(asked + " ORDER BY 1")
            return cursor.fetchall()
    finally:
        connection.close()


@contextmanager
def databases(urls, *names_: str) -> Iterator[dict[str, str]]:
    at = admin(urls.database_url)
    for name in names_:
        run_sql(at, f"CREATE DATABASE refusals_{name} TEMPLATE {BARE.get(name, f'{TEMPLATE} STRATEGY FILE_COPY')}")
    try:
        yield {name: f"{urls.database_url.rpartition('/')[0]}/refusals_{name}" for name in names_}
    finally:
        for name in names_:
            run_sql(at, f"DROP DATABASE refusals_{name} WITH (FORCE)")


@contextmanager
def small_disk(folder: Path) -> Iterator[str]:
    folder.mkdir()
    if os.geteuid() != 0:
        yield str(folder)
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
    try:
        yield str(folder)
    finally:
        subprocess.run(["umount", folder], check=True)


def wrong_password(url: str) -> str:
    return url.replace(quote(urlsplit(url).password), WRONG)


def environment(home: Path, values: Mapping[str, str], url: str = NOWHERE) -> dict[str, str]:
    ours = {key.upper() for key in Settings.model_fields} | {"NO_COLOR", "FORCE_COLOR"}
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    ours = {"SENSO_HOME": str(home), "DATABASE_URL": values["database"], "REDIS_URL": values["redis"]}
    return clean | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "PORT": "0", "METRICS_PORT": "0"} | ours | addresses(url)


@contextmanager
def up(world: World) -> Iterator[None]:
    log = world.folder.parent / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "senso.cli", "up", "--no-flower", "--call-workers", "1"],
            env=dict(world.environment),
            cwd=world.folder,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + STARTING_SECONDS
        while "senso is up" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait(30)
