"""`sandbox --write-import FILE`: the made-up world as a file that `senso import` takes."""

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from senso.cli.printing import err
from senso.cli.program import command
from senso.errors import ConfigError
from senso.sandbox.orgs import NETWORK_SIZE
from senso.sandbox.world import SHOWN_ORGS, SHOWN_QUESTIONS, World

MODELS = ("chatgpt", "perplexity", "gpt-6-luna")
LOCATIONS = ({"country": "US"}, {"country": "CA", "region": "Ontario"})
CREDITS = 1000  # of each partner
STDOUT = Path("-")


class Plain(yaml.SafeDumper):
    """Repeats equal values instead of using aliases, because people read and copy parts of the file."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def world_of(seed: int, orgs: int | None, questions: int | None, networks: int | None) -> World:
    """With enough orgs for the networks, unless their number is given."""
    enough = NETWORK_SIZE * networks if networks else SHOWN_ORGS
    try:
        return World(seed, orgs or enough, questions or SHOWN_QUESTIONS, networks or 0)
    except ValueError as error:
        raise ConfigError(f"--orgs, --questions, --networks: {error}") from None


def write(file: Path, world: World, first: Sequence[str], *, force: bool) -> None:
    """Writes the file. Prints the next steps on stderr, so that stdout can be the file. Raises ConfigError.

    `first`: the commands to run before those that use the file.
    """
    document = world.import_document(MODELS, LOCATIONS, CREDITS)
    save(file, text_of(document, world.seed), force=force)
    for line in told(file, document, first):
        err.print(line, soft_wrap=True, markup=False)


def text_of(document: dict[str, Any], seed: int) -> str:
    """The document as YAML, with one line for each small item, such as a question."""
    head = f"# Made up by `senso sandbox`, seed {seed}: it answers these questions. Nothing in here exists.\n"
    kept = {name: value for name, value in document.items() if value}
    return head + yaml.dump(
        kept, Dumper=Plain, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=None
    )


def save(file: Path, text: str, *, force: bool) -> None:
    if file == STDOUT:
        sys.stdout.write(text)
        return
    try:
        with file.open("w" if force else "x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        raise ConfigError(f"{file}: there is such a file; name another, or say --force to write over it") from None
    except OSError as error:
        raise ConfigError(f"{file}: {os.strerror(error.errno or 0)}; name a file that can be written") from error


def told(file: Path, document: dict[str, Any], first: Sequence[str]) -> Iterator[str]:
    orgs = document["orgs"]
    questions = len(orgs[0]["questions"])
    runs = questions * len(MODELS) * len(LOCATIONS)
    each = f"{questions} questions x {len(MODELS)} models x {len(LOCATIONS)} locations = {runs} runs"
    yield f"{file}: {len(orgs)} organisations, each of {each}; the sandbox answers them in seconds and for nothing"
    if file != STDOUT:
        yield "Next:"
        networks = [one["id"] for one in document["networks"]]
        yield from (f"  {command()} {line}" for line in [*first, *after(file, orgs[0]["id"], networks)])


def after(file: Path, org: str, networks: Sequence[str]) -> Iterator[str]:
    yield "up   # leave it running, too"
    yield f"import {shlex.quote(str(file))}"
    yield f"trigger network {networks[0]} --wait" if networks else f"trigger org {org} --wait"
    yield f"report {org}"
