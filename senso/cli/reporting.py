"""`report`: an org's numbers, each with its interval."""

import io
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from senso.cli.printing import Terminal, below, out, printable, table
from senso.cli.report_format import Form
from senso.cli.status import load
from senso.db import looking
from senso.errors import ConfigError, NotFound
from senso.push import metric_json
from senso.quantities import counted
from senso.reads import directory, org_reports
from senso.reads import status as queries
from senso.reads.status import Org
from senso.records import plain
from senso.reports.basis import by_rule, cautions
from senso.reports.content import ORDER, Batch, Pool, Quote, Report
from senso.reports.page import page
from senso.reports.passages import plain as plain_text
from senso.reports.passages import shortened
from senso.reports.sheet import sheet
from senso.reports.wording import (
    NAMES,
    about,
    again,
    asked,
    claim_counts,
    claim_line,
    finding,
    headline,
    interval,
    is_whole,
    of,
    share_of,
    title,
    value,
    verdict,
    whole,
    with_interval,
)
from senso.score import Metric

HEADLINES = ("mention_rate", "share_of_voice", "owned_citation_rate", "average_rank")
MOST_LISTED = 5
MOST_CLAIMS = 10
INTERVALS = (
    "Two 95 % intervals: what questions like these would give (how far this number stands for all that customers ask), "
    "and what the same again would give (these very questions, asked once more)."
)


def report(org_id: UUID, form: Form, output: Path | None = None, network: UUID | None = None) -> None:
    """`network`: only what its answers say.

    Raises NotFound for an unknown org or network or an org without numbers yet, ConfigError if the output cannot be
    written.
    """
    with looking() as db:
        org = queries.org(db, org_id)
        if org is None:
            raise NotFound(f"no org {org_id}; import it first")
        if network and network not in directory.known(db, [network]):
            raise NotFound(f"no network {network}; import it first")
        found = org_reports.found(db, org_id, org.name, network)
        if found is None:
            ask = f"senso trigger missing {network} {org_id}" if network else f"senso trigger org {org_id}"
            raise NotFound(f"org {org_id} ({org.name}) has no numbers yet; open a batch: {ask}")
    if form is Form.text and output is None:
        print_report(out, found.report)
    else:
        hand_over(written(form, org, found.batches, found.report), output)


def written(form: Form, org: Org, batches: Sequence[Batch], found: Report) -> str:
    match form:
        case Form.csv:
            return sheet(batches)
        case Form.html:
            return page(found)
        case Form.json:
            return json.dumps(as_json(org, found), default=plain, ensure_ascii=False, indent=2) + "\n"
        case Form.text:
            console = Terminal(file=io.StringIO(), width=out.width, highlight=False)
            print_report(console, found)
            return str(console.file.getvalue())  # type: ignore[attr-defined]


def as_json(org: Org, found: Report) -> dict[str, Any]:
    return {
        "org": org,
        "batch": load(found.batch.id),
        "basis": asdict(found.batch.basis),
        "cautions": cautions(found.batch.basis),
        "metrics": [metric_json(metric) for metric in found.batch.metrics],
        "pools": [asdict(pool) for pool in found.pools],
        "asked": asdict(found.asked),
        "claims": asdict(found.claimed),
    }


