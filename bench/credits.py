"""50 batches of one partner at once, with credits for 10: what its ledger says second by second, and what ends how.

Half of them are triggered by the command, half by events to the API, by processes and threads that begin at the same
moment. `available` is read from Postgres as fast as it goes. Three cases: the burst; the same while batches are
cancelled, retried and triggered again, credits are granted, calls fail and call workers are killed with -9; and a
network of 50 orgs of one partner with credits for 10.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from random import Random
from typing import Any
from uuid import UUID, uuid5

import processes
import product
import requests
from machine import each_by_itself, heading, save
from printing import line
from stand import Ground, Options, ground, ids
from work import Case, Work

PARTNER = uuid5(UUID(int=0), "credits")
KEY = "bench-key"
PRICE = 1
COMMANDS = 5  # processes of `senso trigger org ID…`, which share half of the orgs
LONGEST_SECONDS = 600
MEDDLING_SECONDS = 30
KILLS = 4
QUIET_LOOKS = 3


@dataclass(frozen=True)
class Attack:
    """`orgs`: that are triggered at once; `able`: for how many of them the credits suffice."""

    name: str
    orgs: int
    able: int
    case: Case


ATTACKS = {
    one.name: one
    for one in (
        Attack("burst", 50, 10, Case("credits", "50 batches at once, credits for 10", ("gpt-6.1-terra",), 1, 5)),
        Attack("mixed", 50, 10, Case("credits", "the same, meddled with", ("gpt-6.1-terra",), 1, 5)),
        Attack("network", 50, 10, Case("networks", "a network of 50, credits for 10", ("gpt-6.1-terra",), 1, 4)),
    )
}


@dataclass(frozen=True)
class Attacked(Work):
    """All measured orgs are of one partner; the others keep theirs."""

    credits: int = 0

    @property
    def document(self) -> dict[str, Any]:
        made = super().document
        made["partners"].append({"id": str(PARTNER), "name": "Attacked", "credits": self.credits})
        attacked = set(ids(self.measured))
        for org in made["orgs"]:
            org["partner"] = str(PARTNER) if org["id"] in attacked else org["partner"]
        return made


SAMPLE = """
    SELECT p.available, coalesce(sum(l.credits), 0)::int, count(*) FILTER (WHERE entry = 'grant')::int,
        count(*) FILTER (WHERE entry = 'hold')::int, count(*) FILTER (WHERE entry = 'charge')::int,
        count(*) FILTER (WHERE entry = 'release')::int
    FROM partners p LEFT JOIN ledger l ON l.partner_id = p.id WHERE p.id = %s GROUP BY p.id
"""
HEADS = ("available", "ledger", "grants", "holds", "charges", "releases")


@dataclass
class Sampler:
    """`seconds`: what was read last in each second. `wrong`: how often `available` was not the sum of the ledger."""

    url: str
    began: float = field(default_factory=time.monotonic)
    seconds: dict[int, dict[str, int]] = field(default_factory=dict)
    looks: int = 0
    least: int = 10**9
    least_sum: int = 10**9
    wrong: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        with product.opened(self.url) as connection, connection.cursor() as cursor:
            while not self.over.is_set():
                cursor.execute(SAMPLE, [str(PARTNER)])
                (row,) = cursor.fetchall()
                self.take(dict(zip(HEADS, row, strict=True)))

    def take(self, seen: dict[str, int]) -> None:
        self.looks += 1
        self.least, self.least_sum = min(self.least, seen["available"]), min(self.least_sum, seen["ledger"])
        self.wrong += seen["available"] != seen["ledger"]
        self.seconds[int(time.monotonic() - self.began)] = seen | {"smallest": self.least}


def sampled(url: str, work: Callable[[], None]) -> Sampler:
    sampler = Sampler(url)
    thread = threading.Thread(target=sampler.watch)
    thread.start()
    try:
        work()
    finally:
        time.sleep(1)
        sampler.over.set()
        thread.join()
    return sampler


def trigger_all(here: Ground, orgs: Sequence[str], port: int) -> None:
    """Half by commands of their own process, half by events, all at the same moment."""
    half = len(orgs) // 2
    shares = [orgs[number:half:COMMANDS] for number in range(COMMANDS)]
    work = [lambda share=share: command(here, "trigger", "org", *share) for share in shares if share]
    work += [lambda org=org: event(port, org) for org in orgs[half:]]
    together(work)


def together(work: Sequence[Callable[[], Any]]) -> None:
    start = threading.Barrier(len(work))

    def one(do: Callable[[], Any]) -> None:
        start.wait()
        do()

    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(one, do) for do in work]:
            done.result()


def command(here: Ground, *arguments: str, timeout: int = 600) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "senso.cli", *arguments],
        cwd=here.stand.folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    return f"{done.stdout}{done.stderr}(exit code {done.returncode})"


def event(port: int, org: str) -> None:
    """Sent again where the API is too busy, as its clients do."""
    sent = {"name": "org.process", "data": {"org_id": org}}
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        told = requests.post(f"http://127.0.0.1:{port}/e/{KEY}", json=sent, timeout=60)
        if told.status_code != requests.codes.unavailable or time.monotonic() > deadline:
            told.raise_for_status()
            return
        time.sleep(1)


OPEN = "SELECT count(*) FROM batches WHERE state IN ('queued', 'running')"
UNREAD = "SELECT count(*) FROM outbox WHERE published_at IS NULL AND not_before < now()"


def wait(here: Ground) -> None:
    """Until nothing is queued or running for a while: the end of a network's batch opens those of its orgs."""
    deadline, quiet = time.monotonic() + LONGEST_SECONDS, 0
    while quiet < QUIET_LOOKS:
        if time.monotonic() > deadline:
            raise SystemExit(f"not all ended: {states(here)}")
        still = here.running.query(OPEN)[0][0] + here.running.query(UNREAD)[0][0]
        quiet = 0 if still else quiet + 1
        time.sleep(1)


