"""The command that measures how well answers are read."""

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
