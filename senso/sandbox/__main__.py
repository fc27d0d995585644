"""`python -m senso.sandbox`: the sandbox as a process of its own."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from senso.sandbox.replay import BadRecording
from senso.sandbox.server import Settings, serve
from senso.sandbox.state import Timing

WRONG_USE = 2
DAY = 86_400.0  # seconds


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line is enough; --help has the rest."""
        stop(message)


def stop(message: str) -> NoReturn:
    sys.stderr.write(f"sandbox: {message}\n")
    sys.exit(WRONG_USE)


def up_to(high: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {high:g}")
        return value

    return number


def port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:  # noqa: PLR2004 - there are no more
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def settings_from(given: argparse.Namespace) -> Settings:
    if given.replay and not given.replay.is_dir():
        stop(f"argument --replay: {given.replay} is not a folder")
    timing = Timing(given.answer_seconds, given.reading_seconds, given.snapshot_seconds)
    return Settings(given.port, given.seed, timing, given.lies, given.replay)


def parser() -> Parser:
    options = Parser(prog="senso sandbox", description="A loopback stand-in for the providers.")
    options.add_argument("--port", type=port, default=0, help="0: any free one")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--answer-seconds", type=up_to(DAY), default=Timing.answer_seconds)
    options.add_argument("--reading-seconds", type=up_to(DAY), default=Timing.reading_seconds)
    options.add_argument("--snapshot-seconds", type=up_to(DAY), default=Timing.snapshot_seconds)
    options.add_argument("--lies", type=up_to(1), default=0.0, help="share of the answers that are read falsely")
    options.add_argument("--replay", type=Path, help="folder of recorded answers, *.jsonl")
    options.add_argument("--announce", type=Path, help="file that the URL is written to")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    given = parser().parse_args(arguments)

    def ready(url: str) -> None:
        if given.announce:
            given.announce.write_text(url)
        sys.stdout.write(f"sandbox ready at {url}\n")
        sys.stdout.flush()

    try:
        serve(settings_from(given), ready)
    except BadRecording as error:
        stop(str(error))
    except OSError as error:
        where = f"argument --announce: {error.filename}" if error.filename else f"argument --port: {given.port}"
        stop(f"{where}: {os.strerror(error.errno or 0)}; name another")


if __name__ == "__main__":
    main()
