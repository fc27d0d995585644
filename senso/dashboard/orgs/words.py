"""Numbers in words, for who has not learnt statistics; beside `senso.reports.wording`, which reports share."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from senso.numbers.intervals import TOO_FEW_QUESTIONS
from senso.numbers.sums import PARTS
from senso.quantities import counted
from senso.reads.schedules import Schedule
from senso.reports import wording
from senso.score import SENTIMENTS, Metric
from senso.states import Category, Polarity, Verdict, Visibility
from senso.weekly import WEEKDAYS

OF_CITATIONS = ("owned_citation_rate", "citation_share_")
OF_MENTIONS = ("sentiment_",)
OF_RANKS = ("first_place_share", "average_rank")
MEANINGS = {
    "mention_rate": "of the answers read, those that name it",
    "share_of_voice": "of all namings of a company, those of it",
    "owned_citation_rate": "of the pages cited, those on its own websites",
    "first_place_share": "of the answers that list companies, those that list it first",
    "average_rank": "its place where an answer lists companies; 1 is first",
    "share_of_text": "of the text of the answers that name it, the sentences about it",
    "share_of_entries": "of the text of the answers that name it, the entries about it",
    "net_sentiment": "positive less negative mentions, of a hundred",
    "named_and_cited": "it is named, and a page of its own is cited",
    "named_only": "it is named, and none of its pages is cited",
    "cited_only": "one of its pages is cited, and it is not named",
    "neither": "it is neither named nor cited",
}
GLANCE = ("mention_rate", "share_of_voice", "owned_citation_rate", "average_rank")
MAIN = (
    *("mention_rate", "share_of_voice", "first_place_share", "average_rank"),
    *("share_of_text", "owned_citation_rate", "net_sentiment"),
)
OUTCOMES = tuple(Visibility)
MOODS = tuple(f"sentiment_{one}" for one in SENTIMENTS)
CITED_PAGES = ("owned_citation_rate", *(f"citation_share_{one}" for one in Category if one is not Category.OWN))
WHOSE = {Category.OWN: "its own", Category.COMPETITOR: "a competitor's"}


def picked(numbers: Mapping[str, Metric], names: Sequence[str]) -> list[Metric]:
    """Those that there are, in the order of the names."""
    return [numbers[name] for name in names if name in numbers]


def pairs(values: Iterable[str], names: Mapping[Any, str] | None = None) -> list[tuple[str, str]]:
    """Of a choice in a form: the value, and its name."""
    return [(str(one), (names or {}).get(one, str(one).replace("-", " "))) for one in values]


def third_parties(categories: Iterable[Category]) -> list[tuple[str, str]]:
    return [(str(one), f"a third party's ({one})") for one in categories if one not in WHOSE]


def whose(category: Category) -> str:
    """Own, a competitor's, or a third party's with what kind of site it is."""
    return WHOSE.get(category, "a third party's")


def of(metric: Metric) -> str:
    """What is counted of what: 45 of 60 answers."""
    name, above, below = metric.name, metric.numerator, metric.denominator
    if name in wording.OF_TEXT:
        return f"in {counted(below // PARTS, 'answer')}"
    if name == "net_sentiment":
        return f"in {counted(below, 'mention')}"
    if name == "average_rank":
        return f"in {counted(below, 'answer')} with a ranking"
    return f"{above} of {unit(name, below)}"


def unit(name: str, number: int) -> str:
    if name == "share_of_voice":
        return counted(number, "naming of a company", "namings of companies")
    if name == "first_place_share":
        return f"{counted(number, 'answer')} with a ranking"
    if name.startswith("claims_"):
        return counted(number, "claim")
    if name.startswith(OF_CITATIONS):
        return counted(number, "page cited", "pages cited")
    return counted(number, "mention" if name.startswith(OF_MENTIONS) else "answer")


def doubt(metric: Metric) -> str:
    """Why the number says little; empty if it does not."""
    if not metric.denominator:
        return "nothing to count"
    if metric.method == TOO_FEW_QUESTIONS:
        return "from one question alone, so without an interval"
    return "too wide to tell much" if wording.is_wide(metric) else ""


def is_share(metric: Metric) -> bool:
    """Whether a bar from 0 to 1 shows it."""
    return metric.name not in {"average_rank", "net_sentiment"}


def when_asked(schedule: Schedule) -> str:
    if schedule.stopped_by:
        return f"Not asked by itself: {schedule.stopped_by}."
    return f"Asked every {WEEKDAYS[schedule.weekday]} at {schedule.hour:02}:00 UTC."


def filter_of_claims(name: str) -> dict[str, str]:
    """The query that lists claims of this verdict or polarity; of those without a verdict: all."""
    if name in set(Polarity):
        return {"polarity": name}
    verdict = name.replace("_", "-")
    return {"verdict": verdict} if verdict in set(Verdict) else {}


def now() -> datetime:
    return datetime.now(UTC)
