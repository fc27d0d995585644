"""`compare`: what has changed between two periods, with a verdict on each number."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from rich.markup import escape

from senso.cli.environment import connected
from senso.cli.printing import out, print_json, printable, table
from senso.comparison import Change
from senso.db import looking
from senso.errors import ConfigError, NotFound
from senso.numbers.verdicts import Verdict
from senso.quantities import counted
from senso.reads import comparisons, periods
from senso.reads import status as queries
from senso.reads.change_words import MEANINGS, READ_OTHERWISE, WORDS, amount, by_itself, is_part
from senso.reads.comparisons import Read
from senso.reads.periods import Asked, Span
from senso.reports.wording import NAMES, title

COLUMNS = (
    "seen from: the least change that four of five such comparisons would find, in points or ranks; needed: so many "
    "questions would find a change as large as this one"
)


def compare(org_id: UUID, asked: Asked, *, as_json: bool) -> None:
    """Raises NotFound for an unknown org or a period without numbers, ConfigError for days that make no period."""
    with connected(), looking() as db:
        org = queries.org(db, org_id)
        if org is None:
            raise NotFound(f"no org {org_id}; import it first")
        batches = periods.of_one_subject(periods.batches(db, org_id), asked.network)
        if not batches:
            raise NotFound(f"org {org_id} ({org.name}) has no numbers yet; open a batch: senso trigger org {org_id}")
        found = comparisons.compare(db, org_id, batches, asked)
    if as_json:
        print_json(comparisons.comparison_json(found))
    else:
        print_changes(org.name, (found.before, found.after), (found.was, found.now), found.changes)


def day(option: str, said: str | None) -> date | None:
    """Raises ConfigError."""
    if said is None:
        return None
    try:
        return date.fromisoformat(said.strip())
    except ValueError:
        raise ConfigError(f"{option} {said!r}: say a date, such as 2026-11-21") from None


def print_changes(org: str, periods: tuple[Span, Span], read: tuple[Read, Read], found: Sequence[Change]) -> None:
    said = [f"{period} ({counted(len(one.period.facts), 'answer')})" for period, one in zip(periods, read, strict=True)]
    out.print(f"[bold]{escape(printable(org))}[/]: {said[1]} against {said[0]}")
    if read[0].readers != read[1].readers:
        out.print(f"[yellow]{READ_OTHERWISE}[/]")
    tried = sum(one.corrected_p is not None for one in found)
    moved = sum(one.verdict is Verdict.MOVED for one in found)
    out.print(f"{moved} of {counted(tried, 'number')} moved by more than chance (5 % of such findings are false).")
    for kind, surface in dict.fromkeys((one.kind, one.surface) for one in found):
        members = [one for one in found if (one.kind, one.surface) == (kind, surface)]
        shown = [one for one in members if one.verdict is Verdict.MOVED or not is_part(one)]
        out.print()
        out.print(table(title(kind, surface), *lines(shown), numbers=NUMERIC))
    print_meanings(found, tried)


def print_meanings(found: Sequence[Change], tried: int) -> None:
    out.print()
    out.print(f"{COLUMNS}.")
    for verdict, meaning in MEANINGS.items():
        if any(one.verdict is verdict for one in found):
            out.print(f"{WORDS[verdict]}: {meaning}.")
    if any(by_itself(one) for one in found):
        out.print(
            f"{WORDS[Verdict.WITHIN_NOISE]}*: more than chance alone, but not as one of {tried} that were looked at."
        )
    verdicts = Counter(one.verdict for one in found if is_part(one))
    said = ", ".join(f"{count} {WORDS[verdict]}" for verdict, count in verdicts.most_common())
    out.print(f"by model, location and tag: {said or 'nothing to compare'}; each is in --json.")


HEADS = ["number", "of", "before", "after", "change", "95 % interval", "seen from", "needed", "verdict"]
NUMERIC = ("before", "after", "change", "seen from", "needed")


def lines(found: Sequence[Change]) -> tuple[list[str], list[list[str]]]:
    return HEADS, [
        [NAMES[one.name], of(one), *figures(one), WORDS[one.verdict] + ("*" if by_itself(one) else "")] for one in found
    ]


def of(one: Change) -> str:
    return escape(printable(one.model or one.location or one.tag or "all"))


def figures(one: Change) -> list[str]:
    found = one.difference
    if found is None:
        return ["-"] * 6
    return [
        amount(one, found.before),
        amount(one, found.after),
        amount(one, found.value, sign=True),
        f"{amount(one, found.low, sign=True)} to {amount(one, found.high, sign=True)}",
        amount(one, found.detectable, sign=True).removeprefix("+"),
        f"{found.needed}" if found.needed else "-",
    ]
