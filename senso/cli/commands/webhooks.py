"""The command about webhooks."""

from typing import Annotated

import typer

from senso.cli.commands.program import Json, app


@app.command()
def webhooks(
    webhook: Annotated[
        str | None, typer.Argument(metavar="[WEBHOOK]", help="Its deliveries, the latest first. Default: all webhooks.")
    ] = None,
    *,
    add: Annotated[str | None, typer.Option("--add", metavar="URL", help="Make one; its secret is shown once.")] = None,
    partner: Annotated[
        str | None, typer.Option("--partner", help="With --add: told of its batches; default: all.")
    ] = None,
    event: Annotated[
        list[str] | None, typer.Option("--event", help="With --add: told of this alone; repeatable. Default: all.")
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test; accepted, it switches the webhook on again.")
    ] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete it, with what waits for it.")] = False,
    as_json: Json = False,
) -> None:
    """Addresses that are told when batches end, and what was sent to them."""
    from senso.cli import hooking
    from senso.cli.environment import uuid
    from senso.errors import ConfigError

    if bool(add) + test + delete > 1 or (add and webhook) or ((test or delete) and not webhook):
        raise ConfigError("say one thing: --add URL, or WEBHOOK with --test or --delete")
    if (partner or event) and not add:
        raise ConfigError("--partner and --event go with --add URL")
    if add:
        hooking.add(add, uuid(partner, "partner") if partner else None, event or [], as_json=as_json)
    elif webhook is None:
        hooking.print_all(as_json=as_json)
    elif delete:
        hooking.delete(uuid(webhook, "webhook"), as_json=as_json)
    elif test:
        hooking.test(uuid(webhook, "webhook"), as_json=as_json)
    else:
        hooking.print_deliveries(uuid(webhook, "webhook"), as_json=as_json)
