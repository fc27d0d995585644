"""`webhooks`: what there are, what was sent; made, tried and deleted."""

from collections.abc import Sequence
from uuid import UUID

from rich.markup import escape

from senso.cli.acting_user import actor
from senso.cli.environment import connected
from senso.cli.printing import below, err, out, print_json, printable
from senso.db import looking, transaction
from senso.errors import ConfigError, NotFound, OutsideError
from senso.quantities import counted
from senso.reads import webhooks as reads
from senso.reads.webhooks import Delivery, Webhook
from senso.records import record

LISTED = 50


def add(url: str, partner: UUID | None, events: Sequence[str], *, as_json: bool) -> None:
    from senso.workflows.webhooks import managing  # noqa: PLC0415  aiohttp takes long to import

    with connected():
        usual = checked(url)
        with transaction() as db:
            made = managing.make(db, usual, partner, events, actor())
    if as_json:
        print_json(record(made))
        return
    out.print(f"Webhook {made.id}", soft_wrap=True)
    out.print(f"secret {made.secret}", soft_wrap=True)
    err.print("The secret is shown this once. The receiver checks by it who has sent what comes.")
    err.suggest(f"Try it: senso webhooks {made.id} --test")


def checked(url: str) -> str:
    """Raises ConfigError."""
    from senso.workflows.webhooks import managing  # noqa: PLC0415

    try:
        return managing.checked(url)
    except OutsideError as error:
        raise ConfigError(f"--add: {error.reason}") from None


def delete(webhook: UUID, *, as_json: bool) -> None:
    from senso.workflows.webhooks import managing  # noqa: PLC0415

    with connected(), transaction() as db:
        managing.delete(db, webhook, None, actor())
    if as_json:
        print_json({"deleted": webhook})
        return
    out.print(f"Webhook {webhook} is deleted; nothing is sent to it any more.", soft_wrap=True)


def test(webhook: UUID, *, as_json: bool) -> None:
    from senso.workflows.webhooks import managing  # noqa: PLC0415

    with connected(), transaction() as db:
        delivery = managing.test(db, webhook, None, actor())
    if as_json:
        print_json({"delivery": delivery})
        return
    out.print("A test is on its way.")
    err.suggest(f"What came of it: senso webhooks {webhook}")


def print_all(*, as_json: bool) -> None:
    with connected(), looking() as db:
        found = reads.webhooks(db)
    if as_json:
        print_json([record(one) for one in found])
        return
    for one in found:
        print_webhook(one)
    if not found:
        err.suggest("There are none. Make one: senso webhooks --add https://host/path")


def print_webhook(one: Webhook) -> None:
    whose = f"partner {one.partner_id}" if one.partner_id else "all partners"
    out.print(f"{one.id}  {escape(printable(one.url))}", soft_wrap=True)
    out.print(below(f"{whose}; {', '.join(one.events)}"))
    if not one.active:
        out.print(below(f"[bold yellow]switched off[/] {one.disabled_at:%F %R}: {escape(str(one.disabled_because))}"))
    last = f"{one.last_sent_at:%F %R}" if one.last_sent_at else "never"
    out.print(below(f"last accepted {last}; {counted(one.pending, 'delivery waits', 'deliveries wait')}"))


def print_deliveries(webhook: UUID, *, as_json: bool) -> None:
    with connected(), looking() as db:
        if reads.webhook(db, webhook) is None:
            raise NotFound(f"no webhook {webhook}; senso webhooks lists them")
        found = reads.deliveries(db, webhook, LISTED)
    if as_json:
        print_json([record(one) for one in found])
        return
    for one in found:
        print_delivery(one)
    if not found:
        err.print("Nothing was sent to it yet.")


def print_delivery(one: Delivery) -> None:
    tries = counted(one.tries, "try", "tries")
    again = f", again at {one.next_at:%R:%S} UTC" if one.next_at and one.tries else ""
    about = f"  batch {one.batch_id}" if one.batch_id else ""
    out.print(f"{one.created_at:%F %R}  {one.event:<16} {one.status:<8} {tries}{again}{about}", soft_wrap=True)
    if one.error:
        out.print(below(escape(printable(one.error))))
