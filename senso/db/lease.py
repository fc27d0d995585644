"""Claiming a row before working on it, and how a claim ends; defined once for all tables with claims.

A claim raises the row's fence, sets its owner and is limited by its lease. It ends in one of five ways: the result is
saved, the row is put back for another try, the row fails, the lease expires, or the reaper takes the row back from a
silent owner. Every write under a claim names its fence and does not change a row whose fence has risen since.

The length of a lease, the permitted failures and the silence after which a process counts as dead are values of each
statement, from `senso.policy`. `Leased` declares a table once; its methods are the SQL fragments that keep this
promise. Some tables have a state for claimed rows; in the others, a row is claimed as long as it has an owner.
"""

from dataclasses import dataclass
from enum import StrEnum

from senso.db.planner import looked_up
from senso.states import EvaluationState, RereadingState, RunState


def released(until: str = "NULL") -> str:
    """What the end of a claim sets. `until`: the earliest next claim, in a table that has no other column for it."""
    return f"lease_owner = NULL, lease_until = {until}"


RELEASED = released()
LEASE = "now() + make_interval(secs => :lease)"
# The worker's last heartbeat is younger than `senso.policy.Policy.silent_seconds`.
IS_ALIVE = "heartbeat_at > now() - make_interval(secs => :silent)"
OWNER_LIVES = f"EXISTS (SELECT FROM workers w WHERE w.id = lease_owner AND w.{IS_ALIVE})"
# For a table without a state for claimed rows: the row is not claimed, or its lease has expired.
UNLEASED = "(lease_until IS NULL OR lease_until < now())"


def owned(row: str, owner: str = ":owner") -> str:
    """What a claim sets in such a table, besides the fence. A former owner that never reported back is a failure."""
    return f"""lease_owner = {owner}, lease_until = {LEASE},
            failures = {row}.failures + CASE WHEN {row}.lease_owner IS NULL THEN 0 ELSE 1 END"""


# A run that crashes its worker also interrupts all other runs in flight there. Runs that were taken back before are
# retried at random times; otherwise the same group would crash together until all of it is given up.
RANDOM_RETRY = "next_at = now() + failures * (1 + 9 * {}) * interval '1 second'"


@dataclass(frozen=True, slots=True)
class Leased:
    """`idle`: the state of a waiting row; `busy`: of a claimed row. `taken_back`: the error set by the reaper.

    `chance`: SQL for a number from 0 to 1; rows with the same one are retried at the same time.
    """

    table: str
    idle: StrEnum
    busy: StrEnum
    taken_back: str | None = None
    chance: str = "random()"

    @property
    def open(self) -> str:
        """The states of a row that has not ended."""
        return f"('{self.idle}', '{self.busy}')"

    def claimable(self, row: str) -> str:
        """Condition on the alias `row`: it has tries left and is waiting and due, or claimed with an expired lease."""
        return f"""{row}.failures < :most AND (
            ({looked_up(f"{row}.state")} = '{self.idle}' AND ({row}.next_at IS NULL OR {row}.next_at <= now()))
            OR ({looked_up(f"{row}.state")} = '{self.busy}' AND {row}.lease_until < now())
        )"""

    def claimed(self, row: str) -> str:
        """What a claim sets. An expired lease counts as a failure: its claim never reported back."""
        return f"""state = '{self.busy}', fence = {row}.fence + 1, lease_owner = :owner,
            failures = {row}.failures + CASE WHEN {row}.state = '{self.busy}' THEN 1 ELSE 0 END,
            lease_until = {LEASE}, next_at = NULL"""

    def held(self, row: str) -> str:
        """Condition for a save, besides the fence. It also holds after the reaper took the row from a slow owner."""
        return f"{looked_up(f'{row}.state')} IN {self.open}"

    def put_back(self, more: str = "") -> str:
        """Puts the row back for another try after :seconds. :counted is 1 for a failure, else 0; `more`: also set."""
        return f"""
            UPDATE {self.table} SET state = '{self.idle}', failures = failures + :counted, error = :error,
                next_at = now() + make_interval(secs => :seconds), {more} {RELEASED}
            WHERE id = :id AND fence = :fence AND {looked_up("state")} = '{self.busy}'
            RETURNING id
        """

    def expired(self) -> str:
        return f"""
            UPDATE {self.table} SET state = '{self.idle}', failures = failures + 1, {RELEASED},
                next_at = now(), sent_at = NULL, error = 'the claim ran out'
            WHERE id IN (
                SELECT id FROM {self.table} WHERE state = '{self.busy}' AND lease_until < now()
                LIMIT 500 FOR UPDATE SKIP LOCKED
            )
            RETURNING id
        """

    def reaped(self) -> str:
        """Takes rows back from silent owners.

        The fence does not change: an owner that was only slow may still save until another worker claims the row. A
        frozen process may hold locks in an open transaction: its rows are taken back once Postgres has ended that.
        """
        error = f", error = '{self.taken_back}'" if self.taken_back else ""
        return f"""
            UPDATE {self.table} SET state = '{self.idle}',
                failures = failures + CASE WHEN state = '{self.busy}' THEN 1 ELSE 0 END,
                {RELEASED}, {RANDOM_RETRY.format(self.chance)}, sent_at = NULL{error}
            WHERE id IN (SELECT id FROM {self.table} WHERE {owned_by_dead_worker(f"state IN {self.open}")})
            RETURNING id
        """

    def due(self, returning: str, only: str = "true") -> str:
        """Marks as sent the rows that are due for another try and have no message under way."""
        return f"""
            UPDATE {self.table} SET sent_at = now()
            WHERE id IN (
                SELECT id FROM {self.table}
                WHERE state = '{self.idle}' AND next_at <= now() AND (sent_at IS NULL OR sent_at < next_at)
                    AND failures < :most AND {only}
                ORDER BY next_at LIMIT 500 FOR UPDATE SKIP LOCKED
            )
            RETURNING {returning}
        """

    def exhausted(self, row: str) -> str:
        """Condition: the row has no tries left, and no claim on it is valid."""
        return f"{row}.failures >= :most AND ({row}.lease_until IS NULL OR {row}.lease_until < now())"


def ended(row: str) -> str:
    """What an end without a result sets. The fence rises, so later writes under any earlier claim have no effect."""
    return f"fence = {row}.fence + 1, {RELEASED}, next_at = NULL"


def owned_by_dead_worker(only: str = "true") -> str:
    return f"lease_owner IS NOT NULL AND {only} AND NOT {OWNER_LIVES} FOR UPDATE SKIP LOCKED"


RUN = Leased("question_runs", RunState.PLANNED, RunState.ASKING, "the worker that asked ended before it reported back")
# What was read of one answer by one call is read by one again.
READING = Leased(
    "evaluations",
    EvaluationState.PENDING,
    EvaluationState.EXTRACTING,
    chance="(abs(hashtext(run_id::text || failures)) % 1000) / 1000.0",
)
# A command works on them; what it leaves when it is killed, the next one takes back (`senso.queries.rereadings`).
REREADING = Leased("rereadings", RereadingState.PENDING, RereadingState.READING)
