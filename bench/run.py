"""Speed and cost of the product, compared with a bare program that does the same work without any guarantee.

The product is `senso up` as a user starts it, on embedded servers in a temporary home. Nothing is asserted.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import counters
import hot
import processes
import product
from machine import HERE, OUT, each_by_itself, heading, save
from measuring import Measured, measure
from printing import print_case, print_settings
from product import Product
from stand import Ground, Options, add_options, ids, options_of, standing, up
from work import CASES, COUNTED_ORGS, RUNS_EACH, Case, Work

from senso.embedded import Urls

END_SECONDS = 900
COMPARED = ("direct", "snapshots")


def count_statements(running: Product, work: Work, found: Measured) -> None:
    with counters.statements(running) as made:
        running.wait(running.trigger(ids(work.counted)), END_SECONDS)
    counted = Counter(words for words, _ in made)
    runs = COUNTED_ORGS * RUNS_EACH
    found.statements = sum(counted.values()) / runs
    found.statements_top = {words: count / runs for words, count in counted.most_common(14)}


def bare(urls: Urls, url: str, work: Work, postgres: int) -> dict[str, float]:
    """Runs the bare program on the same Postgres, in its own database, after the product has stopped."""
    plain = urls.database_url.replace("postgresql+psycopg2://", "postgresql://")
    product.query(plain, "CREATE DATABASE bare")
    arguments = ["--case", work.case.name, "--orgs", str(work.orgs), "--url", url]
    before = pool_cpu(postgres)
    done = subprocess.run(
        [sys.executable, str(HERE / "bare.py"), *arguments],
        env={**os.environ, "BARE_DATABASE": plain.rpartition("/")[0] + "/bare"},  # no password in a command line
        check=False,
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
    )
    if done.returncode:
        raise SystemExit(f"the bare program failed: {done.stderr[-1500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    found["postgres_seconds"] = pool_cpu(postgres) - before
    return found


def textbook(urls: Urls, url: str, work: Work, servers: Mapping[str, int]) -> dict[str, float]:
    """Runs a Celery chord, as in Celery's guide, on the same servers in its own databases."""
    product.query(urls.database_url, "CREATE DATABASE textbook")
    redis = urls.redis_url.rpartition("/")[0]
    environment = {
        "TEXTBOOK_DATABASE": urls.database_url.rpartition("/")[0] + "/textbook",
        "TEXTBOOK_BROKER": f"{redis}/8",
        "TEXTBOOK_RESULTS": f"{redis}/9",
        "TEXTBOOK_URL": f"{url}/openai/v1",
    }
    before = {name: pool_cpu(servers[name]) for name in ("postgres", "redis")}
    done = subprocess.run(
        [sys.executable, str(HERE / "textbook.py"), "--orgs", str(work.orgs)],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
    )
    if done.returncode:
        raise SystemExit(f"the textbook failed: {done.stderr[-1500:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found | {f"{name}_seconds": pool_cpu(servers[name]) - used for name, used in before.items()}


def pool_cpu(postgres: int) -> float:
    return sum(map(processes.cpu_of, processes.tree(postgres, processes.parents())))


def run_case(case: Case, options: Options, *, profile: bool, alone: bool) -> Measured | None:
    work = Work(case, options.orgs)
    with standing(work, options) as stand:
        with up(stand) as ground:
            if profile:
                hot.profile(ground.of, lambda: ended(ground), OUT)
                return None
            found = measure(ground)
            print_settings(counters.settings_in_force(ground.running))
            if alone:
                return found
            count_statements(ground.running, work, found)
            servers = ground.running.servers
        if case.name == "direct":
            found.textbook = textbook(stand.urls, stand.url, work, servers)
        found.bare = bare(stand.urls, stand.url, work, servers["postgres"])
        shutil.copy(stand.folder / "up.log", OUT / f"{case.name}-up.log")
    return found


def ended(ground: Ground) -> None:
    ground.running.wait(ground.running.trigger(ids(ground.work.measured)), END_SECONDS)


def options_given() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=__doc__)
    add_options(given, Options(orgs=20))
    given.add_argument("--case", choices=COMPARED, action="append", help="default: each of them")
    given.add_argument("--sandbox", action="store_true", help="answer with senso sandbox, not with the fast stand-in")
    given.add_argument("--alone", action="store_true", help="the product only: no textbook, bare program, statements")
    given.add_argument("--json", type=Path, help="the file for the figures of one case; default: one in bench/out")
    given.add_argument("--profile", action="store_true", help="py-spy a call worker and control; measures nothing")
    return given.parse_args()


def one_case(case: Case, options: Options, given: argparse.Namespace) -> None:
    OUT.mkdir(exist_ok=True)
    name = "senso sandbox" if options.sandbox else "bench/model_server.py"
    print(f"{heading()}; models answered by {name}", flush=True)
    found = run_case(case, options, profile=given.profile, alone=given.alone)
    if found is not None:
        print_case(found)
        save(case.name, {"options": asdict(options), **asdict(found)}, given.json)


def main() -> int:
    given = options_given()
    cases = given.case or COMPARED
    if len(cases) > 1:
        return each_by_itself(cases)
    one_case(CASES[cases[0]], options_of(given), given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
