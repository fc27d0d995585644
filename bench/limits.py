"""What limits and breakers cost for a call, and whether a budget of tokens holds with four processes.

Without an option: microseconds of CPU and commands of Redis for a call that is allowed out of what was fetched ahead,
that asks Redis as its model is scarce, and that is refused. `--tokens`: three minutes of four processes whose estimates
are wrong by lot, one of them killed while it holds reservations and started again; the use of each minute as the callee
counts it.
"""

import argparse
import heapq
import itertools
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from machine import heading

from senso import supplied
from senso.embedded import servers
from senso.limits import redis_scripts
from senso.limits.allowance import Allowance
from senso.limits.outcomes import GOOD
from senso.limits.permit import Permit
from senso.limits.process import allowances
from senso.providers import Limits

CALLS, GROUP = 20_000, 10
PROCESSES, TPM, MINUTES, KILL_AFTER = 4, 300_000, 3, 100
INSIDE = ("get", "set", "sadd", "rpush", "ltrim", "time")
PLENTY = Limits(rpm=10**8, tpm=10**9, max_in_flight=10**6)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--tokens", action="store_true", help="three minutes of four processes")
    given.add_argument("--process", type=int, help=argparse.SUPPRESS)
    found = given.parse_args()
    if found.process is not None:
        supplied.redis_url.register(lambda: os.environ["REDIS_URL"])
        work(found.process)
        return
    print(heading())
    with tempfile.TemporaryDirectory() as home, servers(Path(home)) as urls:
        supplied.redis_url.register(lambda: urls.redis_url)
        budget(urls.redis_url) if found.tokens else costs()


def costs() -> None:
    print(f"\n{'a call that is':<22}{'us of CPU':>12}{'client commands':>18}{'inside scripts':>17}{'allowed':>10}")
    cost("fetched ahead", "ahead", PLENTY, spread=CALLS / 400)
    cost("of a scarce model", "scarce", Limits(rpm=CALLS * 10, tpm=CALLS * 20_000), spread=0)
    cost("refused", "refused", Limits(rpm=1), spread=0)


def cost(title: str, model: str, limits: Limits, *, spread: float) -> None:
    """`spread`: seconds over which the calls are made, 200 groups of ten a second in the first case."""
    one = allowances.of("bench", model)
    make(one, limits, 100)
    before, began = commands(), time.process_time()
    allowed = make(one, limits, CALLS, spread / CALLS)
    one.tell(anyway=True)
    used, after = time.process_time() - began, commands()
    client = (after["evalsha"] - before["evalsha"]) / CALLS
    inside = sum(after[name] - before[name] for name in INSIDE) / CALLS
    print(f"{title:<22}{used / CALLS * 1e6:>12.1f}{client:>18.3f}{inside:>17.3f}{allowed / CALLS:>10.0%}")


def make(one: Allowance, limits: Limits, calls: int, pause: float = 0) -> int:
    allowed = 0
    for _ in range(calls // GROUP):
        taken = one.take("ask", [500] * GROUP, limits)
        for permit in taken.permits:
            allowances.settle(one, permit, GOOD, 700)
        allowed += len(taken.permits)
        if pause:
            time.sleep(pause * GROUP)
    return allowed


def commands() -> Counter[str]:
    info: dict[str, Any] = redis_scripts.client().info("commandstats")  # type: ignore[assignment]
    return Counter({name.removeprefix("cmdstat_"): one["calls"] for name, one in info.items()})


def budget(redis: str) -> None:
    """The callee: counts the tokens of each call by the second in which its request comes."""
    seconds: Counter[int] = Counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as callee:
        callee.bind(("127.0.0.1", 0))
        callee.settimeout(0.2)
        port = str(callee.getsockname()[1])
        began, killed = time.time(), False
        words = [sys.executable, __file__, "--process"]
        environment = os.environ | {"REDIS_URL": redis, "PORT_OF_CALLEE": port}
        started = [subprocess.Popen([*words, str(n)], env=environment) for n in range(PROCESSES)]
        while (passed := time.time() - began) < MINUTES * 60 + 60:
            if passed > KILL_AFTER and not killed:
                started[0].send_signal(signal.SIGKILL)
                # As `senso up` does; what waited in rows still waits there.
                started.append(subprocess.Popen([*words, str(PROCESSES)], env=environment))
                killed = True
            try:
                seconds[int(time.time())] += struct.unpack("!I", callee.recv(4))[0]
            except TimeoutError:
                continue
        for one in started:
            one.kill()
            one.wait()
    tell(seconds)


def tell(seconds: Counter[int]) -> None:
    """Without the first minute after the first call, in which a new state has no more than its even rate."""
    first, last = min(seconds), max(seconds)
    minutes = [sum(seconds[s] for s in range(at, at + 60)) / TPM for at in range(first + 60, last - 59)]
    print(f"\n{len(minutes)} minutes, each a second after the one before; budget {TPM} tokens a minute")
    print("every ten seconds: " + " ".join(f"{share:.0%}" for share in minutes[::10]))
    print(f"most {max(minutes):.1%}   mean {sum(minutes) / len(minutes):.1%}   least {min(minutes):.1%}")


def work(number: int) -> None:
    """Rows that are due are taken in groups; one that is refused is due again after its wait, up to 2 s late."""
    lot, order = random.Random(number), itertools.count()
    one, limits = allowances.of("bench", "tokens"), Limits(tpm=TPM)
    due: list[tuple[float, int, bool]] = [(time.time(), next(order), False) for _ in range(200)]
    under_way: list[tuple[float, int, Permit, int]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as callee:
        callee.connect(("127.0.0.1", int(os.environ["PORT_OF_CALLEE"])))
        while True:
            while under_way and under_way[0][0] <= time.time():
                _, _, permit, tokens = heapq.heappop(under_way)
                allowances.settle(one, permit, GOOD, tokens)
            group = [heapq.heappop(due) for _ in range(GROUP) if due and due[0][0] <= time.time()]
            group.sort(key=lambda row: not row[2])
            taken = one.take("ask", [0] * len(group), limits, sum(row[2] for row in group))
            for permit in taken.permits:
                tokens = lot.choice((250, 500, 750, 1500))
                callee.send(struct.pack("!I", tokens))
                heapq.heappush(under_way, (time.time() + lot.uniform(1, 5), next(order), permit, tokens))
                heapq.heappush(due, (time.time(), next(order), False))
            for wait in taken.waits:
                heapq.heappush(due, (time.time() + wait + lot.uniform(0, 2), next(order), True))
            time.sleep(0.05)


if __name__ == "__main__":
    main()
