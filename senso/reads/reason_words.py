"""Why an answer counts in a number, or does not, in words; the same in a terminal and on a page."""

from collections.abc import Sequence

from senso.explanation import Reason, Standing
from senso.reads.mark_words import why
from senso.reports.wording import NAMES
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
    Reason.ANOTHER_TAG: "the question does not have this tag",
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
DIFFERS = (
    "The answers, counted now, give {now}: since the batch ended they were read again, or the org's websites, or the "
    "names of its competitors have changed."
)


def said_of(reason: str, rejections: Sequence[str]) -> str:
    return "; ".join([REASONS.get(reason, reason), *map(why, rejections)])
