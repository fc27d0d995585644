"""Commands that list what is there, and report about it."""

from pathlib import Path
from typing import Annotated

import typer

from senso.cli.commands.program import MOST_ROWS, Json, app
from senso.cli.report_format import Form
from senso.states import QuestionKind, Surface

MOST_RUN = 10**18
MOST_LISTED = 1000  # at once: the list goes on with --after

Limit = Annotated[int | None, typer.Option("--limit", min=1, max=MOST_ROWS, metavar="N", help="Only the first N.")]
Search = Annotated[str, typer.Option("--search", metavar="TEXT", help="A part of the name; or how the id begins.")]


@app.command()
def orgs(
    partner: Annotated[str | None, typer.Option("--partner", metavar="ID", help="Only those of this partner.")] = None,
    search: Search = "",
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """The organisations that are watched: ids, partner, weekday, how much is asked, the last batch."""
    from senso.cli import directory
    from senso.cli.environment import connected, uuid

    payer = uuid(partner, "partner") if partner is not None else None
    with connected():
        directory.orgs(search, payer, limit, as_json=as_json)


@app.command()
def partners(search: Search = "", limit: Limit = None, as_json: Json = False) -> None:
    """Who pays: ids, credits, how many organisations."""
    from senso.cli import directory
    from senso.cli.environment import connected

    with connected():
        directory.partners(search, limit, as_json=as_json)


@app.command()
def models(as_json: Json = False) -> None:
    """What can be asked: through whom, whether this version reaches it, and whether its key is set."""
    from senso.cli import models as listing
    from senso.cli.environment import connected

    with connected():
        listing.models(as_json=as_json)


@app.command()
def providers(
    days: Annotated[int, typer.Option(min=1, max=366, help="Today and so many days before, less one.")] = 7,
    as_json: Json = False,
) -> None:
    """Limits, use and breaker of each model; what each provider was asked each day, and how its calls ended."""
    from senso.cli import provider_calls
    from senso.cli.environment import connected

    with connected():
        provider_calls.providers(days, as_json=as_json)


@app.command()
def report(
    org: str,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.text,
    output: Annotated[Path | None, typer.Option("--output", help="Write to this file instead.")] = None,
    network: Annotated[
        str | None, typer.Option("--network", metavar="ID", help="Only what the answers of this network say.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The numbers of an org's latest batch, with their intervals."""
    from senso.cli import reporting
    from senso.cli.environment import connected, uuid

    wanted = uuid(org, "org")
    asking = uuid(network, "network") if network is not None else None
    with connected():
        reporting.report(wanted, Form.json if as_json else form, output, asking)


@app.command()
def compare(  # noqa: PLR0917  options
    org: str,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="First day; default: the newest batch's.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Last day; default: the newest batch's.")] = None,
    before_since: Annotated[
        str | None, typer.Option(metavar="DATE", help="First day of the period before; default: one as long.")
    ] = None,
    before_until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Its last day; default: the last batch's before --since.")
    ] = None,
    network: Annotated[
        str | None, typer.Option("--network", metavar="ID", help="Only what the answers of this network say.")
    ] = None,
    as_json: Json = False,
) -> None:
    """What has changed between two periods: each number with its interval and a verdict."""
    from senso.cli import comparing
    from senso.cli.environment import uuid
    from senso.reads.periods import Asked

    wanted = uuid(org, "org")
    asking = uuid(network, "network") if network is not None else None
    typed = {"since": since, "until": until, "before_since": before_since, "before_until": before_until}
    days = {name: comparing.day(f"--{name.replace('_', '-')}", said) for name, said in typed.items()}
    asked = Asked(**days, network=asking)
    comparing.compare(wanted, asked, as_json=as_json)


@app.command()
def explain(  # noqa: PLR0917  options
    org: str,
    metric: Annotated[str, typer.Argument(help="mention_rate, share_of_voice, average_rank, ...")],
    kind: Annotated[QuestionKind | None, typer.Option(help="Questions that name the org, or that do not.")] = None,
    surface: Annotated[Surface | None, typer.Option(help="Apps that people use, or APIs.")] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only the number of this model.")] = None,
    location: Annotated[str | None, typer.Option(metavar="PLACE", help="Only that of this place: US, US/CA.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Only that of questions with this tag.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="ID", help="Of this batch; default: the newest.")] = None,
    run: Annotated[int | None, typer.Option(min=1, max=MOST_RUN, metavar="N", help="Only this run, whole.")] = None,
    after: Annotated[int, typer.Option(min=0, max=MOST_RUN, metavar="N", help="List runs after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, metavar="N", help="List so many.")] = 20,
    as_json: Json = False,
) -> None:
    """Which answers a number counts, which not and why; down to one answer with the mention marked."""
    from senso.cli import explaining
    from senso.cli.environment import uuid
    from senso.reads.numbers import Asked

    wanted = uuid(org, "org")
    of_batch = uuid(batch, "batch") if batch is not None else None
    asked = Asked(metric, kind, surface, model, location, tag, of_batch, after, limit)
    explaining.explain(wanted, asked, run, as_json=as_json)
