"""Compares the ledger with the work that credits were moved for, names each difference, and keeps what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from senso.db import Connection, transaction
from senso.log import logger
from senso.queries import differences, reconciliations
from senso.queries.differences import Difference, Totals
from senso.queries.reconciliations import Last, Row
from senso.states import DifferenceKind as Kind

log = logger(__name__)
SCHEDULE: Final = "schedule"
HOUR: Final = 4  # UTC; most batches of a night have ended
AGAIN: Final = timedelta(days=1)  # what the one before has looked at last is looked at once more
# What a difference says, with the words of its ids.
SAID: Final[Mapping[Kind, str]] = {
    Kind.NOT_CHARGED: "the answer to run {run} was read for org {org} in batch {batch}, and is not charged",
    Kind.CHARGED_TWICE: "the answer to run {run} was read once for org {org} in batch {batch}, and is charged twice",
    Kind.CHARGED_FOR_NOTHING: "run {run} is charged to org {org} in batch {batch}, and no answer of it was read",
    Kind.WRONG_PRICE: "run {run} is charged to org {org} at another price than the one frozen in batch {batch}",
    Kind.CHARGED_WITHOUT_HOLD: "batch {batch} is charged to a partner whose credits it has never held",
    Kind.NOT_HELD: "batch {batch} has opened and holds no credits",
    Kind.HELD_TWICE: "batch {batch} has a hold that belongs to none of its episodes",
    Kind.WRONG_HOLD: "batch {batch} holds another amount than its work costs",
    Kind.NOT_RELEASED: "an episode of batch {batch} is over and its hold is not released",
    Kind.WRONG_RELEASE: "batch {batch} has a release that is not its hold given back once, at its end",
    Kind.WRONG_GRANT: "a grant is not what the audit says",
    Kind.WRONG_BALANCE: "what the partner has available is not the sum of its ledger",
}
ROWS: Final = "senso ledger PARTNER shows the rows, senso show BATCH --audit who did what"
TOO_MUCH: Final = f"give back the difference: senso credits PARTNER --grant N --ref 'correction RUN'; {ROWS}"
HELD: Final = f"stop triggering for the partner until it is understood: {ROWS}; report it with both"
ACTIONS: Final[Mapping[Kind, str]] = {
    Kind.NOT_CHARGED: f"the partner got this answer for nothing: nothing to do for it; report it. {ROWS}",
    Kind.CHARGED_TWICE: TOO_MUCH,
    Kind.CHARGED_FOR_NOTHING: TOO_MUCH,
    Kind.WRONG_PRICE: TOO_MUCH,
    Kind.CHARGED_WITHOUT_HOLD: TOO_MUCH,
    Kind.NOT_HELD: HELD,
    Kind.HELD_TWICE: HELD,
    Kind.WRONG_HOLD: HELD,
    Kind.NOT_RELEASED: f"the partner lacks these credits: grant them under --ref 'release BATCH'; {ROWS}; report it",
    Kind.WRONG_RELEASE: HELD,
    Kind.WRONG_GRANT: f"somebody has changed the ledger or the audit by hand: find out who. {ROWS}",
    Kind.WRONG_BALANCE: (
        "the rows are the truth: find what changed partners.available by hand, then set it to their sum while no batch "
        "of the partner is open"
    ),
}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`since`: None if it looked at everything. `count`: of all differences; `differences` has the first of them."""

    ran_at: datetime
    since: datetime | None
    partner_id: UUID | None
    looked_at: Totals
    count: int
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be looked at: what moved since the last settled one less a day, unless this says otherwise.

    `since`: looks at what moved since then; `everything`: at all. `day`: of the schedule, which keeps one a day.
    `accepted`: why what is found now is known: it is not told again.
    """

    by: str
    since: datetime | None = None
    everything: bool = False
    partner: UUID | None = None
    day: date | None = None
    accepted: str | None = None

    def begin(self, due: datetime | None) -> datetime | None:
        return None if self.everything else self.since or due


def reconcile(order: Order) -> Reconciled:
    """What was found is kept as a row."""
    with transaction() as db:
        differences.stand_still(db)
        made, is_whole = compared(db, order)
    keep(made, order, is_whole=is_whole)
    return made


def compared(db: Connection, order: Order) -> tuple[Reconciled, bool]:
    """And whether it looked at all that was due."""
    due = due_since(reconciliations.last(db))
    asked, partner = order.begin(due), order.partner
    found, count = differences.differences(db, asked, partner)
    looked_at = differences.totals(db, asked, partner)
    made = Reconciled(reconciliations.now(db), asked, partner, looked_at, count, found)
    return made, partner is None and reaches(asked, due)


def due_since(last: Last | None) -> datetime | None:
    """Until one is settled, the next looks at the same again: a difference does not go away by becoming old."""
    if last is None:
        return None
    return last.ran_at - AGAIN if last.is_settled else last.since


def reaches(asked: datetime | None, due: datetime | None) -> bool:
    return asked is None or (due is not None and asked <= due)


def keep(made: Reconciled, order: Order, *, is_whole: bool) -> None:
    row = Row(
        ran_at=made.ran_at,
        by=order.by,
        day=order.day,
        since=made.since,
        partner=made.partner_id,
        is_whole=is_whole,
        differences=[told_of(one) for one in made.differences],
        count=made.count,
        accepted=order.accepted if made.count else None,
    )
    with transaction() as db:
        kept = reconciliations.insert(db, row)
    if kept and made.count and order.accepted is None:
        kinds = sorted({one.kind for one in made.differences})
        log.error("the ledger differs from the work", differences=made.count, kinds=kinds, by=order.by)


def told_of(one: Difference) -> dict[str, object]:
    ids = {name: getattr(one, name) for name in ("partner_id", "batch_id", "run_id", "org_id")}
    told = {"kind": one.kind, "text": said(one)}
    return told | {name: str(value) if value else None for name, value in ids.items()} | amounts(one)


def amounts(one: Difference) -> dict[str, object]:
    return {"expected": one.expected, "found": one.found}


def said(one: Difference) -> str:
    return SAID[one.kind].format(run=one.run_id, org=one.org_id, batch=one.batch_id or "(none)")


def reconcile_daily(day: date) -> None:
    """Does nothing if that day's was made, or while another process makes it."""
    order = Order(SCHEDULE, day=day)
    with transaction() as db:
        differences.stand_still(db)
        if reconciliations.is_done(db, day) or not reconciliations.take_turn(db):
            return
        made, is_whole = compared(db, order)
    keep(made, order, is_whole=is_whole)
