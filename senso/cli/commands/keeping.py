"""Commands about how long data is kept, and about keeping it safe."""

from pathlib import Path
from typing import Annotated

import typer

from senso.cli.commands.program import Json, app


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write all of Postgres into a file, as it is at one moment, while work goes on."""
    from senso.cli import backing_up

    backing_up.backup(file, force=force, as_json=as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    as_json: Json = False,
) -> None:
    """Put a backup into an empty database: all of it or, when it is stopped half-way, nothing."""
    from senso.cli import backing_up

    backing_up.restore(file, as_json=as_json)


@app.command()
def prune(
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="SPAN", help="180d or 26w. Default: PRUNE_AFTER.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how much it would delete; delete nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Delete answers and readings of batches that ended long ago; numbers, charges and the latest answers stay."""
    from senso.cli import pruning

    days = pruning.days(older_than)
    pruning.prune(days, dry_run=dry_run, as_json=as_json)


@app.command("rotate-keys")
def rotate_keys(
    decrypt: Annotated[bool, typer.Option("--decrypt", help="Put websites into plain text instead.")] = False,
    as_json: Json = False,
) -> None:
    """Encrypt what is stored again under the first of ENCRYPTION_KEYS, while work goes on; run again, it goes on."""
    from senso.cli import rotating

    rotating.rotate(decrypt=decrypt, as_json=as_json)
