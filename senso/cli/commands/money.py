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
