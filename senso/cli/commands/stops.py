"""Commands that stop paid calls."""

from typing import Annotated

import typer

from senso.cli.commands.program import Json, app

Stopped = Annotated[
    str | None,
    typer.Argument(metavar="[PROVIDER|MODEL|PARTNER]", help="Default: everything. Also provider:NAME, model:SLUG."),
]


@app.command()
def pause(
    subject: Stopped = None,
    reason: Annotated[str | None, typer.Option(help="Shown wherever the pause is.")] = None,
    as_json: Json = False,
) -> None:
    """Begin no paid call any more: for everything, or for a provider, a model or a partner. Calls under way end."""
    from senso.cli import pausing

    pausing.pause(subject, reason, as_json=as_json)


@app.command()
def resume(subject: Stopped = None, as_json: Json = False) -> None:
    """Undo a pause; what waited goes on by itself."""
    from senso.cli import pausing

    pausing.resume(subject, as_json=as_json)
