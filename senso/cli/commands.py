"""The commands and their options. Each imports what it needs when it is called: help and errors come at once."""

from pathlib import Path
from typing import Annotated

import typer

from senso.cli.form import Form

app = typer.Typer(
    name="senso",
    help="Asks AI assistants an organisation's questions, reads the answers, and turns them into numbers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
trigger = typer.Typer(help="Open or resume today's batch.", no_args_is_help=True)
app.add_typer(trigger, name="trigger")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def demo(
    questions: Annotated[int, typer.Option(min=1, max=20, help="How many questions to ask.")] = 5,
) -> None:
    """The whole product on this machine, with made-up organisations and a stand-in for the AI assistants."""
    from senso.cli import demo as demonstration

    demonstration.run(questions)


@app.command()
def up(
    call_workers: Annotated[int | None, typer.Option(min=1, help="Default: one a core.")] = None,
    flower: Annotated[bool, typer.Option(help="Whether Flower is started.")] = True,
) -> None:
    """The stack in the foreground: servers where no URL is set, workers, beat, Flower. Ctrl-C stops it."""
    from senso.cli import running

    running.up(call_workers, with_flower=flower)


@app.command()
def migrate(as_json: Json = False) -> None:
    """Bring the schema to head."""
    from senso.cli import running

    running.migrate(as_json=as_json)


@app.command()
def doctor(
    invariants: Annotated[bool, typer.Option("--invariants", help="Check the promises I1-I8.")] = False,
    as_json: Json = False,
) -> None:
    """What is configured, reachable, missing."""
    from senso.cli import doctoring

    doctoring.doctor(invariants=invariants, as_json=as_json)


@app.command("import")
def import_file(file: Path, as_json: Json = False) -> None:
    """Partners, orgs, networks, models from YAML or JSON; again, it changes only what differs."""
    from senso.cli import triggering

    triggering.import_file(file, as_json=as_json)


@trigger.command("org")
def trigger_org(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of orgs.")],
    wait: Annotated[bool, typer.Option("--wait", help="Until the batches have ended.")] = False,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key never opens twice.")] = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open a cancelled batch again.")] = False,
    as_json: Json = False,
) -> None:
    """Open or resume today's batch of each org, and print it."""
    from senso.cli import triggering
    from senso.cli.surroundings import uuid

    orgs = [uuid(one, "org") for one in ids]
    triggering.trigger(orgs, wait=wait, idempotency_key=idempotency_key, reopen=reopen, as_json=as_json)


@app.command()
def status(batch: Annotated[str | None, typer.Argument()] = None, as_json: Json = False) -> None:
    """How a batch stands; without one, the latest batches."""
    from senso.cli import watching
    from senso.cli.surroundings import connected, uuid

    with connected():
        watching.status(uuid(batch, "batch") if batch else None, as_json=as_json)


@app.command()
def watch(batch: str, as_json: Json = False) -> None:
    """Follow a batch until it ends."""
    from senso.cli import watching
    from senso.cli.surroundings import connected, uuid

    with connected():
        watching.watch([uuid(batch, "batch")], as_json=as_json)


@app.command()
def report(
    org: str,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.text,
    as_json: Json = False,
) -> None:
    """The numbers of an org's latest batch, with their intervals."""
    from senso.cli import reporting
    from senso.cli.surroundings import connected, uuid

    with connected():
        reporting.report(uuid(org, "org"), Form.json if as_json else form)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def sandbox(context: typer.Context) -> None:
    """The local stand-in for every provider; takes --port, --seed, --lies, --replay and more (see README)."""
    from senso.cli import running

    running.sandbox(context.args)
