"""`token`: tokens of the API are made, listed and revoked."""

from uuid import UUID

from rich.markup import escape

from senso.cli.acting_user import actor
from senso.cli.environment import connected, short
from senso.cli.printing import below, err, identified, moment, out, print_json, printable
from senso.db import looking, transaction
from senso.errors import ConfigError
from senso.quantities import counted
from senso.reads import tokens as reads
from senso.reads.tokens import Token
from senso.records import record
from senso.states import Scope
from senso.workflows import tokens
from senso.workflows.tokens import LONGEST_NAME, Wanted


def create(name: str, scope: Scope, partner: UUID | None, days: int, *, as_json: bool) -> None:
    """Raises ConfigError, or NotFound for an unknown partner."""
    wanted = Wanted(short("NAME", name), scope, partner, days)
    if len(wanted.name) > LONGEST_NAME:
        raise ConfigError(f"NAME: longer than {LONGEST_NAME} characters")
    with connected(), transaction() as db:
        made, secret = tokens.create(db, wanted, actor())
    if as_json:
        print_json(record(made) | {"token": secret})
        return
    err.print("Keep it now: it is stored nowhere and cannot be shown again.")
    out.print(secret, soft_wrap=True)
    print_token(made)


def print_all(partner: UUID | None, *, as_json: bool) -> None:
    with connected(), looking() as db:
        found = reads.listed(db, partner=partner)
    if as_json:
        print_json(found)
        return
    for one in found:
        print_token(one)
    if found:
        err.print(f"{counted(len(found), 'token')}.")
    else:
        out.suggest("No tokens yet. Make one: senso token create NAME --scope read")


def revoke(token: UUID, *, as_json: bool) -> None:
    """Raises NotFound."""
    with connected(), transaction() as db:
        found = tokens.revoke(db, token, actor())
    if as_json:
        print_json(found)
    else:
        out.print(f"{escape(printable(found.name))} is revoked since {moment(found.revoked_at)}.")


def print_token(one: Token) -> None:
    out.print(identified(str(one.id), f"[bold]{escape(printable(one.name))}[/]"))
    whose = "all partners" if one.partner_id is None else f"partner {one.partner_id}"
    used = f"last used {moment(one.last_used_at)}" if one.last_used_at else "not used yet"
    end = f"revoked {moment(one.revoked_at)}" if one.revoked_at else f"expires {moment(one.expires_at)}"
    out.print(below(f"{one.start}...; {one.scope}; {whose}; {end}; {used}"))
