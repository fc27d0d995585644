"""What this process may ask of one model: a little is fetched ahead from Redis, so that most calls cost no contact.

What was fetched ahead is of use for half a second and then given back; that of a killed process is lost to the model
for a minute. What calls took is told with the next contact.
"""

import math
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from senso.limits.alone import Alone, Seen
from senso.limits.outcomes import UNKNOWN, Ended, Verdict
from senso.limits.permit import Permit, Taken
from senso.limits.script import Message
from senso.limits.told import Told
from senso.providers import NO_LIMITS, Limits
from senso.states import BreakerState

AHEAD_SECONDS = 0.5
AHEAD_FACTOR = 1.5
# How long what happened may wait for a contact: with room for all, and while the model is scarce.
TELL_SECONDS, TELL_SCARCE_SECONDS = 0.5, 0.25
# Shorter than the time for which Redis believes in the calls of a process (`ALIVE` in limit.lua).
ALIVE_SECONDS = 3.0
# Longer than the lease of a call: what has not come back by then does not come.
LOST_SECONDS = 200.0
FIRST_TOKENS = 2000
TICK_SECONDS = 0.5
SPREAD_SECONDS = 1.0
# What is reserved beyond the mean for a call that is alone in flight, in mean distances from the mean. Of many calls
# some take more and some less: with n of them in flight, each reserves this divided by the root of n. What is not used
# is given back when the call ends.
MARGIN = 1.0
INFINITE = math.inf


