"""The command about the names of an org."""

from typing import Annotated

import typer

from senso.cli.commands.program import Json, app

Names = list[str] | None


@app.command()
def names(
    org: str,
    accept: Annotated[Names, typer.Option("--accept", metavar="NAME", help="Search for it from now on.")] = None,
    reject: Annotated[Names, typer.Option("--reject", metavar="NAME", help="Never search for it again.")] = None,
    as_json: Json = False,
) -> None:
    """What an org may be called in answers: names in use, and names that a model proposed and that wait for a yes."""
    from senso.cli import naming
    from senso.cli.environment import uuid

    naming.names(uuid(org, "org"), accept or [], reject or [], as_json=as_json)
