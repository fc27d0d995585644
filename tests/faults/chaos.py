"""The random mix (`make chaos MINUTES=20`): every kind of fault by lot under full load, and every promise, always."""

import os
import platform
import random
import time
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from ground import run_sql

from senso.stack import STOP_SECONDS

MINUTES = float(os.environ.get("MINUTES") or "20")
MODELS = ("gpt-6.1-terra", "chatgpt")
SEED = int(os.environ.get("SEED") or str(time.time_ns() % 1_000_000))
RESULTS = os.environ.get("CHAOS_RESULTS")  # a folder
RUNS = 600  # open at once; and a further half of it whenever fewer than half are
LEAST_IN_FLIGHT = 100
AGAIN_SECONDS = 150  # what a dead worker held stands behind all that the living one has to do
# Where, what, and how many calls or for how long: as bad as a vendor's or the application's worse minutes.
OUTSIDE = [
    ("openai.responses", "429", {"share": 0.5, "retry_after": 2}),
    ("openai.chat", "503", {"share": 0.3}),
    ("openai.responses", "drop", {"times": 10}),
    ("openai.responses", "hang", {"times": 3}),
    ("openai.chat", "hang", {"times": 3}),
    ("openai.responses", "refusal", {"times": 2}),
    ("openai.responses", "length", {"times": 2}),
    ("openai.chat", "malformed", {"times": 2}),
    ("openai.chat", "empty", {"times": 2}),
    ("brightdata.trigger", "drop-after", {"times": 2}),
    ("brightdata.trigger", "500", {"times": 3}),
    ("brightdata.trigger", "snapshot-failed", {"times": 1}),
    ("brightdata.trigger", "missing-records", {"times": 5}),
    ("brightdata.progress", "503", {"times": 10}),
    ("brightdata.snapshot", "drop", {"times": 3}),
    ("application", "503", {"times": 5}),
    ("application", "drop-after", {"times": 3}),
]

SECTION = """## Seed {seed}

{minutes} minutes, {when}, {cores} cores, Python {python}.

| fault | times | work went on after, median | longest |
|---|---:|---:|---:|
{table}

- Struck: {struck}; {least} to {most} direct calls in flight at each.
- {row.runs} runs in {row.batches} batches: {states}. At the emptiest moment {row.least_open} runs were open.
- {row.calls} calls and jobs at the providers, {row.twice} of them for what had been paid for already; {row.in_hands}
  were in the hands of processes that the test ended or froze.
- The promises were asked {row.looks} times while work went on, and at the end. Broken: {broken}.
- Repairs: {repairs}.
"""


