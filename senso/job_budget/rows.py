"""The count of one vendor from rows, which all processes share: exact but for what is under way.

While Redis is away each process has one request under way at a time. None goes out once the answers counted and the
processes, each of which may be about to get one more, reach `limited_most_without_redis`.
"""

from collections.abc import Sequence
from uuid import UUID

from senso.db import at_once, transaction
from senso.job_budget.counting import Verdict
from senso.policy import Policy
from senso.queries import limited_requests, workers
from senso.queries.limited_requests import Limited
from senso.states import JobRequest

A_COMMAND = 1  # a process that is no worker, such as `senso doctor`


class Rows:
    """Every method raises Unreachable where Postgres is away."""

    def __init__(self, provider: str, policy: Policy) -> None:
        self.provider, self.policy = provider, policy

    def lately(self) -> list[Limited]:
        with at_once() as db:
            return limited_requests.lately(db, self.provider, self.policy)

    def take(self, kind: JobRequest) -> Verdict:
        with transaction() as db:
            found = limited_requests.lately(db, self.provider, self.policy)
            processes = workers.living(db, self.policy) + A_COMMAND
        return standing(found, kind, processes, self.policy)

    def end(self, kind: JobRequest, wait_seconds: float) -> tuple[int, float]:
        """Of an answer of 429, as `Count.end`."""
        before = [one.in_a_row for one in self.lately() if one.request is kind]
        in_a_row = 1 + max(before, default=0)
        doubled = self.policy.first_pause_seconds * 2 ** min(in_a_row - 1, 20)
        return in_a_row, max(wait_seconds, min(self.policy.longest_pause_seconds, doubled))

    def add(self, id_: UUID, kind: JobRequest, in_a_row: int, pause_seconds: float) -> None:
        with at_once() as db:
            limited_requests.add(db, self.provider, Limited(id_, kind, 0, pause_seconds, in_a_row))


def count(found: Sequence[Limited], policy: Policy) -> int:
    return sum(one.age_seconds < policy.limited_window_seconds for one in found)


def closed_seconds(found: Sequence[Limited], policy: Policy) -> float:
    """For how long the vendor is still left alone. `found`: the oldest first."""
    for last in range(len(found) - 1, policy.limited_most - 2, -1):
        newest, oldest = found[last].age_seconds, found[last - policy.limited_most + 1].age_seconds
        if oldest - newest < policy.limited_window_seconds:
            return max(0, policy.left_alone_seconds - newest)
    return 0


def standing(found: Sequence[Limited], kind: JobRequest, processes: int, policy: Policy) -> Verdict:
    counted, closed = count(found, policy), closed_seconds(found, policy)
    if closed > 0:
        return Verdict("closed", closed, counted)
    pause = max((one.pause_seconds - one.age_seconds for one in found if one.request is kind), default=0)
    if pause > 0:
        return Verdict("pause", pause, counted)
    if counted + processes > policy.limited_most_without_redis:
        return Verdict("busy", 0, counted)
    return Verdict("go", 0, counted, room=1)
