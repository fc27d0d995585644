"""Commands about the program itself: the stack, its parts, its schema, its state."""

from pathlib import Path
from typing import Annotated

import typer

from senso.cli.commands.program import Json, app


@app.command()
def demo(
    questions: Annotated[int, typer.Option(min=1, max=20, help="How many questions to ask.")] = 5,
) -> None:
    """The whole product on this machine, with made-up organisations and a stand-in for the AI assistants."""
    from senso.cli import demo as demonstration

    demonstration.run(questions)


@app.command()
def up(
    call_workers: Annotated[int | None, typer.Option(min=1, help="Default: one a core.")] = None,
    flower: Annotated[bool, typer.Option(help="Whether Flower is started.")] = True,
    api: Annotated[bool, typer.Option(help="Whether the API is started.")] = True,
    metrics: Annotated[bool, typer.Option(help="Whether the exporter for Prometheus is started.")] = True,
) -> None:
    """The stack in the foreground: servers where no URL is set, workers, beat, Flower, API, metrics; until Ctrl-C."""
    from senso.cli import running

    running.up(call_workers, with_flower=flower, with_api=api, with_metrics=metrics)


@app.command()
def api() -> None:
    """The HTTP API: for programs with a token, and for events. API_HOST and PORT say where; /docs is its page."""
    from senso.cli import serving

    serving.serve()


@app.command()
def mcp(
    token_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="A file with a token of the API; default: SENSO_TOKEN.")
    ] = None,
) -> None:
    """For AI assistants, by the Model Context Protocol on standard input and output, as the token permits."""
    from senso.cli import assisting

    assisting.serve(token_file)


@app.command()
def metrics() -> None:
    """The metrics for Prometheus, over HTTP. METRICS_HOST and METRICS_PORT say where."""
    from senso.cli import exporting

    exporting.serve()


@app.command()
def migrate(as_json: Json = False) -> None:
    """Bring the schema to head."""
    from senso.cli import running

    running.migrate(as_json=as_json)


@app.command()
def doctor(
    invariants: Annotated[bool, typer.Option("--invariants", help="Check the promises I1-I8.")] = False,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="With --invariants: what is open, or ended since: 2h, 3d.")
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Ask providers about keys, or for lists of jobs.")] = False,
    role: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help="Health check of this machine's worker, control, beat, api or metrics."),
    ] = None,
    as_json: Json = False,
) -> None:
    """What the product needs: whether it is there, why it matters, what to do."""
    if role is not None:
        from senso.cli import roles

        roles.print_role(role, as_json=as_json)
        return
    if invariants:
        from senso.cli import doctor_invariants
        from senso.cli.status import moment_since

        doctor_invariants.promises(since=moment_since(since) if since else None, online=online, as_json=as_json)
        return
    from senso.cli import doctoring

    doctoring.doctor(online=online, as_json=as_json)
