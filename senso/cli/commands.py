"""The commands and their options. Each imports what it needs when it is called: help and errors come at once."""

from pathlib import Path
from typing import Annotated

import typer

from senso import __version__
from senso.cli.report_format import Form
from senso.states import BatchKind, BatchState

app = typer.Typer(
    name="senso",
    help="Asks AI assistants an organisation's questions, reads the answers, and turns them into numbers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
trigger = typer.Typer(help="Open or resume today's batch.", no_args_is_help=True)
app.add_typer(trigger, name="trigger")

MOST_CREDITS = 10**15  # as in an import file
MOST_ROWS = 10**9
DAY = 86_400  # seconds
PORT, SEED = 8484, 7  # as in senso.sandbox.env, which only the sandbox imports


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
) -> None:
    """The stack in the foreground: servers where no URL is set, workers, beat, Flower, the API. Ctrl-C stops it."""
    from senso.cli import running

    running.up(call_workers, with_flower=flower, with_api=api)


@app.command()
def api() -> None:
    """The HTTP API: it accepts events, and says whether all is ready. API_HOST and PORT say where."""
    from senso.cli import serving

    serving.serve()


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
        str | None, typer.Option(metavar="ROLE", help="Health check of this machine's worker, control, beat or api.")
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


@app.command("import")
def import_file(file: Path, as_json: Json = False) -> None:
    """Partners, orgs, networks, models from YAML or JSON; again, it changes only what differs."""
    from senso.cli import importing

    importing.import_file(file, as_json=as_json)


