"""The command about alarms."""

from typing import Annotated

import typer

from senso.cli.commands.program import Json, app


@app.command()
def alarms(
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Only those since then: 2h, 3d, a date. Else: the last week.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Send one message to Slack, and say what it answered.")] = False,
    as_json: Json = False,
) -> None:
    """What was told to people: what happened, when, how often, and whether Slack has it."""
    from senso.cli import alarming
    from senso.cli.environment import connected

    if test:
        alarming.test(as_json=as_json)
        return
    with connected():
        alarming.alarms(since, as_json=as_json)
