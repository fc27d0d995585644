"""`explain`: which answers stand behind a number, and what each adds to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from uuid import UUID

from rich.markup import escape
from rich.text import Text

from senso.cli.answering import FORMER_MARKS, MARKS, print_answer, print_citations, print_reading
from senso.cli.environment import connected
from senso.cli.printing import INDENT, below, err, out, print_json, printable, shortened
from senso.cli.run_story import print_head
from senso.db import Connection, looking
from senso.errors import ConfigError, NotFound
from senso.explanation import Reason, Standing
from senso.push import metric_json
from senso.quantities import counted
from senso.queries import results
from senso.reads import explanations, inspection
from senso.reads import status as queries
from senso.reads.explanations import Answer, Explained, Numbered, Wanted
from senso.reads.run_details import Story, story
from senso.records import record
from senso.reports.wording import NAMES, title, value
from senso.score import COUNTS, Metric, Slice
from senso.states import Visibility

STANDINGS = {
    Standing.NUMERATOR: "Above and below the line",
    Standing.DENOMINATOR: "Below the line only",
    Standing.NOTHING: "Nothing to count",
    Standing.LEFT_OUT: "Left out",
}
REASONS: dict[str, str] = {
    Reason.ANOTHER_KIND: "the question is of the other kind, branded or unbranded",
    Reason.ANOTHER_SURFACE: "another surface, consumer app or API",
    Reason.ANOTHER_MODEL: "another model",
    Reason.ANOTHER_LOCATION: "another location",
    Reason.NOT_ANSWERED: "not answered yet",
    Reason.NOT_READ: "not read yet",
    Reason.FAILED: "failed",
    Reason.CANCELLED: "cancelled",
    Reason.READ_AGAIN: "read again since, by another batch",
    Reason.MENTIONED: "the org is mentioned",
    Reason.NO_NAME: "not mentioned: none of its names stands in the answer",
    Reason.NO_NAME_BY_RULE: "not mentioned: none of its names stands in the answer, so no model was asked about it",
    Reason.NAMES_REJECTED: "not mentioned: a name stands in the answer, but does not count",
    Reason.NO_SENTIMENT: "mentioned, without a sentiment",
    Reason.NO_RANK: "mentioned, without a rank",
    Reason.CITES_NOTHING: "cites nothing",
    Reason.NO_OWN_PAGE: "cites no page of the org's websites",
    Reason.OWN_PAGE: "cites a page of the org's websites",
    Reason.PAGES: "cites pages",
    Reason.NO_CLAIMS: "claims nothing that the org's facts decide",
    Reason.CLAIMS: "claims something that the org's facts decide",
} | {one: NAMES[one] for one in Visibility}
ABOUT_CITATIONS = ("owned_citation_rate", Visibility.NAMED_AND_CITED, Visibility.CITED_ONLY)
MOST_PAGES = 5
DIFFERS = (
    "The answers, counted now, give {now}: since the batch ended they were read again, or the org's websites, or the "
    "names of its competitors have changed."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed; None: left out."""

    metric: str
    kind: str | None
    surface: str | None
    model: str | None
    location: str | None
    batch: UUID | None
    after: int
    limit: int


def explain(org_id: UUID, asked: Asked, run: int | None, *, as_json: bool) -> None:
    """Raises NotFound for an unknown org, batch or run, ConfigError for an unknown metric or slice."""
    name = known_name(asked.metric)
    with connected(), looking() as db:
        org = queries.org(db, org_id)
        if org is None:
            raise NotFound(f"no org {org_id}; import it first")
        batch = numbered(db, org_id, org.name, asked.batch)
        metric = chosen(results.metrics(db, batch.id), name, asked)
        where = Slice(metric.kind, metric.surface, metric.model, metric.location)
        wanted = Wanted(org_id, batch.id, name, where, asked.after, asked.limit)
        of_one = of_run(db, wanted, run) if run is not None else None
        found = explanations.explained(db, wanted) if of_one is None else Explained()
    if of_one is not None:
        show_run(metric, *of_one, as_json=as_json)
    elif as_json:
        print_json(told_as_json(org_id, batch, metric, found))
    else:
        print_explained(org_id, org.name, batch, metric, found)


def known_name(typed: str) -> str:
    """Raises ConfigError."""
    name = typed.strip().lower().replace(" ", "_").replace("-", "_")
    if name not in COUNTS:
        raise ConfigError(f"no number is called {typed[:60]!r}; there are: {', '.join(COUNTS)}")
    return name


def numbered(db: Connection, org: UUID, name: str, batch: UUID | None) -> Numbered:
    found = explanations.numbered(db, org, batch)
    if found is None and batch is not None:
        raise NotFound(f"no batch {batch} with numbers of {name}; senso status lists the latest")
    if found is None:
        raise NotFound(f"org {org} ({name}) has no numbers yet; open a batch: senso trigger org {org}")
    if found.is_pruned:
        raise NotFound(f"the answers of batch {found.id} were pruned; only its numbers are left: senso report {org}")
    return found


