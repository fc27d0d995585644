"""Cost of each command while the stack is up: seconds until it answers and until it exits, and CPU; medians of rounds.

For comparison, the same rounds measure Python alone, and Python importing the libraries that every command needs.
Most of the rest is the command's own imports and one session with Postgres.
"""

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import yaml

from senso.sandbox.world import World

SENSO = [sys.executable, "-m", "senso.cli"]
LIBRARIES = "import psycopg2, pydantic.types, rich.console, rich.table, sqlalchemy, typer.main"
BYTES = 24_000
# Providers that do not answer: the batch stays under way, so that each round can cancel and retry it.
AWAY = {"OPENAI_API_KEY": "none", "BRIGHTDATA_API_KEY": "none"}
AWAY |= {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "BRIGHTDATA_BASE_URL": "http://127.0.0.1:9"}
MARK = "  (beside it)"


def main(arguments: Sequence[str]) -> None:
    rounds = parsed(arguments).rounds
    with tempfile.TemporaryDirectory() as home:
        ports = {"PORT": "0", "METRICS_PORT": "0"}
        environment = {**os.environ, "SENSO_HOME": f"{home}/home", "SENSO_CLOCK": "", **ports, **AWAY}
        world = Path(home) / "world.yaml"
        world.write_text(import_file())
        stack = subprocess.Popen([*SENSO, "up", "--no-flower"], env=environment, cwd=home, stderr=subprocess.DEVNULL)
        try:
            run([*SENSO, "import", str(world)], environment, home)
            batch = first_batch(environment, home, world)
            measured = measure(commands(world, batch), environment, home, rounds)
        finally:
            stack.send_signal(signal.SIGINT)
            stack.wait()
    report(measured, rounds)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    return parser.parse_args(arguments)


def import_file() -> str:
    world = World(7, orgs=20, questions=10)
    document = world.import_document(models=("chatgpt", "gpt-6.1-terra"), locations=({"country": "US"},))
    while len(text := yaml.safe_dump(document)) > BYTES:
        document["orgs"].pop()
    return text


def first_batch(environment: dict[str, str], home: str, world: Path) -> str:
    org = yaml.safe_load(world.read_text())["orgs"][0]["id"]
    said = subprocess.run(
        [*SENSO, "trigger", "org", org], env=environment, cwd=home, capture_output=True, text=True, check=True
    )
    return re.findall(r"Batch ([0-9a-f-]{36})", said.stdout)[0]


def commands(world: Path, batch: str) -> dict[str, list[str]]:
    return {
        f"python -c pass{MARK}": [sys.executable, "-c", "pass"],
        f"its libraries{MARK}": [sys.executable, "-c", LIBRARIES],
        "senso --help": [*SENSO, "--help"],
        "senso status": [*SENSO, "status"],
        "senso status BATCH": [*SENSO, "status", batch],
        "senso orgs": [*SENSO, "orgs"],
        "senso cancel BATCH": [*SENSO, "cancel", batch],
        "senso retry BATCH": [*SENSO, "retry", batch],
        "senso retry --state --dry-run": [*SENSO, "retry", "--state", "running", "--dry-run"],
        f"senso import, {world.stat().st_size / 1000:.0f} kB": [*SENSO, "import", str(world)],
    }


def measure(
    wanted: dict[str, list[str]], environment: dict[str, str], home: str, rounds: int
) -> dict[str, list[tuple[float, float, float]]]:
    """Seconds to the answer, to the exit, and of CPU, of each command.

    Every round runs all of them, so a disturbance affects all of them.
    """
    found = defaultdict(list)
    for _ in range(rounds):
        for name, command in wanted.items():
            found[name].append(run(command, environment, home))
    return found


def run(command: list[str], environment: dict[str, str], home: str) -> tuple[float, float, float]:
    """Until the first character of its answer, until its exit, and its CPU. Raises CalledProcessError."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen(
        command, env=environment, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        answered = time.perf_counter() - began
        process.stdout.read()
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return answered, took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(measured: dict[str, list[tuple[float, float, float]]], rounds: int) -> None:
    libraries = median(took for _, took, _ in measured[f"its libraries{MARK}"])
    print(f"{rounds} rounds, the middle of each\n")
    print(f"{'command':<30} {'answer':>7} {'exit':>6} {'CPU':>6} {'of its libraries':>18}")
    for name, times in measured.items():
        answered, took, cpu = (median(one[place] for one in times) for place in range(3))
        print(f"{name:<30} {answered:>7.2f} {took:>6.2f} {cpu:>6.2f} {took / libraries:>17.1f}x")


if __name__ == "__main__":
    main(sys.argv[1:])
