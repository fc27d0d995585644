"""`demo`: the whole product in one minute, for a first-time user."""

import re
import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from uuid import UUID

import yaml
from rich.markup import escape
from rich.panel import Panel

from senso import imports, log
from senso.cli.environment import alone, embedded
from senso.cli.following import Known, follow
from senso.cli.outage_wait import Patience
from senso.cli.printing import dollars, out
from senso.cli.program import command
from senso.cli.reporting import print_overview
from senso.cli.status import load
from senso.cli.terms import terms
from senso.db import looking, transaction
from senso.errors import ConfigError
from senso.quantities import counted
from senso.queries import imports as import_queries
from senso.queries import results
from senso.reads import demo
from senso.reads.demo import Asked, Example
from senso.reads.status import BatchStatus
from senso.sandbox.env import environment
from senso.sandbox.world import World
from senso.settings import settings, use_environment
from senso.states import PushStatus

MODELS = ["chatgpt", "gpt-6-luna", "gpt-6.1-terra"]
LOCATIONS = [{"country": "US"}, {"country": "CA", "region": "Ontario"}]
FIRST_SEED = 7
SHOWN = 1200
TARGET = re.compile(r"\]\([^()\s]*\)")  # link targets, which may be wider than a terminal


def run(questions: int) -> None:
    """Runs in its own home, so that made-up orgs never mix with real ones. The results stay there for inspection."""
    read = settings()
    if read.environment == "production":
        raise ConfigError("senso demo is a trial with made-up organisations, and not for ENVIRONMENT=production")
    home = read.senso_home.resolve() / "demo"
    with interruptible(), alone(home), embedded(home):
        log.configure("console", level=40)
        seed = FIRST_SEED + orgs_so_far()
        with stack(home, seed) as application:
            org = load_world(seed, questions)
            batch = ask(org)
            show(org, batch, application, home)


@contextmanager
def interruptible() -> Iterator[None]:
    """Turns SIGTERM and SIGHUP into KeyboardInterrupt, so that everything started is stopped on the way out."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def orgs_so_far() -> int:
    """Each demo uses a new org, because an org has one batch a day."""
    with transaction() as db:
        return demo.count_orgs(db)


@contextmanager
def stack(home: Path, seed: int) -> Iterator[str]:
    """Starts the stand-in first, because workers read its URL when they start. Yields the URL of its application."""
    from senso import stack as parts  # noqa: PLC0415  imports what a demo that is refused does not need

    address = home / "sandbox.url"
    address.unlink(missing_ok=True)
    logs = home / "logs"
    outside = parts.sandbox(address, "--seed", str(seed), "--answer-seconds", "0.5", "--snapshot-seconds", "3")
    standing_in = parts.Stack([outside], say=say, logs=logs)
    standing_in.start()
    try:
        url = parts.announced(address, outside)
        read = use_environment(environment(url))
        children = [*parts.call_workers(1, read.calls_in_flight), parts.control_worker(), parts.beat(home)]
        working = parts.Stack(children, say=say, logs=logs)
        working.start()
        try:
            yield f"{url}/application"
        finally:
            working.stop()
    finally:
        standing_in.stop()


def say(line: str) -> None:
    out.print(f"senso: {line}")


def load_world(seed: int, questions: int) -> UUID:
    world = World(seed, orgs=1, questions=questions).import_document(models=MODELS, locations=LOCATIONS)
    document = imports.parse(yaml.safe_dump(world), "sample.yaml")
    with transaction() as db:
        import_queries.store(db, document, "demo")
    return UUID(str(world["orgs"][0]["id"]))


def ask(org: UUID) -> UUID:
    from senso.workflows.initiator import Initiator  # noqa: PLC0415
    from senso.workflows.trigger import trigger_org  # noqa: PLC0415  providers take long to import

    batch = trigger_org(org, Initiator("demo", "demo"), terms()).batch.id
    out.print(f"[bold]senso trigger org {org}[/]", soft_wrap=True)
    follow([batch], Known(), Patience(), one_by_one=True)
    wait_for_push(batch)
    return batch


def wait_for_push(batch: UUID) -> None:
    """Waits up to 5 s for the push, which ends shortly after its batch, so that the output can show it."""
    for _ in range(50):
        if load(batch).push is not PushStatus.PENDING:
            return
        time.sleep(0.1)


def show(org_id: UUID, batch_id: UUID, application: str, home: Path) -> None:
    with looking() as db:
        asked = demo.asked(db, batch_id)
        example = demo.example(db, batch_id)
        metrics = results.metrics(db, batch_id)
    batch = load(batch_id)
    print_asked(asked, batch)
    if example:
        print_answer(example)
    print_overview(metrics)
    print_end(org_id, batch, application, home)


def print_asked(asked: Asked, batch: BatchStatus) -> None:
    out.print(
        f"\nAsked about [bold]{escape(batch.org or '-')}[/] (made up): {counted(asked.questions, 'question')} x "
        f"{counted(len(asked.models), 'model')} ({', '.join(asked.models)}) x "
        f"{counted(len(asked.locations), 'location')} ({', '.join(asked.locations)}) = "
        f"{counted(batch.planned or 0, 'run')}; {batch.answered} answered, "
        f"{batch.evaluated} read, {batch.failed} failed."
    )
    out.print(f"[yellow]{escape((batch.note or '').capitalize())}.[/]\n")


def print_answer(example: Example) -> None:
    about = f"{example.model} in {example.location}: {example.question}"
    said = f"mentioned, {example.sentiment}, rank {example.rank or '-'}" if example.mention_text else "not mentioned"
    out.print(escape(about))
    out.print(Panel(marked(example), subtitle=said, subtitle_align="left"))
    out.print()


def marked(example: Example) -> str:
    """The answer around its first mention, with the naming sentences in reverse video. Link targets are left out."""
    answer, named = (TARGET.sub("]", said or "") for said in (example.answer_text, example.mention_text))
    parts = named.split(" || ")
    first = min((answer.find(part) for part in parts if part and part in answer), default=0)
    start = first - SHOWN // 3
    start = answer.find(" ", start, first) + 1 if start > 0 else 0
    end = answer.rfind(" ", start, start + SHOWN) if start + SHOWN < len(answer) else len(answer)
    shown = escape(("... " if start else "") + answer[start:end])
    for part in filter(None, parts):  # »« also show on a terminal without colours
        shown = shown.replace(escape(part), f"[reverse]»{escape(part)}«[/]")
    return shown + (" ..." if end < len(answer) else "")


def print_end(org: UUID, batch: BatchStatus, application: str, home: Path) -> None:
    shown = home.relative_to(Path.cwd()) if home.is_relative_to(Path.cwd()) else home
    out.print(
        f"\nCharged {counted(batch.charged, 'credit')}, one for each answer read. "
        f"The calls would have cost {dollars(batch.cost_microusd)}."
    )
    out.print(f"Pushed to {application}/analytics: {batch.push}. Nothing was left running.\n")
    out.print("Next; README's second screen leads from here to your own organisations:")
    said_home = f"SENSO_HOME={shlex.quote(str(shown))} {command()}"
    for line in (
        f"{said_home} status {batch.id}",
        f"{said_home} report {org}",
        f"{command()} sandbox --write-import world.yaml --env >> .env",
    ):  # not wrapped by us, so that they can be copied
        out.print(f"  {line}", soft_wrap=True, markup=False)
