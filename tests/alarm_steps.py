"""What happens to alarms over time: looks, later looks, and what is sent."""

from senso.db import transaction
from senso.queries import alarms
from senso.workflows.alarms import looking, sending

LONG = 3600.0


def look(watched_seconds: float = LONG) -> None:
    looking.look(watched_seconds)


def look_again(make) -> None:
    """The next look, without waiting for it."""
    make.sql("UPDATE alarm_periods SET next_look_at = now()")
    look()


def look_after(make, minutes: float) -> None:
    """As if so much time had passed since the last look."""
    make.sql(
        "UPDATE alarm_periods SET next_look_at = now(), due_at = due_at - make_interval(mins => :minutes), "
        "looked_at = looked_at - make_interval(mins => :minutes)",
        minutes=minutes,
    )
    look()


def send_all(make) -> int:
    """One after the other, as if a second had passed between them; how many were sent."""
    with transaction() as db:
        found = alarms.due(db, 0)
    sent = 0
    for message in found:
        make.sql("UPDATE alarm_messages SET tried_at = tried_at - interval '1 second'")
        sent += sending.deliver(message)
    return sent


def messages(make) -> list[tuple[str, str, int, str]]:
    return [
        (one["kind"], one["part"], one["count"], one["status"])
        for one in make.sql("SELECT kind, part, count, status FROM alarm_messages ORDER BY id")
    ]
