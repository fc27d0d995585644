"""Claiming a row before it is worked on, and what becomes of the claim: written once for whatever is claimed.

A claim raises the fence, names its owner and ends with its lease. It ends in one of five ways: what was worked out is
saved, the row is put back for another try, it fails, the lease expires, or the reaper takes it back from an owner that
is silent. Whoever writes under a claim names its fence, and changes no row whose fence has risen since.

How long a lease is, how often a row may fail and when a process counts as dead are values of each statement, out of
`senso.policy`. `Leased` declares a table once; its methods are the parts of statements that carry this promise. Some
tables have a state for a row that is claimed; where they have none, the row is claimed as long as it has an owner.
"""

from dataclasses import dataclass
from enum import StrEnum

from senso.db.planner import looked_up
from senso.states import EvaluationState, RunState


def released(until: str = "NULL") -> str:
    """What the end of a claim sets. `until`: when the next may come, in a table that has no other column for it."""
    return f"lease_owner = NULL, lease_until = {until}"


RELEASED = released()
LEASE = "now() + make_interval(secs => :lease)"
# Of a worker: it has beaten within `senso.policy.Policy.silent_seconds`.
IS_ALIVE = "heartbeat_at > now() - make_interval(secs => :silent)"
OWNER_LIVES = f"EXISTS (SELECT FROM workers w WHERE w.id = lease_owner AND w.{IS_ALIVE})"
# Of a table without a state for a row that is claimed: nobody has it, or has had it for too long.
UNLEASED = "(lease_until IS NULL OR lease_until < now())"


def owned(row: str, owner: str = ":owner") -> str:
    """What a claim sets there, beside the fence. A former owner that never reported back counts as a failure."""
    return f"""lease_owner = {owner}, lease_until = {LEASE},
            failures = {row}.failures + CASE WHEN {row}.lease_owner IS NULL THEN 0 ELSE 1 END"""


# A run that takes its worker down takes down whatever was in flight beside it. Who was taken back before comes again at
# a moment of its own, or all of them would die together until they are given up together.
APART = "next_at = now() + failures * (1 + 9 * random()) * interval '1 second'"


@dataclass(frozen=True, slots=True)
class Leased:
    """`idle`: the state of a row that waits; `busy`: of one that is claimed. `taken_back`: what its error then says."""

    table: str
    idle: StrEnum
    busy: StrEnum
    taken_back: str | None = None

    @property
    def open(self) -> str:
        """The states of a row that has not ended."""
        return f"('{self.idle}', '{self.busy}')"

    def claimable(self, row: str) -> str:
        """Of an alias: it waits and its time has come, or it was claimed and its lease has run out."""
        return f"""{row}.failures < :most AND (
            ({looked_up(f"{row}.state")} = '{self.idle}' AND ({row}.next_at IS NULL OR {row}.next_at <= now()))
            OR ({looked_up(f"{row}.state")} = '{self.busy}' AND {row}.lease_until < now())
        )"""

    def claimed(self, row: str) -> str:
        """What a claim sets. A lease that ran out is a claim that never reported back, which counts as a failure."""
        return f"""state = '{self.busy}', fence = {row}.fence + 1, lease_owner = :owner,
            failures = {row}.failures + CASE WHEN {row}.state = '{self.busy}' THEN 1 ELSE 0 END,
            lease_until = {LEASE}, next_at = NULL"""

    def held(self, row: str) -> str:
        """Beside the fence: also where the reaper has put it back from an owner that was only slow."""
        return f"{looked_up(f'{row}.state')} IN {self.open}"

    def put_back(self) -> str:
        """For another try after :seconds. `counted`: whether it was a failure."""
        return f"""
            UPDATE {self.table} SET state = '{self.idle}', failures = failures + :counted, error = :error,
                next_at = now() + make_interval(secs => :seconds), {RELEASED}
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
        """Taken back from owners that are silent.

        The fence stays: one that was only slow may still save, until somebody else claims the row. A process that was
        frozen may have frozen in a transaction: what it has locked is taken back once Postgres has ended that.
        """
        error = f", error = '{self.taken_back}'" if self.taken_back else ""
        return f"""
            UPDATE {self.table} SET state = '{self.idle}',
                failures = failures + CASE WHEN state = '{self.busy}' THEN 1 ELSE 0 END,
                {RELEASED}, {APART}, sent_at = NULL{error}
            WHERE id IN (SELECT id FROM {self.table} WHERE {owned_by_the_dead(f"state IN {self.open}")})
            RETURNING id
        """

    def due(self, returning: str, only: str = "true") -> str:
        """Its time for another try has come, and no message is under way for it."""
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
        """It has failed as often as it may, and nobody is at it."""
        return f"{row}.failures >= :most AND ({row}.lease_until IS NULL OR {row}.lease_until < now())"


def ended(row: str) -> str:
    """What an end other than a result sets, under whatever claim: whoever comes later finds another fence."""
    return f"fence = {row}.fence + 1, {RELEASED}, next_at = NULL"


def owned_by_the_dead(only: str = "true") -> str:
    return f"lease_owner IS NOT NULL AND {only} AND NOT {OWNER_LIVES} FOR UPDATE SKIP LOCKED"


RUN = Leased("question_runs", RunState.PLANNED, RunState.ASKING, "the worker that asked ended before it reported back")
READING = Leased("evaluations", EvaluationState.PENDING, EvaluationState.EXTRACTING)
