"""The page for a manager: one file that loads nothing from the network and runs no scripts.

Names, questions and domains come from outside: the template escapes everything except our own markup, and the page's
Content-Security-Policy forbids scripts, images and requests.
"""

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from senso.quantities import counted
from senso.reports import basis, wording
from senso.reports.chapter import MOST_BATCHES, chapter
from senso.reports.content import ORDER, Pool, Report
from senso.reports.passages import plain, shortened

MOST_QUESTIONS = 200
LONGEST_WORD = 20
RANGE = re.compile(r"(?<=\d) to (?=\d)")
# Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese: a browser knows where to break their lines.
SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff\ufe30-\uffef\U00020000-\U0003ffff"
LONG_WORD = re.compile(rf"[^\s{SPACELESS}]{{{LONGEST_WORD + 1},}}")
PART = re.compile(rf"[^-._?&=@:/]{{0,{LONGEST_WORD}}}[-._?&=@:/]+|[^-._?&=@:/]{{1,{LONGEST_WORD}}}")
DOMAIN = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+")


def breakable(location: str) -> Markup:
    """Allows line breaks after slashes, besides those of `foldable`."""
    return Markup("/<wbr>").join(map(foldable, location.split("/")))


def foldable(name: str) -> Markup:
    """Allows line breaks only inside a word that may be too long for a line, after its punctuation if it has any."""
    ends = {word.start() + part.end() for word in LONG_WORD.finditer(name) for part in PART.finditer(word[0])}
    inside = sorted(end for end in ends if end < len(name) and not unicodedata.category(name[end]).startswith("M"))
    return Markup("<wbr>").join(escape(name[start:end]) for start, end in pairwise([0, *inside, len(name)]))


def isolated(text: str, name: str) -> Markup:
    """Isolates a name that is written from right to left, so that it does not reverse the text beside it."""
    if not any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in name):
        return escape(text)
    return escape(text).replace(escape(name), Markup("<bdi>{}</bdi>").format(name))


def together(text: str) -> str:
    """Prevents line breaks inside a number."""
    return RANGE.sub("\u00a0to\u00a0", text).replace(" %", "\u00a0%")


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {"wording": wording, "basis": basis}
TEMPLATES.filters |= {
    "day": wording.day,
    "counted": counted,
    "breakable": breakable,
    "foldable": foldable,
    "isolated": isolated,
    "plain": plain,
    "shortened": shortened,
    "together": together,
}


def page(report: Report) -> str:
    asked = report.asked.questions
    return TEMPLATES.get_template("page.html").render(
        report=report,
        batch=report.batch,
        asked=report.asked,
        surfaces=sorted({surface for _, surface in report.asked.models}, reverse=True),
        questions=[(one, {heard.surface: heard for heard in one.heard}) for one in asked[:MOST_QUESTIONS]],
        more_questions=len(asked[MOST_QUESTIONS:]),
        chapters=[chapter(report, pool) for pool in shown_pools(report)],
        rules=sorted({metric.rule_version for metric in report.batch.metrics}),
        earlier=max(0, len(report.batches) - MOST_BATCHES),
        link=link,
    )


def shown_pools(report: Report) -> list[Pool]:
    """In the order of reading. One without numbers is left out: they were counted when a model had another surface."""
    counted_ones = [pool for pool in report.pools if wording.whole(report.batch.metrics, pool.kind, pool.surface)]
    return sorted(counted_ones, key=lambda pool: ORDER.index((pool.kind, pool.surface)))


def link(domain: str) -> str | None:
    """The URL of a domain; None if it is not a plain domain name."""
    return f"https://{domain}" if DOMAIN.fullmatch(domain) else None