class Allowance:
    """`contact`: sends a request to Redis; None while it is away. Safe for threads; `settle` never waits."""

    def __init__(
        self,
        provider: str,
        model: str,
        owner: str,
        contact: Callable[[Mapping[str, Any]], Message | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.provider, self.model, self.owner, self.contact, self.clock = provider, model, owner, contact, clock
        self.turn = threading.Lock()  # one contact at a time
        self.lock = threading.Lock()  # never held during a contact
        self.limits = NO_LIMITS
        self.held, self.held_tokens, self.held_until, self.held_bucket = 0.0, 0.0, 0.0, 0
        self.flying: set[Permit] = set()
        self.told = Told()
        self.means: dict[str, list[float]] = {}
        self.state, self.epoch, self.bucket, self.owners = BreakerState.CLOSED, 0, 0, 4
        self.shut_until, self.shut_by = 0.0, "time"
        self.is_scarce = False
        self.at, self.used, self.used_tokens, self.pace, self.pace_tokens = 0.0, 0, 0, 0.0, 0.0
        self.last_contact = 0.0
        self.alone = Alone()

    def take(self, purpose: str, sizes: Sequence[int], limits: Limits, back: int = 0) -> Taken:
        """Permits for the first of the calls. `sizes`: the tokens of each that are known before.

        `back`: so many of them, the first, have waited before.
        """
        if not sizes:
            return Taken([], [])
        with self.lock:
            self.limits = limits
            costs = [self.cost(purpose, size) for size in sizes]
            if (taken := self.of_held(purpose, sizes, costs)) is not None:
                return taken
        with self.turn:
            with self.lock:
                if (taken := self.of_held(purpose, sizes, costs)) is not None:
                    return taken
                ask = self.request(costs, back, self.usual(purpose, sizes))
            reply = self.contact(ask)
            with self.lock:
                if reply is None:
                    self.untold(ask)
                    return self.without_redis(purpose, sizes, costs)
                return self.granted(purpose, sizes, costs, reply)

    def cost(self, purpose: str, size: int) -> int:
        """The tokens to reserve: what is known, and what such calls took besides."""
        mean, away = self.means.get(purpose, (FIRST_TOKENS, 0))
        margin = MARGIN * away / math.sqrt(max(1, len(self.flying) * self.owners))
        found = max(1, round(size + mean + margin))
        return min(found, self.limits.tpm) if self.limits.tpm else found

    def usual(self, purpose: str, sizes: Sequence[int]) -> float:
        """The tokens of such a call without a margin: how fast those that wait will come to their turn."""
        return sum(sizes) / len(sizes) + self.means.get(purpose, (FIRST_TOKENS, 0))[0]

    def of_held(self, purpose: str, sizes: Sequence[int], costs: Sequence[int]) -> Taken | None:
        """Without a contact; None where one is needed."""
        now = self.clock()
        if now < self.shut_until:
            waits = [self.shut_until - now + random.uniform(0, SPREAD_SECONDS) for _ in costs]
            self.told.waited(waits)
            return Taken([], waits, self.shut_by)
        if now >= self.held_until or len(costs) > self.held or sum(costs) > self.held_tokens:
            return None
        self.held -= len(costs)
        self.held_tokens -= sum(costs)
        return Taken(self.permits(purpose, sizes, costs, self.held_bucket), [])

    def permits(
        self, purpose: str, sizes: Sequence[int], costs: Sequence[int], bucket: int, probe: str | None = None
    ) -> list[Permit]:
        now = self.clock()
        found = [
            Permit(purpose, size, cost, bucket, self.epoch, now, probe)
            for size, cost in zip(sizes, costs, strict=False)
        ]
        self.flying.update(found)
        self.used += len(found)
        self.used_tokens += sum(permit.cost for permit in found)
        return found

    def request(self, costs: Sequence[int], back: int, usual: float = 0, *, leaves: bool = False) -> dict[str, Any]:
        """A request with all that was to be told, which is then forgotten. What was held for nothing is returned."""
        now = self.clock()
        if costs or now >= self.held_until or leaves:
            self.give_back()
        self.measure(now)
        kept = self.held if self.held != INFINITE else 0
        ask: dict[str, Any] = {
            "provider": self.provider,
            "model": self.model,
            "owner": self.owner,
            "flying": len(self.flying) + int(kept),
        }
        limits = {"rpm": self.limits.rpm, "tpm": self.limits.tpm, "most": self.limits.max_in_flight}
        ask |= {name: value for name, value in limits.items() if value}
        if not self.told.is_empty:
            ask |= {"told": self.told.message(self.epoch), "settled": self.told.changes()}
            self.told = Told()
        if costs:
            ahead = math.ceil(self.pace * AHEAD_SECONDS * AHEAD_FACTOR)
            ask |= {"need": list(costs), "usual": usual, "back": back, "ahead": ahead}
            ask["ahead_tokens"] = max(ahead, math.ceil(self.pace_tokens * AHEAD_SECONDS * AHEAD_FACTOR))
        return ask | ({"leaves": True} if leaves else {})

    def measure(self, now: float) -> None:
        """How much this process asks in a second."""
        if (passed := now - self.at) >= TELL_SCARCE_SECONDS:
            self.pace, self.pace_tokens = self.used / passed, self.used_tokens / passed
            self.at, self.used, self.used_tokens = now, 0, 0

    def give_back(self) -> None:
        requests = self.held if self.held != INFINITE else 0
        tokens = self.held_tokens if self.held_tokens != INFINITE else 0
        self.told.settle(self.held_bucket, -requests, -tokens)
        self.held = self.held_tokens = 0

    def granted(self, purpose: str, sizes: Sequence[int], costs: Sequence[int], reply: Message) -> Taken:
        self.learn(reply)
        count = reply["granted"]
        found = self.permits(purpose, sizes[:count], costs[:count], reply["bucket"], reply.get("probe"))
        why = reply.get("why")
        if count == len(costs) and reply["state"] == BreakerState.CLOSED:
            self.hold(reply)
        back_in = reply["back_in"] or []
        spread = SPREAD_SECONDS * (3 if why == "breaker" else 1)
        return Taken(found, [ms / 1000 + random.uniform(0, spread) * (why in EVERYBODY) for ms in back_in], why)

    def hold(self, reply: Message) -> None:
        has_requests = self.limits.rpm or self.limits.max_in_flight
        self.held = reply["more"] if has_requests else INFINITE
        self.held_tokens = reply["more_tokens"] if self.limits.tpm else INFINITE
        self.held_until, self.held_bucket = self.clock() + AHEAD_SECONDS, reply["bucket"]

    def learn(self, reply: Message) -> None:
        now = self.clock()
        if reply["epoch"] != self.epoch:
            self.told.forget_calls()
        self.state, self.epoch, self.bucket = reply["state"], reply["epoch"], reply["bucket"]
        self.last_contact = now
        self.owners, self.is_scarce = max(1, reply["owners"]), bool(reply.get("scarce"))
        self.means = reply.get("means") or {}
        if shut := reply.get("shut"):
            self.shut_until, self.shut_by = now + shut / 1000, reply["shut_by"]
        if self.state != BreakerState.CLOSED:
            self.give_back()

    def without_redis(self, purpose: str, sizes: Sequence[int], costs: Sequence[int]) -> Taken:
        """Those that are allowed are the first: what each costs is the same to the process's own rate."""
        seen = Seen(len(self.flying), self.owners, self.state != BreakerState.CLOSED)
        waits = self.alone.waits(costs, self.limits, self.clock(), seen)
        count = next((place for place, wait in enumerate(waits) if wait), len(waits))
        found = self.permits(purpose, sizes[:count], costs[:count], 0)
        return Taken(found, waits[count:], "redis" if waits[count:] else None)

    def overdraw(self, purpose: str, size: int) -> Permit:
        """For a call that was not foreseen and is made all the same: it counts, and nobody is asked."""
        with self.lock:
            now = self.clock()
            bucket = self.bucket + int((now - self.last_contact) / TICK_SECONDS)
            (permit,) = self.permits(purpose, [size], [self.cost(purpose, size)], bucket)
            self.told.settle(bucket, 1, permit.cost)
            return permit

    def settle(self, permit: Permit, end: Ended, tokens: int | None = None) -> None:
        """`tokens`: all that the call took; None: not known. A second settlement of a permit changes nothing."""
        with self.lock:
            if permit not in self.flying:
                return
            self.flying.discard(permit)
            if tokens is None and end.is_billed is False:
                tokens = 0
            if tokens is not None:
                self.told.settle(permit.bucket, 0, tokens - permit.cost)
            if tokens and end.verdict is Verdict.GOOD:
                taken = tokens - permit.size
                mean = self.means[permit.purpose][0] if permit.purpose in self.means else taken
                self.told.size(permit.purpose, taken, abs(taken - mean))
            self.judge(permit, end)

    def judge(self, permit: Permit, end: Ended) -> None:
        self.told.slow_down(end)
        if permit.probe is not None:
            self.told.probe = permit.probe, PROBED[end.verdict]
            self.told.is_urgent = True
            if end.error:
                self.told.error = end.error
        elif permit.epoch == self.epoch:
            self.told.call(end, self.clock() - permit.taken_at)
        if end.not_before:
            self.shut_until, self.shut_by = max(self.shut_until, self.clock() + end.not_before), "time"
            self.told.is_urgent = True

    def refund(self, permits: Sequence[Permit]) -> None:
        """Of calls that are not made after all."""
        with self.lock:
            for permit in permits:
                if permit in self.flying:
                    self.flying.discard(permit)
                    self.told.settle(permit.bucket, -1, -permit.cost)
                    self.judge(permit, UNKNOWN)

    @property
    def is_active(self) -> bool:
        return bool(self.flying) or not self.told.is_empty or 0 < self.held < INFINITE

    def is_due(self) -> bool:
        now = self.clock()
        passed = now - self.last_contact
        if self.told.is_urgent:
            return True
        if not self.told.is_empty or (0 < self.held < INFINITE and now >= self.held_until):
            return passed >= (TELL_SCARCE_SECONDS if self.is_scarce else TELL_SECONDS)
        return bool(self.flying) and passed >= ALIVE_SECONDS

    def tell(self, *, leaves: bool = False, anyway: bool = False) -> None:
        """Tells what is due to be told."""
        with self.lock:
            self.drop_lost()
            if not (leaves or anyway or self.is_due()):
                return
        with self.turn:
            with self.lock:
                ask = self.request((), 0, leaves=leaves)
            reply = self.contact(ask)
            with self.lock:
                if reply is not None:
                    self.learn(reply)
                else:
                    self.untold(ask)

    def untold(self, ask: Mapping[str, Any]) -> None:
        """Of what did not arrive only the end of a probe still matters later."""
        if probe := ask.get("told", {}).get("probe"):
            self.told.probe = probe

    def drop_lost(self) -> None:
        before = self.clock() - LOST_SECONDS
        for permit in [one for one in self.flying if one.taken_at < before]:
            self.flying.discard(permit)
            self.judge(permit, UNKNOWN)

    def seconds_shut(self) -> float:
        """For how long nobody may ask the model at all."""
        if self.clock() - self.last_contact > TELL_SECONDS:
            self.tell(anyway=True)
        with self.lock:
            return max(0.0, self.shut_until - self.clock())


# These hold up everybody until one moment.
EVERYBODY = frozenset({"breaker", "time"})
PROBED = {Verdict.GOOD: "good", Verdict.THROTTLED: "good", Verdict.BAD: "bad", Verdict.UNKNOWN: "none"}
