"""What each request to a vendor of jobs goes through, so that the vendor never blocks the account.

Redis keeps the count for all processes; each answer of 429 is a row as well, from which the count is loaded where Redis
has lost it, and which is the count while Redis is away. With neither nothing is sent.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from threading import BoundedSemaphore, Lock
from uuid import UUID, uuid4

from redis.exceptions import RedisError

from senso.db import DBAPIError
from senso.errors import ConfigError, LeftAlone, OutsideError, SensoError, Unavailable
from senso.job_budget.counting import Count, How, Verdict
from senso.job_budget.rows import Rows, closed_seconds
from senso.log import logger
from senso.policy import POLICY, Policy
from senso.states import JobRequest

log = logger(__name__)
TOO_MANY = 429
SERVER_FAULT = 500
# Between two looks of a request that waits for its turn.
LOOK_SECONDS = 0.05
# For how long Redis is not tried again, so that not every request waits for its timeout.
AWAY_SECONDS = 2
# Until the next try where the count is not known.
UNKNOWN_SECONDS = 5


class Gate:
    """`gate(JobRequest.POLL, 10)` is a context manager; raises LeftAlone if the request may not go out now."""

    def __init__(self, provider: str, policy: Policy) -> None:
        self.provider, self.policy = provider, policy
        self.count, self.rows = Count(provider, policy), Rows(provider, policy)
        self.turns = BoundedSemaphore(policy.job_requests_a_process)
        self.alone, self.loading = Lock(), Lock()
        self.is_loaded, self.away_until = False, 0.0

    @contextmanager
    def __call__(self, kind: JobRequest, timeout_seconds: float) -> Iterator[None]:
        id_, how, wait = uuid4(), "unknown", 0.0
        with ExitStack() as held:
            verdict = self.admitted(kind, id_, timeout_seconds, held)
            try:
                yield
                how = "passed"
            except OutsideError as error:
                how, wait = meaning(error), said_seconds(error, self.policy)
                raise
            finally:
                self.ended(verdict, kind, id_, how, wait)  # type: ignore[arg-type]

    def admitted(self, kind: JobRequest, id_: UUID, timeout_seconds: float, held: ExitStack) -> Verdict:
        """Waits for its turn for a moment. `held`: what is given back when the request has ended."""
        until = time.monotonic() + self.policy.turn_seconds
        if not self.turns.acquire(timeout=self.policy.turn_seconds):
            raise self.refusal(kind, Verdict("busy"))
        held.callback(self.turns.release)
        while True:
            verdict = self.taken(kind, id_, timeout_seconds, held)
            if verdict.word == "go":
                return verdict
            if verdict.word != "busy" or time.monotonic() > until:
                raise self.refusal(kind, verdict)
            time.sleep(LOOK_SECONDS)

    def taken(self, kind: JobRequest, id_: UUID, timeout_seconds: float, held: ExitStack) -> Verdict:
        found = self.by_redis(kind, id_, timeout_seconds)
        if found is not None:
            return found
        if not self.alone.acquire(blocking=False):
            return Verdict("busy")
        verdict = self.by_rows(kind)
        if verdict.word == "go":
            held.callback(self.alone.release)
        else:
            self.alone.release()
        return verdict

    def look(self, kind: JobRequest) -> Verdict:
        """Whether a request of this kind could go out now, and how many."""
        return self.by_redis(kind, None, 0) or self.by_rows(kind)

    def by_redis(self, kind: JobRequest, id_: UUID | None, timeout_seconds: float) -> Verdict | None:
        """None while Redis is away, or where a program has none."""
        if time.monotonic() < self.away_until:
            return None
        try:
            verdict = self.count.take(kind, id_, timeout_seconds) if self.is_loaded else Verdict("stale")
            if verdict.word == "stale":
                with self.loading:
                    self.load()
                    verdict = self.count.take(kind, id_, timeout_seconds)
        except (RedisError, ConfigError):
            self.away_until = time.monotonic() + AWAY_SECONDS
            return None
        except (SensoError, DBAPIError):
            return Verdict("closed", UNKNOWN_SECONDS)
        return verdict

    def load(self) -> None:
        found = self.rows.lately()
        self.count.load(found, closed_seconds(found, self.policy))
        self.is_loaded = True

    def by_rows(self, kind: JobRequest) -> Verdict:
        try:
            return self.rows.take(kind)
        except (SensoError, DBAPIError):
            return Verdict("closed", UNKNOWN_SECONDS)

    def ended(self, verdict: Verdict, kind: JobRequest, id_: UUID, how: How, wait_seconds: float) -> None:
        """Never raises: it must not hide what the request brought. In Redis first: before the next request goes out."""
        try:
            told = self.count.end(verdict.place, how, wait_seconds) if verdict.place else None
        except (RedisError, ConfigError):
            told = None
        if how == "limited":
            self.note(kind, id_, told, wait_seconds)

    def note(self, kind: JobRequest, id_: UUID, told: tuple[int, float] | None, wait_seconds: float) -> None:
        """`told`: what Redis knows of it; None: Redis is to load it from its row."""
        try:
            in_a_row, pause = told or self.rows.end(kind, wait_seconds)
            self.rows.add(id_, kind, in_a_row, pause)
        except (SensoError, DBAPIError) as error:
            log.warning("an answer of 429 could not be noted", provider=self.provider, error=type(error).__name__)
            return
        if told is None:
            self.is_loaded = False
        log.warning("a vendor asked us to wait", provider=self.provider, request=kind.value, seconds=round(pause, 1))

    def refusal(self, kind: JobRequest, verdict: Verdict) -> LeftAlone:
        reasons = {
            "closed": f"left alone for {verdict.seconds:.0f} s: {verdict.counted} answers of 429 within "
            f"{self.policy.limited_window_seconds / 60:.0f} minutes",
            "pause": f"no {kind} request for {verdict.seconds:.0f} s, since the last was answered by 429",
        }
        reason = reasons.get(verdict.word, "other requests come first")
        return LeftAlone(self.provider, reason, status=TOO_MANY, retry_after_seconds=verdict.seconds)


def meaning(error: OutsideError) -> How:
    """A refusal was let through as well; a server error or no reply says nothing of limits."""
    if error.status == TOO_MANY:
        return "limited"
    return "passed" if error.status is not None and error.status < SERVER_FAULT else "unknown"


def said_seconds(error: OutsideError, policy: Policy) -> float:
    said = error.retry_after_seconds if isinstance(error, Unavailable) else None
    return min(said or 0, policy.longest_limit_seconds)


@lru_cache
def gate(provider: str) -> Gate:
    """Of this process."""
    return Gate(provider, POLICY)