STATES = """
    SELECT kind, state, count(*)::int FROM batches b
    WHERE coalesce(org_id, (SELECT org_id FROM network_orgs n WHERE n.network_id = b.network_id LIMIT 1))
        IN (SELECT id FROM orgs WHERE partner_id = %s)
    GROUP BY kind, state ORDER BY kind, state
"""


def states(here: Ground) -> dict[str, int]:
    return {f"{kind} {state}": count for kind, state, count in here.running.query(STATES, str(PARTNER))}


@dataclass
class Meddler:
    """Does by lot what people and faults do: everything that moves credits, and `kill -9` of call workers."""

    here: Ground
    orgs: Sequence[str]
    chance: Random
    each: int  # credits of a batch
    done: dict[str, int] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)

    def meddle(self) -> None:
        self.fault()
        began, kills = time.monotonic(), 0
        while (past := time.monotonic() - began) < MEDDLING_SECONDS:
            what = self.chance.choice((self.cancel, self.retry, self.again, self.grant, self.retry))
            with suppress(Exception):  # refused, as it may be: it has ended, or has nothing to be asked again
                what()
                self.count(what.__name__)
            if kills < KILLS * past / MEDDLING_SECONDS:
                kills += 1
                self.kill()
            time.sleep(self.chance.random() * 0.3)
        requests.delete(f"{self.here.stand.url}/_sandbox/faults", timeout=5)

    def count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def fault(self) -> None:
        faults = [
            {"where": "openai.responses", "kind": "refusal", "times": 30},
            {"where": "openai.chat", "kind": "500", "times": 20},
        ]
        requests.post(f"{self.here.stand.url}/_sandbox/faults", json=faults, timeout=5).raise_for_status()

    def batch(self) -> UUID:
        ours = "SELECT b.id FROM batches b JOIN orgs o ON o.id = b.org_id WHERE o.partner_id = %s ORDER BY b.id"
        found = self.here.running.query(ours, str(PARTNER))
        return UUID(str(self.chance.choice(found)[0]))

    def cancel(self) -> None:
        from senso.workflows import cancelling  # noqa: PLC0415  reads the settings

        cancelling.cancel(self.batch(), initiator(), is_pushed=True)

    def retry(self) -> None:
        from senso.workflows.retrying import retry  # noqa: PLC0415  reads the settings

        retry(self.batch(), initiator())

    def again(self) -> None:
        """Triggered again, as after a grant; what was cancelled is opened again."""
        from senso.cli.terms import terms  # noqa: PLC0415  reads the settings
        from senso.workflows.trigger import trigger_org  # noqa: PLC0415

        trigger_org(UUID(self.chance.choice(self.orgs)), initiator(), replace(terms(), reopen=True))

    def grant(self) -> None:
        """The same ref is used again and again, by two at once."""
        from senso import db  # noqa: PLC0415
        from senso.queries import ledger  # noqa: PLC0415

        ref = f"invoice {self.chance.randint(1, 6)}"

        def once() -> None:
            with db.transaction() as connection:
                ledger.grant(connection, PARTNER, self.each, ref)

        together([once, once])
        self.granted.add(ref)

    def kill(self) -> None:
        workers = processes.by_kind(self.here.of).get("call", [])
        if workers:
            os.kill(self.chance.choice(workers), signal.SIGKILL)
            self.count("kill -9")


