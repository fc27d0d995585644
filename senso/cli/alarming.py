"""`alarms`: what was told to people; and one message to try out whether it reaches them."""

from rich.markup import escape

from senso.cli.printing import below, moment, out, print_json, printable
from senso.cli.status import moment_since
from senso.db import looking
from senso.errors import SensoError, Unavailable, Unreachable
from senso.quantities import counted
from senso.reads import alarms as queries
from senso.reads.alarms import ToldAlarm
from senso.records import record
from senso.settings import secret, settings
from senso.states import MessagePart, MessageStatus

SHOWN_SINCE = "7d"


def alarms(since: str | None, *, as_json: bool) -> None:
    """Raises ConfigError for a moment that is none."""
    after = moment_since(since or SHOWN_SINCE)
    with looking() as db:
        found = queries.told(db, after)
    if as_json:
        print_json([record(one) for one in found])
        return
    for one in found:
        print_one(one)
    if not found:
        out.print("No alarms.")


def print_one(one: ToldAlarm) -> None:
    what = f"over, {one.count} in all" if one.part is MessagePart.OVER else counted(one.count, "alarm")
    out.print(f"[bold]{one.kind}[/]: {what}, since {moment(one.since)}; {status(one)}")
    for said in one.examples:
        out.print(below(escape(printable(said))))


def status(one: ToldAlarm) -> str:
    if one.status is None:
        return f"gathered for a message at {moment(one.send_at)}"
    if one.status is MessageStatus.PENDING:
        why = f" ({escape(one.error)})" if one.error else ""
        return f"{counted(one.tries, 'try', 'tries')}{why}, the next at {moment(one.send_at)}"
    if one.status is MessageStatus.NOT_CONFIGURED:
        return f"{moment(one.created_at)}, not sent: SLACK_WEBHOOK_URL was not set"
    if one.status is MessageStatus.DROPPED:
        return f"dropped after a day of {counted(one.tries, 'try', 'tries')}: {escape(one.error or 'nobody sent it')}"
    return f"sent {moment(one.sent_at)}"


def test(*, as_json: bool) -> None:
    """Raises ConfigError without an address, Unreachable where Slack does not answer, SensoError where it refuses."""
    url = secret(settings().slack_webhook_url, "SLACK_WEBHOOK_URL")

    from senso import slack  # noqa: PLC0415  HTTP takes long to import, and the list needs none
    from senso.workflows.alarms.wording import trial  # noqa: PLC0415

    try:
        answer = slack.post(url, slack.escaped(trial(settings().environment)))
    except Unavailable as error:
        raise Unreachable(f"{error}; the address is in SLACK_WEBHOOK_URL") from None
    except SensoError as error:
        raise SensoError(f"{error}; make a new webhook in Slack and put its address into SLACK_WEBHOOK_URL") from None
    if as_json:
        print_json({"answer": answer})
    else:
        out.print(f"Sent. Slack answered: {answer}")
