"""Commands about batches and their runs."""

from typing import Annotated

import typer

from senso.cli.commands.program import Json, app
from senso.states import BatchState


@app.command()
def cancel(batch: str, as_json: Json = False) -> None:
    """End a batch now: what was read is charged, the rest is not asked, and the hold is released."""
    from senso.cli import cancelling
    from senso.cli.environment import uuid

    cancelling.cancel(uuid(batch, "batch"), as_json=as_json)


@app.command()
def retry(batch: str, as_json: Json = False) -> None:
    """Ask again for what failed of a batch that has ended; what was read stays and is not charged again."""
    from senso.cli import cancelling
    from senso.cli.environment import uuid

    cancelling.retry(uuid(batch, "batch"), as_json=as_json)


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
