"""`prompts`: the versions of the prompt by which answers are read, and how they compare."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from senso.cli.environment import connected
from senso.cli.printing import moment, out, print_json, table
from senso.cli.status import moment_since
from senso.db import looking
from senso.extraction.prompts import Version, known
from senso.reads import prompts as reads
from senso.reads.prompts import Figures, Share
from senso.records import record
from senso.workflows import prompt_versions

LATELY = "7d"


@dataclass(frozen=True, slots=True)
class Listed:
    """A version that this program has. `percent`: of answers that it reads now."""

    of: Version
    percent: int
    figures: Figures


def prompts(since: str | None, compared: tuple[str, str] | None, *, as_json: bool) -> None:
    """Raises ConfigError for a version that there is not, and for a wrong READING_PROMPTS."""
    day = moment_since(since or LATELY).date()
    for name in compared or ():
        prompt_versions.require_known(name)
    shares = prompt_versions.shares()
    with connected(), looking() as db:
        found = {one.version: one for one in reads.figures(db, day, prompt_versions.versions())}
    listed = [Listed(of, shares.get(name, 0), found.pop(name)) for name, of in known().items()]
    former = list(found.values())  # of versions that a former program had
    if as_json:
        print_json(report(day, listed, former, compared))
    elif compared or since:
        wanted = compared or [one.of.name for one in listed if one.figures.calls or one.percent]
        every = {one.of.name: one.figures for one in listed} | {one.version: one for one in former}
        show([every[name] for name in (*wanted, *(() if compared else found))], day)
    else:
        show_list(listed, former, day)


def report(
    day: date, listed: Sequence[Listed], former: Sequence[Figures], compared: tuple[str, str] | None
) -> dict[str, Any]:
    versions = [told(one) for one in listed if compared is None or one.of.name in compared]
    others = [{"version": one.version, "known": False, "figures": record(one)} for one in former]
    return {"since": day, "versions": versions + ([] if compared else others)}


def told(one: Listed) -> dict[str, Any]:
    about = {"version": one.of.name, "known": True, "percent": one.percent, "claims": one.of.claims}
    return about | {"since": one.of.since, "about": one.of.about, "figures": record(one.figures)}


def show_list(listed: Sequence[Listed], former: Sequence[Figures], day: date) -> None:
    columns = ["version", "share", "claims", "came", f"readings since {day}", "used since"]
    rows = [
        [
            *(one.of.name, f"{one.percent} %", "yes" if one.of.claims else "no", str(one.of.since)),
            *used(one.figures),
        ]
        for one in listed
    ]
    rows += [[one.version, "-", "-", "a former version", *used(one)] for one in former]
    out.print(table(None, columns, rows, numbers=["share", columns[4]]))
    out.suggest("READING_PROMPTS gives each its share; senso prompts --compare A B shows two beside each other.")


def used(one: Figures) -> list[str]:
    return [f"{one.readings:,}", moment(one.first_at)]


LINES: dict[str, Callable[[Figures], str]] = {
    "readings": lambda one: f"{one.readings:,}",
    "mention rate": lambda one: percent(one.mention_rate),
    "occurrences rejected": lambda one: percent(one.rejected_occurrences),
    "positive": lambda one: percent(one.sentiment["positive"]),
    "negative": lambda one: percent(one.sentiment["negative"]),
    "neutral": lambda one: percent(one.sentiment["neutral"]),
    "mixed": lambda one: percent(one.sentiment["mixed"]),
    "calls": lambda one: f"{one.calls:,}",
    "unusable replies": lambda one: percent(one.unusable_replies),
    "tokens in a call": lambda one: number(one.tokens_in),
    "of these cached": lambda one: number(one.tokens_cached),
    "tokens out a call": lambda one: number(one.tokens_out),
    "dollars for 60 runs": lambda one: "-" if one.dollars_per_60_runs is None else f"{one.dollars_per_60_runs:.4f}",
}


def show(found: Sequence[Figures], day: date) -> None:
    names = [one.version for one in found]
    rows = [[title, *(line(one) for one in found)] for title, line in LINES.items()]
    out.print(table(f"answers since {day}; 95 % intervals (Wilson)", ["", *names], rows, numbers=names))


def percent(one: Share) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "-"
    return f"{100 * one.value:.1f} % ({100 * one.low:.1f} to {100 * one.high:.1f} %)"


def number(one: float | None) -> str:
    return "-" if one is None else f"{one:,.1f}"
