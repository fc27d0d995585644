"""What must be true after every fault, and while it lasts: I1-I8, exact charges, pushes, and who ended."""

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from outside import Outside, pushes_missing

from senso.checks import promises as held
from senso.errors import SensoError
from senso.settings import settings
from senso.worker.queues import ALL_QUEUES, VISIBILITY_SECONDS

LOOK_SECONDS = 3
# What may be seen only while nothing is away: a message that cannot be sent waits, and that is no fault of ours.
WHEN_ALL_IS_THERE = ("I7", "I8")
CHARGED_WRONGLY = """
    SELECT e.run_id::text AS run, count(l.id) AS charges, sum(l.credits) AS credits
    FROM evaluations e JOIN batches b ON b.id = e.batch_id JOIN orgs o ON o.id = e.org_id
        LEFT JOIN ledger l ON l.entry = 'charge' AND l.run_id = e.run_id AND l.partner_id = o.partner_id
    GROUP BY e.id, e.run_id, e.state
    HAVING count(l.id) <> (e.state = 'done')::int OR coalesce(sum(l.credits), 0) <> -(e.state = 'done')::int
    UNION ALL
    SELECT p.id::text, p.available, g.credits - c.charges FROM partners p,
        LATERAL (SELECT coalesce(sum(credits), 0) AS credits FROM ledger WHERE partner_id = p.id AND entry = 'grant') g,
        LATERAL (SELECT count(*) AS charges FROM evaluations e JOIN orgs o ON o.id = e.org_id
            WHERE o.partner_id = p.id AND e.state = 'done') c
    WHERE p.available <> g.credits - c.charges
    LIMIT 20
"""


def broken(product) -> dict[str, Any]:
    """By promise what breaks it; empty when all are kept. Of a product in which all has ended."""
    found: dict[str, Any] = held.broken(ALL_QUEUES, VISIBILITY_SECONDS, settings().max_running_batches)
    outside = Outside(product.sandbox, product.make.sql)
    seen = {
        "queues drain": [] if drained(product) else [product.ready()],
        "nothing is paid for twice but what was in the hands of whom a test ended": outside.unexcused(
            product.ends.in_hands()
        ),
        "each answer that was read is charged once, one credit": product.make.sql(CHARGED_WRONGLY),
        "each end arrives at the application": undelivered(product),
        "nobody ends whom no test ended": product.ends.unforeseen,
        "promises hold while work goes on": product.looks.told(),
    }
    return found | {name: rows[:10] for name, rows in seen.items() if rows}


def drained(product, seconds: float = 20) -> bool:
    """Ticks come and go; what counts is that there is a moment at which nothing waits."""
    return waited(product, lambda: not product.ready(), seconds)


def undelivered(product, seconds: float = 90) -> list[str]:
    """A push whose process died is sent again once its lease is over."""
    waited(product, lambda: not pushes_missing(product.sandbox, product.make.sql), seconds)
    return pushes_missing(product.sandbox, product.make.sql)


def waited(product, condition, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < until:
        product.watch()
        time.sleep(0.05)
    return holds


class Looks:
    """The promises asked again and again while work goes on, and what was found broken at any of these moments.

    Of what is open, or ended within two minutes: what ended earlier was looked at before.
    """

    def __init__(self) -> None:
        self.count = 0
        self.found: dict[str, Any] = {}
        self.something_is_away = False
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.look_on, name="looks", daemon=True)

    def look_on(self) -> None:
        while not self.stopped.wait(LOOK_SECONDS):
            with suppress(SensoError):
                self.look()

    def look(self) -> None:
        was_away = self.something_is_away
        found = held.in_rows(settings().max_running_batches, datetime.now(UTC) - timedelta(minutes=2))
        if not was_away:
            found |= held.in_messages(ALL_QUEUES, VISIBILITY_SECONDS)
        self.count += 1
        for name, rows in found.items():
            if not (name.startswith(WHEN_ALL_IS_THERE) and (was_away or self.something_is_away)):
                self.found.setdefault(name, rows[:3])

    def end(self) -> None:
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join()

    def told(self) -> list[Any]:
        return list(self.found.items())
