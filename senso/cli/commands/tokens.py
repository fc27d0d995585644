"""Commands about tokens of the API."""

from typing import Annotated

import typer

from senso.cli.commands.program import Json, app
from senso.states import Scope

MOST_DAYS = 366
token = typer.Typer(help="Tokens of the API: who may ask for what.", no_args_is_help=True)
app.add_typer(token, name="token")

Partner = Annotated[str | None, typer.Option(metavar="ID", help="Default: all partners.")]


@token.command("create")
def create_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[Scope, typer.Option(help="What it permits; each contains those before it.")],
    partner: Partner = None,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="Until it expires.")] = 90,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    from senso.cli import api_tokens
    from senso.cli.environment import uuid

    payer = uuid(partner, "partner") if partner is not None else None
    api_tokens.create(name, scope, payer, days, as_json=as_json)


@token.command("list")
def list_tokens(partner: Partner = None, as_json: Json = False) -> None:
    """Tokens with their scopes, when they expire and when they were last used."""
    from senso.cli import api_tokens
    from senso.cli.environment import uuid

    api_tokens.print_all(uuid(partner, "partner") if partner is not None else None, as_json=as_json)


@token.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Of senso token list.")], as_json: Json = False
) -> None:
    """Revoke a token: it opens nothing from then on."""
    from senso.cli import api_tokens
    from senso.cli.environment import uuid

    api_tokens.revoke(uuid(token_id, "token"), as_json=as_json)
