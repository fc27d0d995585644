"""What all commands share: the program that they belong to, and options of several."""

from typing import Annotated

import typer

from senso import __version__

app = typer.Typer(
    name="senso",
    help="Asks AI assistants an organisation's questions, reads the answers, and turns them into numbers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)

MOST_ROWS = 10**9
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it so
    if wanted:
        typer.echo(f"senso {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
