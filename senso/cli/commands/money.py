"""Commands about credits."""

from typing import Annotated

import typer

from senso.cli.commands.program import MOST_ROWS, Json, app

MOST_CREDITS = 10**15  # as in an import file


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
def ledger(  # noqa: PLR0917  typer passes them by name
    partner: Annotated[str | None, typer.Argument(help="May be left out with --reconcile.")] = None,
    last: Annotated[int | None, typer.Option(min=1, max=MOST_ROWS, metavar="N", help="Only the latest N rows.")] = None,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Compare the ledger with the work; name each difference.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="With --reconcile: what moved since 2h, 3d, all; default: since the last."),
    ] = None,
    accept: Annotated[
        str | None, typer.Option(metavar="WHY", help="With --reconcile: what it finds is known; do not tell it again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Every grant, hold, charge and release of a partner, with the balance after each."""
    from senso.cli import partner_credits
    from senso.cli.environment import connected, uuid

    chosen = {"--since": since, "--accept": accept}
    partner_credits.require_options(
        partner, last, [name for name, said in chosen.items() if said], reconciles=reconcile
    )
    why = partner_credits.reason(accept)
    payer = uuid(partner, "partner") if partner is not None else None
    with connected():
        if reconcile:
            from senso.cli import reconciling

            reconciling.reconcile(payer, since, why, as_json=as_json)
        elif payer is not None:
            partner_credits.ledger(payer, last, as_json=as_json)