File = Annotated[Path | None, typer.Option("--file", metavar="IDS", help="One id a line; # comments.")]
Wait = Annotated[bool, typer.Option("--wait", help="Until the batches have ended.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="What it would do and cost; nothing is written.")]
IdempotencyKey = Annotated[str | None, typer.Option(help="The same key never opens twice.")]
Reopen = Annotated[bool, typer.Option("--reopen", help="Open a cancelled batch again.")]
TriggeredBy = Annotated[str | None, typer.Option(help="Why or through what; default: manual.")]
UserId = Annotated[str | None, typer.Option(help="The application's user who asked for it.")]


def stopped_before_anything() -> None:
    typer.echo("Stopped: nothing was opened.", err=True)


@trigger.command("org")
def trigger_org(  # noqa: PLR0917  options
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of orgs.")] = None,
    file: File = None,
    wait: Wait = False,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
    reopen: Reopen = False,
    triggered_by: TriggeredBy = None,
    user_id: UserId = None,
    as_json: Json = False,
) -> None:
    """Open or resume today's batch of each org, and print it."""
    try:
        from senso.cli import triggering
    except KeyboardInterrupt:
        stopped_before_anything()
        raise

    wanted = triggering.Wanted(BatchKind.ORG, triggering.ids_of(ids or [], file))
    how = triggering.TriggerOptions(wait, dry_run, idempotency_key, reopen, triggered_by, user_id)
    triggering.trigger(wanted, how, as_json=as_json)


@trigger.command("network")
def trigger_network(  # noqa: PLR0917  options
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of networks.")] = None,
    file: File = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until the batches of its orgs have ended, too.")] = False,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
    reopen: Reopen = False,
    triggered_by: TriggeredBy = None,
    user_id: UserId = None,
    as_json: Json = False,
) -> None:
    """Open or resume today's batch of each network; its answers are then read for each of its orgs."""
    try:
        from senso.cli import triggering
    except KeyboardInterrupt:
        stopped_before_anything()
        raise

    wanted = triggering.Wanted(BatchKind.NETWORK, triggering.ids_of(ids or [], file, "network"))
    how = triggering.TriggerOptions(wait, dry_run, idempotency_key, reopen, triggered_by, user_id)
    triggering.trigger(wanted, how, as_json=as_json)


@trigger.command("missing")
def trigger_missing(  # noqa: PLR0917  options
    network: str,
    orgs: Annotated[list[str] | None, typer.Argument(metavar="[ORG]...", help="Default: all of its orgs.")] = None,
    file: File = None,
    wait: Wait = False,
    dry_run: DryRun = False,
    reopen: Reopen = False,
    triggered_by: TriggeredBy = None,
    user_id: UserId = None,
    as_json: Json = False,
) -> None:
    """Read for orgs of a network what is not read for them yet, of the last NETWORK_HISTORY_DAYS."""
    try:
        from senso.cli import triggering
        from senso.cli.environment import uuid
    except KeyboardInterrupt:
        stopped_before_anything()
        raise

    wanted = triggering.Wanted(BatchKind.NETWORK_ORG, triggering.ids_of(orgs or [], file), uuid(network, "network"))
    how = triggering.TriggerOptions(wait, dry_run, None, reopen, triggered_by, user_id)
    triggering.trigger(wanted, how, as_json=as_json)


@app.command()
def cancel(batch: str, as_json: Json = False) -> None:
    """End a batch now: what was read is charged, the rest is not asked, and the hold is released."""
    from senso.cli import cancelling
    from senso.cli.environment import uuid

    cancelling.cancel(uuid(batch, "batch"), as_json=as_json)


@app.command()
def retry(batch: str, as_json: Json = False) -> None:
    """Ask again for what failed of a batch that has ended; what was read stays and is not charged again."""
    from senso.cli import cancelling
    from senso.cli.environment import uuid

    cancelling.retry(uuid(batch, "batch"), as_json=as_json)


@app.command()
def status(
    batch: Annotated[str | None, typer.Argument()] = None,
    state: Annotated[list[BatchState] | None, typer.Option(help="Only batches in this state; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="Open, or ended since: 2h, 3d, 2026-11-21.")] = None,
    as_json: Json = False,
) -> None:
    """How a batch stands; without one, the latest batches."""
    from senso.cli import status
    from senso.cli.environment import connected, uuid

    states = state or []
    wanted = uuid(batch, "batch") if batch is not None else None
    if since is not None:
        status.moment_since(since)  # said before any server is started
    with connected():
        status.status(wanted, states=states, since=since, as_json=as_json)


@app.command()
def runs(
    batch: str,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were not answered or not read.")] = False,
    as_json: Json = False,
) -> None:
    """Each run of a batch: what was asked where, how it stands and why, how often it was tried, and its cost."""
    from senso.cli import runs as listing
    from senso.cli.environment import connected, uuid

    wanted = uuid(batch, "batch")
    with connected():
        listing.runs(wanted, failed=failed, as_json=as_json)


@app.command()
def show(
    run: Annotated[str, typer.Argument(metavar="RUN|BATCH", help="A run's id or number; or a batch.")],
    audit: Annotated[bool, typer.Option("--audit", help="Who did what to the batch, and what it stood on.")] = False,
    as_json: Json = False,
) -> None:
    """All about a run: its calls, its answer with the mentions marked, what was read and dropped, its sources."""
    from senso.cli import run_story
    from senso.cli.environment import connected

    wanted = run_story.key(run)
    with connected():
        run_story.show(wanted, audit=audit, as_json=as_json)


@app.command()
def credits(  # noqa: A001  the command's name; the builtin is for the interpreter's prompt
    partner: str,
    grant: Annotated[
        int | None, typer.Option(min=1, max=MOST_CREDITS, metavar="N", help="Give so many credits, under --ref.")
    ] = None,
    ref: Annotated[str | None, typer.Option(help="An invoice, say; granted under the same ref only once.")] = None,
    as_json: Json = False,
) -> None:
    """What a partner has and what is held; --grant gives it more."""
    from senso.cli import partner_credits
    from senso.cli.environment import connected, uuid

    payer = uuid(partner, "partner")
    under = partner_credits.require_both(grant, ref)
    with connected():
        partner_credits.credit(payer, grant, under, as_json=as_json)


@app.command()
def ledger(
    partner: str,
    last: Annotated[int | None, typer.Option(min=1, max=MOST_ROWS, metavar="N", help="Only the latest N rows.")] = None,
    as_json: Json = False,
) -> None:
    """Every grant, hold, charge and release of a partner, with the balance after each."""
    from senso.cli import partner_credits
    from senso.cli.environment import connected, uuid

    payer = uuid(partner, "partner")
    with connected():
        partner_credits.ledger(payer, last, as_json=as_json)


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
    """What each provider was asked each day, and how its calls ended: answered, tried again, failed by how."""
    from senso.cli import provider_calls
    from senso.cli.environment import connected

    with connected():
        provider_calls.providers(days, as_json=as_json)


@app.command()
def watch(
    batches: Annotated[
        list[str] | None, typer.Argument(metavar="[BATCH]...", help="Default: all that are open.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Follow batches until they end, and what they wait for meanwhile. Ctrl-C stops the following, not the batches."""
    from senso.cli import watching
    from senso.cli.environment import connected, uuid

    wanted = list(dict.fromkeys(uuid(batch, "batch") for batch in batches or []))
    with connected():
        if wanted:
            watching.watch(wanted, as_json=as_json)
        else:
            watching.watch_open(as_json=as_json)


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
    start = sandboxing.Start(port, seed, timing, lies, fault or [], known, replay, announce)
    wanted = sandboxing.Printed(env, faults, write_import, orgs, questions, networks, force)
    if not sandboxing.printed(wanted, start):
        sandboxing.run(start)
