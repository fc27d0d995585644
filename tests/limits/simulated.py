"""A minute-by-minute simulation of processes that ask one model, against the real script and a clock of its own."""

import heapq
import itertools
from collections import Counter
from random import Random

from senso.limits.allowance import Allowance
from senso.limits.outcomes import GOOD

STEP = 0.25
GROUP = 10


class Simulation:
    """`rows`: calls that are to be made, at most so many waiting at a time. `actual`: draws the tokens of a call."""

    def __init__(self, door, clock, limits, *, processes=4, rows=400, actual=lambda lot: 600, latency=(1, 6), seed=1):
        self.clock, self.limits, self.lot, self.actual, self.latency = clock, limits, Random(seed), actual, latency
        self.pool = [Allowance("acme", door.model, f"p{n}", contact_of(door, f"p{n}"), clock) for n in range(processes)]
        self.order = itertools.count()
        self.start = clock.now
        self.due = [(self.start, next(self.order), False) for _ in range(rows)]
        self.ends = []
        self.used: Counter[int] = Counter()  # tokens and requests by second
        self.asked: Counter[int] = Counter()
        self.refused = self.contacts = 0

    def run(self, seconds, kill_at=None):
        until = self.clock.now + seconds
        while self.clock.now < until:
            if kill_at is not None and self.clock.now - self.start >= kill_at:
                self.kill()
                kill_at = None
            self.finish()
            self.ask()
            for one in self.pool:
                one.tell()
            self.clock.pass_(STEP)
        return self

    def ask(self):
        """Whoever is due is handed in groups to the processes in turn."""
        while self.due and self.due[0][0] <= self.clock.now:
            group = []
            while self.due and self.due[0][0] <= self.clock.now and len(group) < GROUP:
                group.append(heapq.heappop(self.due))
            group.sort(key=lambda row: not row[2])
            one = self.lot.choice(self.pool)
            taken = one.take("ask", [0] * len(group), self.limits, sum(row[2] for row in group))
            for permit in taken.permits:
                tokens = self.actual(self.lot)
                self.used[int(self.clock.now)] += tokens
                self.asked[int(self.clock.now)] += 1
                end = self.clock.now + self.lot.uniform(*self.latency)
                heapq.heappush(self.ends, (end, next(self.order), one, permit, tokens))
                heapq.heappush(self.due, (self.clock.now, next(self.order), False))  # work never ends
            for wait in taken.waits:
                self.refused += 1
                # As the tick for due work finds it: up to two seconds later.
                heapq.heappush(self.due, (self.clock.now + wait + self.lot.uniform(0, 2), next(self.order), True))

    def finish(self):
        while self.ends and self.ends[0][0] <= self.clock.now:
            _, _, one, permit, tokens = heapq.heappop(self.ends)
            if one in self.pool:
                one.settle(permit, GOOD, tokens)

    def kill(self):
        self.pool.pop()

    def minutes(self, counted):
        """The use of each minute that begins on a second, the first 60 s left out."""
        first, last = int(self.start) + 60, int(self.clock.now)
        return [sum(counted[s] for s in range(at, at + 60)) for at in range(first, last - 60)]


def contact_of(door, owner):
    return lambda ask: door(dict(ask) | {"owner": owner})