def hand_over(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    size = write_whole(output, text.encode())
    out.print(f"{escape(str(output))}, {size / 1000:.0f} kB", soft_wrap=True)


def write_whole(path: Path, content: bytes) -> int:
    """Keeps the old file until the new one is complete. Raises ConfigError."""
    half = None
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise ConfigError(f"{path} is not a file; name one for --output")
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            half = Path(file.name)
            file.write(content)
        half.chmod(0o666 & ~umask())
        half.replace(target)
    except OSError as error:
        if half is not None:
            half.unlink(missing_ok=True)
        raise ConfigError(f"cannot write {path}: {error.strerror}; name another file for --output") from error
    return len(content)


def umask() -> int:
    """Sets the umask and restores it, which is the only way to read it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def print_report(console: Terminal, found: Report) -> None:
    batch = found.batch
    console.print(
        f"[bold]{escape(found.org)}[/]  {batch.date}  {batch.state}, {counted(found.asked.read, 'answer')} read"
    )
    if batch.network:
        console.print(f"in answers to the questions of the network {escape(printable(batch.network))}")
    for said in cautions(batch.basis):
        console.print(f"[yellow]{escape(said.capitalize())}.[/]")
    if said := by_rule(batch.basis):
        console.print(f"{said[0].upper()}{said[1:]}.")
    console.print(f"[dim]{INTERVALS}[/]")
    for (kind, surface), members in slices(batch.metrics).items():
        console.print()
        print_headline(console, found, kind, surface)
        console.print()
        console.print(table(title(kind, surface), *overall(members), numbers=("value", "of")))
        console.print()
        console.print(table(None, *breakdown(members), numbers=("mention rate", "of")))
        for pool in found.pools:
            if (pool.kind, pool.surface) == (kind, surface):
                console.print()
                console.print(named(found.org, pool))
                console.print(cited(pool))
                print_quotes(console, pool.quotes)
    print_claims(console, found)
    if found.batch.metrics:
        console.print()
        console.print("Which answers a number counts, which not and why:")
        console.suggest(f"senso explain ORG {found.batch.metrics[0].name}")


def print_headline(console: Console, found: Report, kind: str, surface: str) -> None:
    rate = whole(found.batch.metrics, kind, surface)["mention_rate"]
    models = [slug for slug, one in found.asked.models if one == surface]
    console.print(escape(f"{headline(found.org, rate)} {asked(found.batch.date, models, found.asked.locations)}"))


def print_quotes(console: Console, quotes: Sequence[Quote]) -> None:
    """Prints one quote of each sentiment, and one that names a competitor instead."""
    first = {(one.sentiment, one.instead is None): one for one in reversed(quotes)}
    for quote in reversed(first.values()):
        console.print()
        console.print(Text(f'"{shortened(quote.text)}"'))
        console.print(below(Text(f"{finding(quote)}: {about(quote)}, run {quote.run}")))
        console.print(below(Text(f"asked: {printable(quote.question)}")))


def print_claims(console: Console, found: Report) -> None:
    """Prints how many claims there are of each verdict and polarity, then the first ones, contradicted ones first."""
    claimed = found.claimed
    if not claimed.claims:
        return
    columns = ["claims", "count", "answers", "of"]
    lines = [[verdict(name), str(one.claims), *share_of(one, claimed)] for name, one in claim_counts(claimed)]
    console.print()
    console.print(table("What is claimed", columns, lines, numbers=columns[1:]))
    for item in claimed.items[:MOST_CLAIMS]:
        console.print()
        console.print(Text(printable(claim_line(item))))
        if item.fact:
            console.print(below(Text(f"fact: {printable(item.fact)}")))
        console.print(below(Text(f'"{printable(shortened(plain_text(item.sentence or "")))}", run {item.run}')))
        if item.url:
            console.print(below(Text(printable(item.url))))
    if more := len(claimed.items[MOST_CLAIMS:]):
        console.print()
        console.print(f"{counted(more, 'more claim')} with --format json; those of an answer: senso show RUN")


def print_overview(metrics: Sequence[Metric]) -> None:
    """Prints one line per slice with the main numbers, each with its interval."""
    columns = ["questions", "answers", *(NAMES[name] for name in HEADLINES)]
    lines = []
    for (kind, surface), members in slices(metrics).items():
        found = whole(members, kind, surface)
        answers = str(found["mention_rate"].denominator)
        lines.append([f"{kind}, {surface}", answers, *(with_interval(found[name]) for name in HEADLINES)])
    out.print(table("The numbers (95 % intervals for questions like these)", columns, lines, numbers=("answers",)))


def slices(metrics: Sequence[Metric]) -> dict[tuple[str, str], list[Metric]]:
    found: dict[tuple[str, str], list[Metric]] = {}
    for metric in metrics:
        found.setdefault((metric.kind, metric.surface), []).append(metric)
    return {pool: found[pool] for pool in ORDER if pool in found}


def overall(metrics: Sequence[Metric]) -> tuple[list[str], list[list[str]]]:
    total = [metric for metric in metrics if is_whole(metric)]
    return ["number", "value", "questions like these", "the same again", "of"], [
        [NAMES.get(metric.name, metric.name), value(metric), interval(metric), again(metric), of(metric)]
        for metric in total
    ]


def breakdown(metrics: Sequence[Metric]) -> tuple[list[str], list[list[str]]]:
    rates = [metric for metric in metrics if metric.name == "mention_rate" and not is_whole(metric)]
    return ["by model, location and tag", "mention rate", "questions like these", "of"], [
        [
            escape(printable(metric.model or metric.location or metric.tag or "")),
            value(metric),
            interval(metric),
            of(metric),
        ]
        for metric in rates
    ]


def named(org: str, pool: Pool) -> str:
    """The org's own count first, for comparison."""
    others = [f"{escape(one.name)} {one.answers}" for one in pool.competitors[:MOST_LISTED]]
    return f"named in answers: {', '.join([f'[bold]{escape(org)} {pool.mentioned}[/]', *others])}, of {pool.answers}"


def cited(pool: Pool) -> str:
    sources = [f"{escape(one.domain)} ({one.category}) {one.answers}" for one in pool.sources[:MOST_LISTED]]
    return f"cited in answers: {', '.join(sources) or 'nothing'}"
