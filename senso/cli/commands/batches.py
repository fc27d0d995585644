"""Commands about batches and their runs."""

from typing import Annotated

import typer

from senso.cli.commands.program import Json, app
from senso.states import BatchState

Batch = Annotated[str | None, typer.Argument(help="A batch; or, without it, all that match the filters.")]
States = Annotated[
    list[BatchState] | None, typer.Option("--state", help="Only batches in this state; may be repeated.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="Only open ones, or ended since: 2h, 3d, 2026-11-21.")
]
Reason = Annotated[
    str | None,
    typer.Option(
        "--reason",
        metavar="WORDS",
        help="Only where it occurs, whatever its capitals, in the batch's error, in that of a run or reading that "
        "failed, or in the outcome or error of a call for one: timeout, 'rate limited', openai.",
    ),
]
Partner = Annotated[str | None, typer.Option("--partner", metavar="ID", help="Only those that it pays for.")]
Org = Annotated[str | None, typer.Option("--org", metavar="ID", help="Only those of this org.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="What it would do and cost; nothing is written.")]


@app.command()
def cancel(  # noqa: PLR0917  options
    batch: Batch = None,
    state: States = None,
    since: Since = None,
    reason: Reason = None,
    partner: Partner = None,
    org: Org = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End a batch now: what was read is charged, the rest is not asked, and the hold is released.

    With filters, all that match them; several filters must all match.
    """
    from senso.cli.selecting import Chosen

    chosen = Chosen(batch, state or [], since, reason, partner, org)
    only = chosen.only()
    if only is not None and not dry_run:
        from senso.cli import cancelling

        cancelling.cancel(only, as_json=as_json)
        return
    from senso.cli import bulk_changes

    run = bulk_changes.foresee_cancel if dry_run else bulk_changes.cancel
    run(chosen, as_json=as_json)


@app.command()
def retry(  # noqa: PLR0917  options
    batch: Batch = None,
    state: States = None,
    since: Since = None,
    reason: Reason = None,
    partner: Partner = None,
    org: Org = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="With filters: cancelled batches, too.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Ask again for what failed of a batch that has ended; what was read stays and is not charged again.

    With filters, of all that match them; several filters must all match. All that failed of a batch is asked again.
    """
    from senso.cli.selecting import Chosen

    chosen = Chosen(batch, state or [], since, reason, partner, org)
    only = chosen.only()
    if only is not None and not dry_run:
        from senso.cli import cancelling

        cancelling.retry(only, as_json=as_json)
        return
    from senso.cli import bulk_changes

    run = bulk_changes.foresee_retry if dry_run else bulk_changes.retry
    run(chosen, reopen=reopen or only is not None, as_json=as_json)


@app.command()
def status(
    batch: Annotated[str | None, typer.Argument()] = None,
    state: Annotated[list[BatchState] | None, typer.Option(help="Only batches in this state; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="Open, or ended since: 2h, 3d, 2026-11-21.")] = None,
    as_json: Json = False,
) -> None:
    """How a batch stands; without one, the latest batches."""
    from senso.cli import status
    from senso.cli.environment import connected, uuid

    states = state or []
    wanted = uuid(batch, "batch") if batch is not None else None
    if since is not None:
        status.moment_since(since)  # said before any server is started
    with connected():
        status.status(wanted, states=states, since=since, as_json=as_json)


@app.command()
def watch(
    batches: Annotated[
        list[str] | None, typer.Argument(metavar="[BATCH]...", help="Default: all that are open.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Follow batches until they end, and what they wait for meanwhile. Ctrl-C stops the following, not the batches."""
    from senso.cli import watching
    from senso.cli.environment import connected, uuid

    wanted = list(dict.fromkeys(uuid(batch, "batch") for batch in batches or []))
    with connected():
        if wanted:
            watching.watch(wanted, as_json=as_json)
        else:
            watching.watch_open(as_json=as_json)


@app.command()
def runs(
    batch: str,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were not answered or not read.")] = False,
    as_json: Json = False,
) -> None:
    """Each run of a batch: what was asked where, how it stands and why, how often it was tried, and its cost."""
    from senso.cli import runs as listing
    from senso.cli.environment import connected, uuid

    wanted = uuid(batch, "batch")
    with connected():
        listing.runs(wanted, failed=failed, as_json=as_json)


@app.command()
def show(
    run: Annotated[str, typer.Argument(metavar="RUN|BATCH", help="A run's id or number; or a batch.")],
    audit: Annotated[bool, typer.Option("--audit", help="Who did what to the batch, and what it stood on.")] = False,
    as_json: Json = False,
) -> None:
    """All about a run: its calls, its answer with the mentions marked, what was read and dropped, its sources."""
    from senso.cli import run_story
    from senso.cli.environment import connected

    wanted = run_story.key(run)
    with connected():
        run_story.show(wanted, audit=audit, as_json=as_json)
