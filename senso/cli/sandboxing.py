"""`sandbox`: the stand-in for every provider, its settings, its world as a file, and its faults."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from senso import imports
from senso.cli import sandbox_world
from senso.cli.printing import out
from senso.cli.program import command
from senso.errors import ConfigError
from senso.imports.schema import Contents, Network, Org
from senso.sandbox import env
from senso.sandbox.fault_kinds import KINDS, PLACES
from senso.sandbox.fault_rules import FORM, Rule, rule_in
from senso.sandbox.guests import Guest
from senso.sandbox.replay import BadRecording
from senso.sandbox.server import Settings, serve
from senso.sandbox.state import Timing
from senso.settings import read_settings

EXAMPLE_FAULT = "openai.responses 429 share=10% retry_after=2"


@dataclass(frozen=True, slots=True)
class Start:
    """The options for running the sandbox, as typed."""

    port: int
    seed: int
    timing: Timing
    lies: float
    obeys: bool
    faults: Sequence[str]
    known: Path | None
    replay: Path | None
    announce: Path | None


@dataclass(frozen=True, slots=True)
class Printed:
    """What to print or write instead of starting. None or False: not requested."""

    env: bool
    faults: bool
    write_import: Path | None
    orgs: int | None
    questions: int | None
    networks: int | None
    force: bool


def printed(wanted: Printed, start: Start) -> bool:
    """Prints and writes what was requested; returns whether anything was. Raises ConfigError before any output."""
    check(wanted, start)
    if wanted.write_import:
        world = sandbox_world.world_of(start.seed, wanted.orgs, wanted.questions, wanted.networks)
        sandbox_world.write(wanted.write_import, world, list(first(start, wanted)), force=wanted.force)
    if wanted.env:
        print_lines(env.lines(f"http://127.0.0.1:{start.port}"))
    if wanted.faults:
        print_faults()
    return wanted.env or wanted.faults or wanted.write_import is not None


def first(start: Start, wanted: Printed) -> Iterator[str]:
    """The commands to run before the world is imported."""
    seed = "" if start.seed == env.SEED else f" --seed {start.seed}"
    port = "" if start.port == env.PORT else f" --port {start.port}"
    yield f"sandbox{seed}{port}   # leave it running"
    if not wanted.env:
        yield f"sandbox{port} --env >> .env"


def check(wanted: Printed, start: Start) -> None:
    if wanted.write_import is None and (wanted.orgs or wanted.questions or wanted.networks or wanted.force):
        raise ConfigError("--orgs, --questions, --networks and --force are for --write-import; name its file")
    if wanted.env and start.port == 0:
        raise ConfigError("--env: with --port 0 the port is another at every start; name one")
    if wanted.write_import == sandbox_world.STDOUT and (wanted.env or wanted.faults):
        raise ConfigError("--write-import -: stdout can be the file or something else; name a file")


def run(start: Start) -> None:
    """Runs until Ctrl-C. Raises ConfigError."""
    if read_settings().environment == "production":
        raise ConfigError("senso sandbox makes its answers up, and is not for ENVIRONMENT=production")
    settings = settings_of(start)

    def ready(url: str) -> None:
        if start.announce:
            announce(start.announce, url)
        greet(url, start, settings)

    try:
        serve(settings, ready)
    except BadRecording as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise ConfigError(f"--port {start.port}: {why}; end what runs there, or name another port") from error


def announce(file: Path, url: str) -> None:
    try:
        file.write_text(url)
    except OSError as error:
        raise ConfigError(f"--announce {file}: {error.strerror}; name another file") from error


def settings_of(start: Start) -> Settings:
    """Raises ConfigError."""
    if start.replay and start.known:
        raise ConfigError("--replay and --import: answers are recorded, or made up for a file; name one of the two")
    if start.replay and not start.replay.is_dir():
        raise ConfigError(f"--replay {start.replay}: not a folder; name one with recorded answers, *.jsonl")
    return Settings(
        port=start.port,
        seed=start.seed,
        timing=start.timing,
        lies=start.lies,
        obeys=start.obeys,
        replay=start.replay,
        guests=guests_in(imports.read(start.known).contents) if start.known else (),
        meets=True,
        faults=[rule(line) for line in start.faults],
    )


def rule(line: str) -> Rule:
    try:
        return rule_in(line)
    except ValueError as error:
        raise ConfigError(f"--fault: {error}; {command()} sandbox --faults lists all") from error


def guests_in(found: Contents) -> list[Guest]:
    """The organisations of an import file, each with its own questions and those of its networks."""
    names = {model.slug: model.name for model in found.models}
    shared: dict[object, list[Network]] = {}
    for network in found.networks:
        for member in network.orgs:
            shared.setdefault(member, []).append(network)
    return [guest(org, shared.get(org.id, []), names) for org in found.orgs]


def guest(org: Org, networks: Sequence[Network], names: dict[str, str]) -> Guest:
    questions = [question for subject in (org, *networks) for question in subject.questions]
    models = [slug for subject in (org, *networks) for slug in subject.models]
    return Guest(
        name=org.name,
        websites=org.websites,
        competitors=tuple(one.name for one in org.competitors),
        questions=tuple((question.text, question.kind) for question in questions),
        models=frozenset(models[:1] + [names.get(slug, slug) for slug in models[:1]]),
    )


def greet(url: str, start: Start, settings: Settings) -> None:
    out.print(f"sandbox ready at {url}", soft_wrap=True)
    out.print("\nWith these lines in .env, senso asks the sandbox and nobody else:\n")
    print_lines(env.lines(url))
    out.print()
    for line in hints(url, start, settings):
        out.print(escape(line), soft_wrap=True)


def print_lines(lines: Sequence[str]) -> None:
    """Prints lines unchanged, so that they can be copied."""
    for line in lines:
        out.print(line, soft_wrap=True, markup=False)


def hints(url: str, start: Start, settings: Settings) -> Iterator[str]:
    program = f"{command()} sandbox"
    port = "" if start.port == env.PORT else f" --port {url.rpartition(':')[2]}"
    seed = "" if start.seed == env.SEED else f" --seed {start.seed}"
    yield f"settings  {program}{port} --env >> .env"
    if start.replay:
        yield f"answers   the recorded ones in {start.replay}"
    else:
        yield f"world     {program}{seed} --write-import world.yaml writes made-up organisations to import"
        yield own_line(program, start, settings)
    yield f'faults    {program} --fault "{EXAMPLE_FAULT}", or on the page; --faults lists all'
    yield f"page      {url} shows what it was asked"
    yield "stop      Ctrl-C"


def own_line(program: str, start: Start, settings: Settings) -> str:
    if start.known is None:
        return f"own       {program} --import FILE answers about the organisations of your own import file"
    orgs = len(settings.guests)
    return f"own       answers also about {orgs} organisation{'' if orgs == 1 else 's'} of {start.known}"


def print_faults() -> None:
    print_lines([f"--fault '{FORM}'", ""])
    print_lines(["share: of the calls, each chosen alike at every start; times: only the first so many;"])
    print_lines(["match: only questions in which these words stand. Without them: every call.", ""])
    for place, kinds in KINDS.items():
        print_lines([f"{place}: {PLACES[place]}"])
        print_lines([f"  {kind:<16} {does.replace('`', '')}" for kind, does in kinds.items()])
