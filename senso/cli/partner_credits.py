"""`credits` and `ledger`: a partner's credits, and the entries that led to them."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from rich.markup import escape

from senso.cli.acting_user import actor
from senso.cli.environment import short
from senso.cli.printing import err, moment, out, print_json, print_named
from senso.db import Connection, looking, transaction
from senso.errors import ConfigError, NotFound
from senso.quantities import counted
from senso.queries import ledger as rows
from senso.queries.ledger import PartnerCredits
from senso.reads import ledger_pages
from senso.reads.ledger_pages import Entered
from senso.records import record
from senso.states import Entry
from senso.workflows.granting import Grant, grant

SHOWN = 200
NARROW = 56  # columns; below that a row does not fit


def require_both(amount: int | None, ref: str | None) -> str | None:
    """The ref as it is stored. Raises ConfigError."""
    if (amount is None) != (not ref):
        raise ConfigError("--grant and --ref go together: the ref lets the same grant be said twice and given once")
    return None if ref is None else short("--ref", ref)


def require_options(partner: str | None, last: int | None, chosen: Sequence[str], *, reconciles: bool) -> None:
    """Raises ConfigError. `chosen`: the options of --reconcile that are used."""
    if reconciles and last is not None:
        raise ConfigError("--last is of the rows of a partner; --reconcile takes --since")
    if not reconciles and chosen:
        raise ConfigError(f"{chosen[0]} goes with --reconcile; the rows of a partner take --last")
    if not reconciles and partner is None:
        raise ConfigError("which partner? senso partners lists them; --reconcile alone looks at all")


def reason(accept: str | None) -> str | None:
    """Raises ConfigError."""
    return None if accept is None else short("--accept", accept)


def credit(partner: UUID, amount: int | None, ref: str | None, *, as_json: bool) -> None:
    """Raises NotFound, or ConfigError for a ref that was used for another grant."""
    with transaction() as db:
        require(db, partner)
        given = None if amount is None or ref is None else grant(db, partner, amount, ref, actor())
        found = require(db, partner)
    if as_json:
        print_json(record(found) | ({"grant": given} if given else {}))
    else:
        show(found, given)


def require(db: Connection, partner: UUID) -> PartnerCredits:
    found = rows.partner_credits(db, partner)
    if found is None:
        raise NotFound(f"no partner {partner}; import it first")
    return found


def show(found: PartnerCredits, given: Grant | None) -> None:
    if given:
        out.print(
            f"{counted(given.credits, 'credit')} {given.outcome} under ref {escape(given.ref)}.",
            soft_wrap=True,
        )
    lines = {
        "partner": str(found.id),
        "name": escape(found.name),
        "available": str(found.available) if found.metered else "not metered: it can always pay, grants add nothing",
        "held": f"{found.held} for batches under way",
        "granted": str(found.granted),
        "charged": str(found.charged),
        "orgs": str(found.orgs),
    }
    print_named(lines)


def ledger(partner: UUID, last: int | None, *, as_json: bool) -> None:
    """Prints all rows as JSON, or the latest ones in a terminal, unless `last` says how many."""
    with looking() as db:
        owned = require(db, partner)
        found, total = ledger_pages.latest(db, partner, last or (None if as_json else SHOWN))
    if as_json:
        print_json(found)
        return
    if not found:
        out.suggest(f"No rows yet. Grant credits: senso credits {partner} --grant N --ref REF")
        return
    for line in lines(found):
        out.print(line, soft_wrap=True)
    if not owned.metered:
        out.print("This partner is not metered: the balance says what was charged, and stops nothing.")
    if len(found) < total:
        err.print(f"The latest {len(found)} of {counted(total, 'row')}; --last says how many.")


def lines(found: Sequence[Entered]) -> Iterator[str]:
    """The rows of each batch under its id, which has its own line so that it is never cut."""
    narrow = out.width < NARROW
    if not narrow:
        yield f"[bold]{'when':<23}  {'entry':<7} {'credits':>8} {'balance':>9}[/]"
    batch = None
    for row in found:
        if row.batch_id != batch:
            batch = row.batch_id
            yield f"[dim]batch[/] {batch}" if batch else "[dim]no batch[/]"
        about = what(row)
        yield (in_two_lines(row) if narrow else in_columns(row)) + (f"\n  {about}" if about else "")


def in_columns(row: Entered) -> str:
    return f"{moment(row.created_at)}  {row.entry:<7} {row.credits:>+8} {row.balance:>9}"


def in_two_lines(row: Entered) -> str:
    return f"{moment(row.created_at)}\n  {row.entry} {row.credits:+}, balance {row.balance}"


def what(row: Entered) -> str:
    if row.entry == Entry.GRANT:
        return f"ref {escape(row.idempotency_key.removeprefix('grant:'))}"
    return f"run {row.run}" if row.run is not None else ""
