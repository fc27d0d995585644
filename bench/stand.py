"""What every benchmark needs: its own servers, a stand-in for the model servers, and the product."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import product
from processes import Roots
from product import Product
from work import Work

from senso import redis_access
from senso.embedded import Urls
from senso.sandbox.env import environment
from senso.worker.queues import ALL_QUEUES

Found = TypeVar("Found")
HERE = Path(__file__).parent
WARM_UP_SECONDS = 900
COMMAND_SECONDS = 600
NEVER_REACHED = "UPDATE models SET rpm = 1000000, tpm = 1000000000, max_in_flight = 100000 RETURNING slug"


@dataclass(frozen=True)
class Options:
    orgs: int
    call_workers: int = os.cpu_count() or 1
    answer_seconds: float = 0.3
    reading_seconds: float = 0.15
    snapshot_seconds: float = 3.0
    sandbox: bool = False
    limits: bool = False  # of every model, never reached


def add_options(parser: argparse.ArgumentParser, usual: Options) -> None:
    """Adds an option for each field of `Options`, with the defaults of `usual`."""
    parser.add_argument("--orgs", type=int, default=usual.orgs, help=f"default {usual.orgs}")
    parser.add_argument("--call-workers", type=int, default=usual.call_workers, help=f"default {usual.call_workers}")
    for name in ("answer_seconds", "reading_seconds", "snapshot_seconds"):
        default = getattr(usual, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=default, help=f"default {default:g}")
    parser.add_argument("--limits", action="store_true", help="give every model limits that are never reached")


def options_of(given: argparse.Namespace) -> Options:
    return Options(**{name: value for name, value in vars(given).items() if name in Options.__dataclass_fields__})


@dataclass(frozen=True)
class Stand:
    """`url` and `stand_in`: the stand-in's URL and process id."""

    work: Work
    options: Options
    folder: Path
    urls: Urls
    url: str
    stand_in: int


@dataclass(frozen=True)
class Ground:
    """The product, started and warmed up. `of`: the processes whose cost is measured."""

    stand: Stand
    running: Product
    of: Roots

    @property
    def work(self) -> Work:
        return self.stand.work

    def calls(self) -> dict[str, int]:
        """Number of calls to the stand-in, by kind. The sandbox returns a row for each call, so use this rarely."""
        if self.stand.options.sandbox:
            return {"all": len(fetched(f"{self.stand.url}/_sandbox/calls"))}
        return dict(fetched(f"{self.stand.url}/_calls"))

    def in_flight(self) -> int:
        """Calls that the stand-in has received and not answered yet; 0 with the sandbox, which does not report them."""
        return 0 if self.stand.options.sandbox else int(fetched(f"{self.stand.url}/_in_flight"))

    def waiting(self) -> dict[str, int]:
        """Messages by queue."""
        return redis_access.waiting(ALL_QUEUES)

    def doctor(self) -> str:
        """The output of `senso doctor --invariants`, which checks the database against the invariants."""
        return self.command("doctor", "--invariants")

    def command(self, *words: str) -> str:
        """A command of the product, what it printed, and its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "senso.cli", *words],
            cwd=self.stand.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        return f"senso {' '.join(words)}\n{done.stdout}{done.stderr}(exit code {done.returncode})"


def fetched(url: str) -> Any:
    import requests  # noqa: PLC0415  the bare program has none

    return requests.get(url, timeout=60).json()


@contextmanager
def standing(work: Work, options: Options) -> Iterator[Stand]:
    """Starts servers and stand-in. They outlive the product, so that other programs can be measured on them."""
    product.forget_environment()
    print(f"writing the answers of {len(work.world.orgs)} orgs", flush=True)
    with (
        product.temporary_folder() as folder,
        product.standing_in(folder, stand_in(work, options), patience(work)) as (url, pid),
        product.embedded(folder) as urls,
    ):
        yield Stand(work, options, folder, urls, url, pid)


def stand_in(work: Work, options: Options) -> list[str]:
    seconds = {name: getattr(options, f"{name}_seconds") for name in ("answer", "reading", "snapshot")}
    waits = [word for name, value in seconds.items() for word in (f"--{name}-seconds", str(value))]
    if options.sandbox:
        return ["-m", "senso.cli", "sandbox", "--port", "0", "--seed", str(work.seed), *waits]
    return [str(HERE / "model_server.py"), "--case", work.case.name, "--orgs", str(work.orgs), *waits]


def patience(work: Work) -> float:
    """Seconds until the stand-in must be ready: an org's answers take 0.07 s, a loaded machine gets ten times that."""
    return product.READY_SECONDS + 0.7 * work.orgs


@contextmanager
def up(stand: Stand, more: Mapping[str, str] | None = None) -> Iterator[Ground]:
    """Starts the product and warms it up with one org, so that imports, connections and plans are not measured."""
    variables = environment(stand.url) | dict(more or {})
    with product.up(stand.folder, stand.urls, variables, stand.options.call_workers) as running:
        print(f"\n{stand.work.case.title}: up after {running.started_seconds:.1f} s", flush=True)
        running.load(stand.work.document)
        if stand.options.limits:
            running.query(NEVER_REACHED)
        running.wait(running.trigger(ids(stand.work.warming_up)), WARM_UP_SECONDS)
        yield Ground(stand, running, roots(running, stand.stand_in))


def apart(measure: Callable[..., Found], *given: Any) -> Found:
    """`measure` in a process of its own: Celery keeps the first Redis that a process has met."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, *given).result()


@contextmanager
def ground(work: Work, options: Options, more: Mapping[str, str] | None = None) -> Iterator[Ground]:
    with standing(work, options) as stand, up(stand, more) as found:
        yield found


def roots(running: Product, stand_in_pid: int) -> Roots:
    pids = running.servers
    return Roots(running.up, pids["postgres"], pids["redis"], pids["guardian"], stand_in_pid)


def ids(orgs: Sequence[Any]) -> list[str]:
    return [str(org.id) for org in orgs]
