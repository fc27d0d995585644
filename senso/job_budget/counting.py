"""The count of one vendor in Redis. Every method raises RedisError where Redis is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import UUID

from redis.commands.core import Script

from senso import redis_access, supplied
from senso.job_budget import scripts
from senso.policy import Policy
from senso.queries.limited_requests import Limited
from senso.states import JobRequest

KINDS: Final = " ".join(JobRequest)
KEYS: Final = ("limited", "flying", "state", "fresh")
# After the limit of a request itself: connecting to the vendor, and telling Redis of the end.
LEASE_SECONDS: Final = 15
Word = Literal["go", "closed", "pause", "busy", "stale"]
How = Literal["passed", "limited", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may go out: `go`, with its place and how many more may; else not for `seconds`, and why.

    closed: the vendor is left alone; pause: requests of this kind wait; busy: others are under way; stale: the count
    has to be loaded first. `counted`: answers of 429 within the window.
    """

    word: Word
    seconds: float = 0
    counted: int = 0
    room: int = 0
    place: str = ""


@lru_cache(maxsize=1)
def scripts_at(_url: str) -> tuple[Script, Script, Script]:
    """A client of its own, whose connections this process keeps."""
    client = redis_access.client()
    take, end, load = (client.register_script(words) for words in (scripts.TAKE, scripts.END, scripts.LOAD))
    return take, end, load


def ms(seconds: float) -> int:
    return round(seconds * 1000)


class Count:
    def __init__(self, provider: str, policy: Policy) -> None:
        self.keys = [f"senso:limit:jobs:{provider}:{name}" for name in KEYS]
        self.policy = policy
        self.window = ms(policy.limited_window_seconds)
        self.rest = ms(policy.left_alone_seconds)

    def take(self, kind: JobRequest, id_: UUID | None, timeout_seconds: float) -> Verdict:
        """Without an id it takes no place."""
        lease = ms(timeout_seconds + LEASE_SECONDS)
        given = [kind, id_ or "", lease, self.window, self.policy.job_requests_at_a_time]
        word, number, counted, place = self.run(0, [str(one) for one in given])
        said = word.decode()
        if said == "go":
            return Verdict(said, 0, counted, number, place.decode())
        return Verdict(said, number / 1000, counted)

    def end(self, place: str, how: How, wait_seconds: float) -> tuple[int, float]:
        """Of an answer of 429: its place in a series without a success, and how long requests of its kind then wait."""
        policy = self.policy
        given = [place, how, ms(wait_seconds), self.window, policy.limited_most, self.rest]
        given += [ms(policy.first_pause_seconds), ms(policy.longest_pause_seconds), KINDS]
        in_a_row, pause, _ = self.run(1, given)
        return in_a_row, pause / 1000

    def load(self, found: Sequence[Limited], closed_seconds: float) -> None:
        given: list[Any] = [self.window, self.policy.limited_most, self.rest]
        given += [ms(self.policy.limited_fresh_seconds), KINDS, ms(closed_seconds)]
        for one in found:
            given += [str(one.id), one.request, ms(one.age_seconds), ms(one.pause_seconds), one.in_a_row]
        self.run(2, given)

    def run(self, number: int, given: Sequence[Any]) -> Any:
        return scripts_at(supplied.redis_url())[number](keys=self.keys, args=given)