class Chaos:
    """One method a kind of fault: each strikes once and returns the seconds until work went on."""

    def __init__(self, it, dice: random.Random) -> None:
        self.it, self.product, self.dice = it, it.product, dice

    def call_worker(self) -> str:
        return self.dice.choice(["call-1", "call-2"])

    def kill_a_call_worker(self) -> float:
        held = self.product.kill_with_work(self.call_worker(), 10)
        self.it.hit(calls=len(held))
        return self.product.claimed_again(held, AGAIN_SECONDS)

    def kill_the_control_worker(self) -> float:
        self.product.kill("control-1")
        return self.product.next_ask()

    def kill_beat(self) -> float:
        self.product.kill("beat-1")
        return self.product.next_ask()

    def kill_everything(self) -> float:
        self.it.hit(calls=len(self.product.kill_all()))
        return self.product.next_ask()

    def stop_a_call_worker(self) -> float:
        """As `senso up` does. Calls of six seconds outlive a grace of three: what it still has then is asked again."""
        held = self.product.tell_to_go(self.call_worker(), STOP_SECONDS).held
        self.it.hit(calls=len(held))
        return self.product.next_ask()

    def freeze_a_call_worker(self) -> float:
        name = self.call_worker()
        held = self.product.freeze(name)
        self.it.hit(calls=len(held))
        seconds = self.product.claimed_again(held, AGAIN_SECONDS) if held else self.product.next_ask()
        pause(self.product, self.dice.uniform(0, 30))
        self.product.wake(name)
        return seconds

    def kill_redis(self) -> float:
        return self.outage(self.product.servers.redis, 10)

    def empty_redis(self) -> float:
        self.it.hit(messages=self.product.wait_for_messages(5, 120))
        self.product.servers.clear_redis()
        return self.product.next_ask()

    def fill_redis(self) -> float:
        with self.product.servers.client() as client:
            client.config_set("maxmemory", client.info("memory")["used_memory"])
            time.sleep(self.dice.uniform(1, 8))
            client.config_set("maxmemory", "0")
        return self.product.next_ask()

    def cut_all_lines_to_redis(self) -> float:
        self.it.hit(connections=self.product.redis_proxy.open)
        self.product.redis_proxy.cut()
        return self.product.next_ask()

    def silence_all_lines_to_redis(self) -> float:
        self.it.hit(connections=self.product.redis_proxy.open)
        self.product.ends.excused |= set(self.product.children)
        self.product.redis_proxy.half_open()
        return self.product.next_ask(180)

    def kill_postgres(self) -> float:
        return self.outage(self.product.servers.postgres, 2)

    def outage(self, server, longest: float) -> float:
        self.product.down(server)
        time.sleep(self.dice.uniform(0, longest))
        self.product.up(server)
        return self.product.next_ask(120)

    def make_postgres_read_only(self) -> float:
        url = self.product.servers.plain_url_of("postgres")
        run_sql(url, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        time.sleep(self.dice.uniform(1, 10))
        run_sql(url, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
        return self.product.next_ask()

    def end_all_sessions(self) -> float:
        self.it.hit(connections=self.product.connections())
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'faults%'"
        run_sql(self.product.servers.plain_url_of("postgres"), ours)
        return self.product.next_ask()

    def lock_a_batch(self) -> float:
        with closing(psycopg2.connect(os.environ["DATABASE_URL"].replace("+psycopg2", ""))) as locker:
            locker.cursor().execute("SELECT 1 FROM batches WHERE state = 'running' LIMIT 1 FOR UPDATE SKIP LOCKED")
            pause(self.product, self.dice.uniform(1, 20))
        return self.product.next_ask()

    def trouble_outside(self) -> float:
        where, kind, options = self.dice.choice(OUTSIDE)
        self.product.sandbox.fault(where, kind, **options)
        pause(self.product, self.dice.uniform(2, 8))
        self.it.hit(calls_spoiled=self.product.sandbox.struck())
        self.product.sandbox.heal()
        return self.product.next_ask()


KINDS = [
    Chaos.kill_a_call_worker,
    Chaos.kill_the_control_worker,
    Chaos.kill_beat,
    Chaos.kill_everything,
    Chaos.stop_a_call_worker,
    Chaos.freeze_a_call_worker,
    Chaos.kill_redis,
    Chaos.empty_redis,
    Chaos.fill_redis,
    Chaos.cut_all_lines_to_redis,
    Chaos.silence_all_lines_to_redis,
    Chaos.kill_postgres,
    Chaos.make_postgres_read_only,
    Chaos.end_all_sessions,
    Chaos.lock_a_batch,
    Chaos.trouble_outside,
    Chaos.trouble_outside,
    Chaos.trouble_outside,
]


def pause(product, seconds: float) -> None:
    until = time.monotonic() + seconds
    product.until(lambda: time.monotonic() > until, seconds + 30, "time stood still")


@pytest.mark.timeout(MINUTES * 60 + 1200)
def test_the_random_mix(fault):
    print(f"\nseed {SEED}, {MINUTES:g} minutes", flush=True)
    dice, recoveries, flights, it = random.Random(SEED), defaultdict(list), [], None
    try:
        with fault(0, f"the mix, seed {SEED}", runs=RUNS, ends=("completed", "partial"), models=MODELS,
            answer_seconds=6, reading_seconds=1, snapshot_seconds=10, redis_proxy=True) as it:  # fmt: skip
            until = time.monotonic() + MINUTES * 60
            while time.monotonic() < until:
                kind = next_kind(dice, recoveries)
                flights.append(it.product.wait_for_flight(LEAST_IN_FLIGHT, 150))
                strike(it, dice, kind, recoveries)
                pause(it.product, dice.uniform(3, 20))
    finally:
        if it:
            tell(it, recoveries, flights)
    assert it.row.least_open != 0


def next_kind(dice, struck):
    """By lot among those that struck least: a short run has all of them, too."""
    least = min(len(struck[kind.__name__]) for kind in KINDS)
    return dice.choice([kind for kind in KINDS if len(struck[kind.__name__]) == least])


def strike(it, dice, kind, recoveries) -> None:
    it.strikes(faults=1)
    seconds = kind(Chaos(it, dice))
    it.recovered(seconds)
    recoveries[kind.__name__].append(seconds)
    print(f"{kind.__name__.replace('_', ' '):<28} went on after {seconds:5.1f} s", flush=True)


def tell(it, recoveries, flights) -> None:
    """To the terminal, and to a section of docs/chaos.md."""
    text = section(it.row, recoveries, flights)
    print(f"\n{text}")
    if RESULTS:
        Path(RESULTS).mkdir(parents=True, exist_ok=True)
        (Path(RESULTS) / f"{SEED}.md").write_text(text)


def section(row, recoveries, flights) -> str:
    table = [table_row(kind, seconds) for kind, seconds in recoveries.items() if seconds]
    struck = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in row.struck.items())
    states = ", ".join(f"{count} {state}" for state, count in row.states.items())
    repairs = ", ".join(f"{kind} {count}" for kind, count in row.repairs.items())
    return SECTION.format(
        seed=SEED, minutes=f"{MINUTES:g}", when=f"{datetime.now(UTC):%d %B %Y}", cores=os.cpu_count(),
        python=platform.python_version(), table="\n".join(table), struck=struck, states=states, row=row,
        repairs=repairs, least=min(flights, default=0), most=max(flights, default=0), broken=row.outcome or "none",
    )  # fmt: skip


def table_row(kind: str, seconds: list[float]) -> str:
    middle = sorted(seconds)[len(seconds) // 2]
    return f"| {kind.replace('_', ' ')} | {len(seconds)} | {middle:.1f} s | {max(seconds):.1f} s |"
