"""The random mix (`make chaos MINUTES=20 SEED=1`): faults by lot under full load, then every promise is checked."""

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

import promises

MINUTES = float(os.environ.get("MINUTES", "20"))
SEED = int(os.environ.get("SEED", "1"))
LEAST_IN_FLIGHT = 100
ORGS_AT_ONCE = 6
CALMING_SECONDS = 300
KINDS = ("kill call worker", "kill control worker", "kill redis", "kill postgres", "stop call worker")


@dataclass
class Chaos:
    product: object
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    seed: int = 1000
    batches: list = field(default_factory=list)
    recoveries: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    lost_calls: int = 0

    def top_up(self) -> None:
        """More work whenever less is open than is wanted in flight."""
        waiting = self.product.make.one("SELECT count(*) FROM question_runs WHERE state IN ('planned', 'asking')")
        opening = self.product.make.one(
            "SELECT count(*) FROM batches WHERE state IN ('queued', 'running') AND planned IS NULL"
        )
        if waiting < 3 * LEAST_IN_FLIGHT and not opening:
            self.seed += 1
            self.batches += self.product.trigger(self.product.load(orgs=ORGS_AT_ONCE, seed=self.seed))

    def loaded(self) -> bool:
        self.top_up()
        return self.product.in_flight() >= LEAST_IN_FLIGHT

    def strike(self, kind: str) -> float:
        """Seconds until work went on: a killed worker's own work, or for servers any new call."""
        make = getattr(self, kind.replace(" ", "_"))
        return make()

    def kill_call_worker(self) -> float:
        name = self.dice.choice(["call-1", "call-2"])
        _, held = self.product.kill_with_work(name, 10)
        self.lost_calls += len(held)
        return self.product.claimed_again(held)

    def kill_control_worker(self) -> float:
        self.product.kill("control-1")
        return self.next_call()

    def stop_call_worker(self) -> float:
        name = self.dice.choice(["call-1", "call-2"])
        process = self.product.children[name].process
        held = self.product.held_by(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        # Calls of six seconds outlive a grace of three; what it still had is made again.
        self.lost_calls += len(held)
        return self.next_call()

    def kill_redis(self) -> float:
        return self.outage(self.product.servers.redis, 10)

    def kill_postgres(self) -> float:
        return self.outage(self.product.servers.postgres, 2)

    def outage(self, server, longest: float) -> float:
        self.product.down(server)
        time.sleep(self.dice.uniform(0, longest))
        self.product.up(server)
        return self.next_call()

    def next_call(self) -> float:
        """Until anybody calls. There is always something left to call for: all that was open may have ended by now."""
        made = self.product.calls_made()
        return self.product.until(lambda: self.product.calls_made() > made or self.top_up(), 120, "nobody asked again")


def test_the_random_mix(start):
    product = start(answer_seconds=6, reading_seconds=1, environment={"MAX_RUNNING_BATCHES": "40"})
    chaos = Chaos(product)
    until = time.monotonic() + MINUTES * 60
    while time.monotonic() < until:
        kind = chaos.dice.choice(KINDS)
        product.until(chaos.loaded, 120, f"never {LEAST_IN_FLIGHT} calls in flight")
        in_flight = product.in_flight()
        seconds = chaos.strike(kind)
        chaos.recoveries[kind].append(seconds)
        print(f"{kind:<20} {in_flight:>4} in flight, went on after {seconds:5.1f} s", flush=True)
        pause = time.monotonic() + chaos.dice.uniform(5, 40)
        product.until(lambda p=pause: chaos.top_up() or time.monotonic() > p, 60, "no pause")
    calm = product.end(chaos.batches, CALMING_SECONDS)

    twice = promises.made_twice(product)
    broken = promises.broken(product)
    tell(chaos, calm, twice, broken)
    assert broken == {}
    assert set(product.states()) <= {"completed", "partial"}
    assert twice <= chaos.lost_calls


def tell(chaos: Chaos, calm: float, twice: int, broken: dict) -> None:
    product = chaos.product
    print(f"\n{MINUTES:g} minutes, seed {SEED}; {len(chaos.batches)} batches: {product.states()}")
    for kind, seconds in chaos.recoveries.items():
        if seconds:
            print(f"{kind:<20} {len(seconds):>3} times, recovery median {sorted(seconds)[len(seconds) // 2]:.1f} s, "
                f"longest {max(seconds):.1f} s")  # fmt: skip
    runs = product.make.sql("SELECT state, count(*) AS n FROM question_runs GROUP BY 1")
    print(f"runs: {Counter({row['state']: row['n'] for row in runs})}")
    calls = promises.direct_calls(product)
    print(f"calls made twice: {twice} of {calls}; in flight in killed callers: {chaos.lost_calls}")
    print(f"repairs: {product.repairs()}")
    print(f"all batches ended {calm:.0f} s after the last fault; broken promises: {broken or 'none'}")