def initiator() -> Any:
    from senso.workflows.trigger import Initiator  # noqa: PLC0415

    return Initiator("bench", "bench")


def attack(one: Attack, seed: int) -> dict[str, Any]:
    each = one.case.questions * len(one.case.models) * one.case.places * PRICE
    work = Attacked(one.case, one.orgs, network_size=one.orgs, credits=one.able * each)
    options = Options(one.orgs, answer_seconds=1.0 if one.name == "mixed" else 0.3, sandbox=True)
    port = product.free_port()
    more = {"PORT": str(port), "EVENT_KEY": KEY, "CREDITS_PER_EVALUATION": str(PRICE)}
    with ground(work, options, more) as here:
        meddler = Meddler(here, ids(work.measured), Random(seed), each)
        sampler = sampled(here.running.urls.database_url, lambda: run(one, here, port, meddler))
        return report(one, here, sampler, meddler)


def run(one: Attack, here: Ground, port: int, meddler: Meddler) -> None:
    if one.name == "network":
        network = here.work.document["networks"][0]["id"]
        together([lambda: command(here, "trigger", "network", network) for _ in range(5)])
    else:
        trigger_all(here, ids(here.work.measured), port)
    if one.name == "mixed":
        meddler.meddle()
    wait(here)


CALLS_OF_BLOCKED = """
    SELECT count(*)::int FROM llm_calls c JOIN orgs o ON o.id = c.org_id WHERE o.partner_id = %s AND NOT EXISTS (
        SELECT FROM ledger l WHERE l.batch_id = c.batch_id AND l.entry = 'hold')
"""
DONE = """
    SELECT count(*)::int FROM evaluations e JOIN orgs o ON o.id = e.org_id WHERE o.partner_id = %s AND e.state = 'done'
"""


def report(one: Attack, here: Ground, sampler: Sampler, meddler: Meddler) -> dict[str, Any]:
    ended, (done,) = states(here), here.running.query(DONE, str(PARTNER))[0]
    (unpaid,) = here.running.query(CALLS_OF_BLOCKED, str(PARTNER))[0]
    last = sampler.seconds[max(sampler.seconds)]
    print(f"\n== credits, {one.name}: {one.case.title}; {heading()} ==")
    print(f"{'second':>8}" + "".join(f"{head:>12}" for head in (*HEADS, "smallest")))
    before: dict[str, int] = {}
    for second, seen in sampler.seconds.items():
        if seen != before:
            print(f"{second:>8}" + "".join(f"{seen[head]:>12}" for head in (*HEADS, "smallest")))
        before = seen
    line("looks at the ledger", str(sampler.looks), f"of which not the sum of its rows: {sampler.wrong}")
    line("smallest available", str(sampler.least), f"smallest sum of the ledger: {sampler.least_sum}")
    line("batches ended", str(sum(ended.values())), str(ended))
    line("answers read", str(done), f"charged {last['charges']}; calls of batches that never held: {unpaid}")
    if meddler.done:
        line("meddled", str(sum(meddler.done.values())), f"{meddler.done}; refs granted {len(meddler.granted)}")
    compared, promises = command(here, "ledger", "--reconcile", "--since", "all"), here.doctor()
    print(f"\nsenso ledger --reconcile --since all\n{compared}\n\n{promises}")
    figures = {name: value for name, value in vars(sampler).items() if name not in {"url", "over", "began"}}
    return {"attack": asdict(one), "states": ended, "done": done, **figures, "doctor": promises, "reconciled": compared}


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--case", choices=ATTACKS, action="append", help="default: all")
    given.add_argument("--seed", type=int, default=7, help="default 7: of what is meddled with")
    read = given.parse_args()
    cases = read.case or list(ATTACKS)
    if len(cases) > 1:
        return each_by_itself(cases)
    found = attack(ATTACKS[cases[0]], read.seed)
    save(f"credits-{cases[0]}", found)
    charges = found["seconds"][max(found["seconds"])]["charges"]
    return int(found["least"] < 0 or found["wrong"] > 0 or found["done"] != charges)


if __name__ == "__main__":
    sys.exit(main())