def chosen(metrics: Sequence[Metric], name: str, asked: Asked) -> Metric:
    """The number that is meant. Raises ConfigError, which names what there is."""
    if asked.model is not None and asked.location is not None:
        raise ConfigError("--model or --location, not both: numbers are by model and by location, not by both")
    named = [one for one in metrics if one.name == name]
    if not named:
        raise ConfigError(f"this batch has no {name}; it has: {listed(one.name for one in metrics)}")
    pool = [one for one in named if asked.kind in {None, one.kind} and asked.surface in {None, one.surface}]
    pools = listed(f"--kind {one.kind} --surface {one.surface}" for one in pool or named)
    if not pool:
        raise ConfigError(f"this batch has no such numbers; it has: {pools}")
    if len({(one.kind, one.surface) for one in pool}) > 1:
        raise ConfigError(f"say which, since they are never counted together: {pools}")
    return of_part(pool, asked)


def of_part(pool: Sequence[Metric], asked: Asked) -> Metric:
    for one in pool:
        if (one.model, one.location) == (asked.model, asked.location):
            return one
    by_model = asked.model is not None
    there = [one.model if by_model else one.location for one in pool]
    said = f"--model {asked.model}" if by_model else f"--location {asked.location}"
    raise ConfigError(f"{said[:80]!r}: no numbers of it here; there are: {listed(filter(None, there))}")


def listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "none"


def of_run(db: Connection, wanted: Wanted, number: int) -> tuple[Answer, Story]:
    one = explanations.answer(db, wanted, number)
    run = inspection.run(db, number) if one else None
    if one is None or run is None:
        raise NotFound(f"batch {wanted.batch} has no run {number} for this org; senso runs {wanted.batch}")
    found = story(db, run)
    return one, replace(found, evaluations=[read for read in found.evaluations if read.org_id == wanted.org])


def told_as_json(org: UUID, batch: Numbered, metric: Metric, found: Explained) -> dict[str, object]:
    return {
        "org_id": org,
        "batch": record(batch),
        "metric": metric_json(metric),
        "counted": {
            "numerator": found.numerator,
            "denominator": found.denominator,
            "is_as_stored": is_as_stored(metric, found),
        },
        "answers": [
            {"standing": standing, "reason": reason, "rejections": rejections, "answers": answers}
            for (standing, reason, rejections), answers in tallied(found)
        ],
        "listed": [record(one) for one in found.listed],
        "next": found.next,
    }


def is_as_stored(metric: Metric, found: Explained) -> bool:
    return (metric.numerator, metric.denominator) == (found.numerator, found.denominator)


def tallied(found: Explained) -> list[tuple[tuple[Standing, str, tuple[str, ...]], int]]:
    """In the order of the standings, the most frequent reasons first."""
    order = list(Standing)
    return sorted(found.tally.items(), key=lambda one: (order.index(one[0][0]), -one[1], one[0][1:]))


def print_explained(org_id: UUID, org: str, batch: Numbered, metric: Metric, found: Explained) -> None:
    print_number(org, batch, metric)
    if not is_as_stored(metric, found):
        now = f"{found.numerator}/{found.denominator}"
        out.print(f"[yellow]{DIFFERS.format(now=now)}[/]")
    print_tally(found)
    for one in found.listed:
        out.print()
        print_line(metric.name, one)
    print_end(org_id, batch, metric, found)


def print_number(org: str, batch: Numbered, metric: Metric) -> None:
    part = f", {escape(printable(metric.model or metric.location or ''))}" if metric.model or metric.location else ""
    out.print(f"[bold]{escape(printable(org))}[/]  {batch.date}  {title(metric.kind, metric.surface)}{part}")
    ratio = f"{metric.numerator}/{metric.denominator}"
    out.print(f"[bold]{NAMES.get(metric.name, metric.name)}: {value(metric)}[/] = {ratio}")


def print_tally(found: Explained) -> None:
    for standing, words in STANDINGS.items():
        mine = [(key, answers) for key, answers in tallied(found) if key[0] is standing]
        if mine:
            out.print(f"\n[bold]{words}: {counted(sum(answers for _, answers in mine), 'answer')}[/]")
        for (_, reason, rejections), answers in mine:
            out.print(below(Text(f"{answers} {said_of(reason, rejections)}")))


def said_of(reason: str, rejections: Sequence[str]) -> str:
    return "; ".join([REASONS.get(reason, reason), *((MARKS | FORMER_MARKS).get(kind, kind) for kind in rejections)])


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
