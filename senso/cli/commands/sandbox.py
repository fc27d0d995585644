"""The command of the stand-in for providers."""

from pathlib import Path
from typing import Annotated

import typer

from senso.cli.commands.program import app

DAY = 86_400  # seconds
PORT, SEED = 8484, 7  # as in senso.sandbox.env, which only the sandbox imports


@app.command()
def sandbox(  # noqa: PLR0917  options
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where it listens, on 127.0.0.1; 0: any free one.")
    ] = PORT,
    env: Annotated[bool, typer.Option("--env", help="Print the lines for .env, and end.")] = False,
    write_import: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write made-up organisations to import, and end; -: stdout.")
    ] = None,
    orgs: Annotated[int | None, typer.Option(min=1, help="How many --write-import writes; default: 3.")] = None,
    questions: Annotated[int | None, typer.Option(min=1, help="Of each of them; default: 4.")] = None,
    networks: Annotated[
        int | None, typer.Option(min=1, help="How many networks of ten of them --write-import adds; default: none.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="--write-import may write over a file.")] = False,
    known: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help="Answer about the organisations of this import file."),
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="FAULT", help='"openai.chat 429 share=10%"; may be repeated.')
    ] = None,
    faults: Annotated[bool, typer.Option("--faults", help="List what can go wrong where, and end.")] = False,
    lies: Annotated[float, typer.Option(min=0, max=1, help="Share of the answers that are read falsely.")] = 0,
    obeys: Annotated[bool, typer.Option("--obeys", help="The reader does what an answer orders it to.")] = False,
    replay: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Give the recorded answers of this folder, *.jsonl.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another one is another world.")] = SEED,
    answer_seconds: Annotated[float, typer.Option(min=0, max=DAY, help="How long OpenAI answers.")] = 0.3,
    reading_seconds: Annotated[float, typer.Option(min=0, max=DAY, help="How long a reading takes.")] = 0.15,
    snapshot_seconds: Annotated[float, typer.Option(min=0, max=DAY, help="How long a job of BrightData runs.")] = 2,
    batch_seconds: Annotated[float, typer.Option(min=0, max=DAY, help="How long a batch of OpenAI takes.")] = 2,
    announce: Annotated[Path | None, typer.Option(metavar="FILE", help="Write its address to this file.")] = None,
) -> None:
    """The local stand-in for every provider and for your application: made-up answers, no keys, no money."""
    from senso.cli import sandboxing
    from senso.sandbox.state import Timing

    timing = Timing(answer_seconds, reading_seconds, snapshot_seconds, batch_seconds)
    start = sandboxing.Start(port, seed, timing, lies, obeys, fault or [], known, replay, announce)
    wanted = sandboxing.Printed(env, faults, write_import, orgs, questions, networks, force)
    if not sandboxing.printed(wanted, start):
        sandboxing.run(start)
