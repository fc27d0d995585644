"""Commands about how well answers are read, and reading them again."""

from pathlib import Path
from typing import Annotated

import typer

from senso.cli.commands.program import Json, app


@app.command("eval")
def evaluate(  # noqa: PLR0917  options
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Read by this model, as READING_MODELS; default: rules alone.")
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The recorded answers; default: $SENSO_SHARED/answers.")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N answers.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --model: how many calls, and their cost.")] = False,
    misses: Annotated[bool, typer.Option("--misses", help="List each pair that was decided wrongly.")] = False,
    as_json: Json = False,
) -> None:
    """How well answers are read: precision and recall of each field on the labelled set."""
    from senso.cli import evaluating

    evaluating.evaluate(evaluating.Options(model, recorded, sample, dry_run, misses), as_json=as_json)


@app.command()
def reevaluate(  # noqa: PLR0917  options
    subject: Annotated[str, typer.Argument(metavar="ORG|BATCH", show_default=False)],
    prompt: Annotated[
        str | None, typer.Option(metavar="VERSION", help="By this version of the prompt; default: the usual one.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Of an org: only answers of batches since 7d, 2026-11-21.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Only show what would be different; nothing of it counts.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Have the last comparison count, without reading anything again.")
    ] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="End what is open; what it read counts for nothing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="How many calls, and their cost; nothing is read.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read stored answers again: nothing is asked, no credits are charged; go on with what was interrupted."""
    from senso.cli import reevaluating
    from senso.cli.environment import uuid

    chosen = reevaluating.Options(uuid(subject, "org or batch"), prompt, since, compare, apply, cancel, dry_run)
    reevaluating.reevaluate(chosen, as_json=as_json)


@app.command()
def prompts(
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="The figures of each version since 7d, 2026-11-21; default: 7d.")
    ] = None,
    compare: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="Show these two versions beside each other.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The versions of the prompt by which answers are read: which share each has, and what it finds and costs."""
    from senso.cli import prompts as listing

    listing.prompts(since, compare, as_json=as_json)


@app.command("export-training")
def export_training(
    file: Annotated[str, typer.Argument(metavar="FILE|-", show_default=False)],
    org: Annotated[str | None, typer.Option(metavar="ID", help="Only of this org.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Only answers of batches since 7d, 2026-11-21.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Only what was read by this version of the prompt.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most N examples.")] = None,
) -> None:
    """Write verified readings as JSON Lines of chats, as fine-tuning takes them; - writes to stdout."""
    from senso.cli import training
    from senso.cli.environment import uuid

    training.export(file, uuid(org, "org") if org else None, since, prompt, limit)
