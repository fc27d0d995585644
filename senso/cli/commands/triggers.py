"""Commands that open batches."""

from pathlib import Path
from typing import Annotated

import typer

from senso.cli.commands.program import Json, app
from senso.states import BatchKind

trigger = typer.Typer(help="Open or resume today's batch.", no_args_is_help=True)
app.add_typer(trigger, name="trigger")


File = Annotated[Path | None, typer.Option("--file", metavar="IDS", help="One id a line; # comments.")]
Wait = Annotated[bool, typer.Option("--wait", help="Until the batches have ended.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="What it would do and cost; nothing is written.")]
IdempotencyKey = Annotated[str | None, typer.Option(help="The same key never opens twice.")]
Reopen = Annotated[bool, typer.Option("--reopen", help="Open a cancelled batch again.")]
TriggeredBy = Annotated[str | None, typer.Option(help="Why or through what; default: manual.")]
UserId = Annotated[str | None, typer.Option(help="The application's user who asked for it.")]


def stopped_before_anything() -> None:
    typer.echo("Stopped: nothing was opened.", err=True)


@trigger.command("org")
def trigger_org(  # noqa: PLR0917  options
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of orgs.")] = None,
    file: File = None,
    wait: Wait = False,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
    reopen: Reopen = False,
    triggered_by: TriggeredBy = None,
    user_id: UserId = None,
    as_json: Json = False,
) -> None:
    """Open or resume today's batch of each org, and print it."""
    try:
        from senso.cli import triggering
    except KeyboardInterrupt:
        stopped_before_anything()
        raise

    wanted = triggering.Wanted(BatchKind.ORG, triggering.ids_of(ids or [], file))
    how = triggering.TriggerOptions(wait, dry_run, idempotency_key, reopen, triggered_by, user_id)
    triggering.trigger(wanted, how, as_json=as_json)


@trigger.command("network")
def trigger_network(  # noqa: PLR0917  options
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of networks.")] = None,
    file: File = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until the batches of its orgs have ended, too.")] = False,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
    reopen: Reopen = False,
    triggered_by: TriggeredBy = None,
    user_id: UserId = None,
    as_json: Json = False,
) -> None:
    """Open or resume today's batch of each network; its answers are then read for each of its orgs."""
    try:
        from senso.cli import triggering
    except KeyboardInterrupt:
        stopped_before_anything()
        raise

    wanted = triggering.Wanted(BatchKind.NETWORK, triggering.ids_of(ids or [], file, "network"))
    how = triggering.TriggerOptions(wait, dry_run, idempotency_key, reopen, triggered_by, user_id)
    triggering.trigger(wanted, how, as_json=as_json)


@trigger.command("missing")
def trigger_missing(  # noqa: PLR0917  options
    network: str,
    orgs: Annotated[list[str] | None, typer.Argument(metavar="[ORG]...", help="Default: all of its orgs.")] = None,
    file: File = None,
    wait: Wait = False,
    dry_run: DryRun = False,
    reopen: Reopen = False,
    triggered_by: TriggeredBy = None,
    user_id: UserId = None,
    as_json: Json = False,
) -> None:
    """Read for orgs of a network what is not read for them yet, of the last NETWORK_HISTORY_DAYS."""
    try:
        from senso.cli import triggering
        from senso.cli.environment import uuid
    except KeyboardInterrupt:
        stopped_before_anything()
        raise

    wanted = triggering.Wanted(BatchKind.NETWORK_ORG, triggering.ids_of(orgs or [], file), uuid(network, "network"))
    how = triggering.TriggerOptions(wait, dry_run, None, reopen, triggered_by, user_id)
    triggering.trigger(wanted, how, as_json=as_json)
