"""`explain`: which answers stand behind a number, and what each adds to it."""

from dataclasses import replace
from shlex import quote
from uuid import UUID

from rich.markup import escape
from rich.text import Text

from senso.cli.answering import print_answer, print_citations, print_reading
from senso.cli.environment import connected
from senso.cli.printing import INDENT, below, err, out, print_json, printable, shortened
from senso.cli.run_story import print_head
from senso.db import Connection, looking
from senso.errors import NotFound
from senso.explanation import Reason, Standing
from senso.quantities import counted
from senso.reads import explanations, inspection, numbers
from senso.reads import status as queries
from senso.reads.explanations import Answer, Explained, Numbered, Wanted
from senso.reads.numbers import Asked
from senso.reads.reason_words import DIFFERS, STANDINGS, said_of
from senso.reads.run_details import Story, story
from senso.records import record
from senso.reports.wording import NAMES, title, value
from senso.score import Metric
from senso.states import Visibility

ABOUT_CITATIONS = ("owned_citation_rate", Visibility.NAMED_AND_CITED, Visibility.CITED_ONLY)
MOST_PAGES = 5


def explain(org_id: UUID, asked: Asked, run: int | None, *, as_json: bool) -> None:
    """Raises NotFound for an unknown org, batch or run, ConfigError for an unknown metric or slice."""
    with connected(), looking() as db:
        org = queries.org(db, org_id)
        if org is None:
            raise NotFound(f"no org {org_id}; import it first")
        batch, metric = numbers.asked_for(db, org_id, org.name, asked, option="--{} ")
        wanted = numbers.wanted(org_id, batch, metric, asked)
        of_one = of_run(db, wanted, run) if run is not None else None
        found = explanations.explained(db, wanted) if of_one is None else Explained()
    if of_one is not None:
        show_run(metric, *of_one, as_json=as_json)
    elif as_json:
        print_json(
            numbers.explanation_json(org_id, batch, metric, found) | {"listed": [record(one) for one in found.listed]}
        )
    else:
        print_explained(org_id, org.name, batch, metric, found)


def of_run(db: Connection, wanted: Wanted, number: int) -> tuple[Answer, Story]:
    one = explanations.answer(db, wanted, number)
    run = inspection.run(db, number) if one else None
    if one is None or run is None:
        raise NotFound(f"batch {wanted.batch} has no run {number} for this org; senso runs {wanted.batch}")
    found = story(db, run)
    return one, replace(found, evaluations=[read for read in found.evaluations if read.org_id == wanted.org])


def print_explained(org_id: UUID, org: str, batch: Numbered, metric: Metric, found: Explained) -> None:
    print_number(org, batch, metric)
    if not numbers.is_as_stored(metric, found):
        now = f"{found.numerator}/{found.denominator}"
        out.print(f"[yellow]{DIFFERS.format(now=now)}[/]")
    print_tally(found)
    for one in found.listed:
        out.print()
        print_line(metric.name, one)
    print_end(org_id, batch, metric, found)


def print_number(org: str, batch: Numbered, metric: Metric) -> None:
    of_part = metric.model or metric.location or metric.tag
    part = f", {escape(printable(of_part))}" if of_part else ""
    out.print(f"[bold]{escape(printable(org))}[/]  {batch.date}  {title(metric.kind, metric.surface)}{part}")
    ratio = f"{metric.numerator}/{metric.denominator}"
    out.print(f"[bold]{NAMES.get(metric.name, metric.name)}: {value(metric)}[/] = {ratio}")


def print_tally(found: Explained) -> None:
    for standing, words in STANDINGS.items():
        mine = [(key, answers) for key, answers in numbers.tallied(found) if key[0] is standing]
        if mine:
            out.print(f"\n[bold]{words}: {counted(sum(answers for _, answers in mine), 'answer')}[/]")
        for (_, reason, rejections), answers in mine:
            out.print(below(Text(f"{answers} {said_of(reason, rejections)}")))


def print_line(name: str, one: Answer) -> None:
    adds = f"{one.share.numerator}/{one.share.denominator}"
    if one.share.standing is Standing.LEFT_OUT:
        adds = "left out"
    out.print(f"[bold]{one.number}[/]  {adds}  {escape(printable(one.model))} in {escape(one.location)}")
    out.print(below(Text(shortened(printable(one.question), out.width - INDENT))))
    error = f": {one.error}" if one.error and one.share.reason in {Reason.FAILED, Reason.CANCELLED} else ""
    out.print(below(Text(printable(said_of(str(one.share.reason), one.share.rejections) + error))))
    if one.share.standing is not Standing.LEFT_OUT:
        out.print(below(Text(printable(found_in(one)))))
        print_pages(name, one)


def found_in(one: Answer) -> str:
    own = sum(page.is_own for page in one.citations)
    about = f"{one.sentiment or 'no sentiment'}, rank {one.rank or '-'}; " if one.mentioned else ""
    others = f"names {', '.join(one.competitors)}" if one.competitors else "names nobody else"
    return f"{about}{others}; cites {counted(len(one.citations), 'page')}" + (f", {own} its own" if own else "")


def print_pages(name: str, one: Answer) -> None:
    if name not in ABOUT_CITATIONS:
        return
    pages = sorted(one.citations, key=lambda page: not page.is_own)
    for page in pages[:MOST_PAGES]:
        out.print(Text(" " * INDENT + printable(f"{'own: ' if page.is_own else ''}{page.url}")), soft_wrap=True)
    if len(pages) > MOST_PAGES:
        out.print(below(Text(f"and {len(pages) - MOST_PAGES} more")))


def print_end(org_id: UUID, batch: Numbered, metric: Metric, found: Explained) -> None:
    out.print()
    part = f" --model {quote(metric.model)}" if metric.model else ""
    part += f" --location {quote(metric.location)}" if metric.location else ""
    part += f" --tag {quote(metric.tag)}" if metric.tag else ""
    pool = f"--kind {metric.kind} --surface {metric.surface}{part}"
    again = f"senso explain {org_id} {metric.name} {pool} --batch {batch.id}"
    if found.next is not None:
        err.suggest(f"More: {again} --after {found.next}")
    counting = [one.number for one in found.listed if one.share.standing is not Standing.LEFT_OUT]
    if counting:
        err.suggest(f"One of them with its answer: {again} --run {counting[0]}")


def show_run(metric: Metric, one: Answer, found: Story, *, as_json: bool) -> None:
    if as_json:
        named = [read.mention_text for read in found.evaluations]
        print_json(record(one) | {"answer_text": found.run.answer_text, "mention_text": next(iter(named), None)})
    else:
        print_run(metric, one, found)


def print_run(metric: Metric, one: Answer, found: Story) -> None:
    print_head(found.run, tries=len(found.calls))
    out.print(f"\n[bold]What of it counts in {NAMES.get(metric.name, metric.name)}[/]")
    out.print(below(Text(f"{one.share.numerator} above the line, {one.share.denominator} below it")))
    out.print(below(Text(said_of(str(one.share.reason), one.share.rejections))))
    print_answer(found)
    for read in found.evaluations:
        print_reading(read, found.visibility.get(str(read.org_id)))
    print_citations(found)
