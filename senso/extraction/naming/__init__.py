"""Which names may count as an org's: rules for what a model proposes, and words that are names only if a model says so.

`known` holds what is known of an org without a model, `rules` decides about proposed names, `kinds` has the words that
say what kind of organisation something is, `sites` decides which websites are the org's own, `frequent` which words are
common in a language, `doubt` which occurrences of a name need a model's yes.
"""

from senso.extraction.naming import frequent
from senso.extraction.naming.doubt import SHOWN_LANGUAGES, Doubt, common_in
from senso.extraction.naming.known import Known, distinct
from senso.extraction.naming.rules import Judged, Proposal, claimed_by, judged
from senso.extraction.naming.sites import domains

__all__ = ["Doubt", "Judged", "Known", "Proposal", "claimed_by", "common_in", "distinct", "domains", "judged", "load"]


def load() -> None:
    """The lists of words that a proposed name is looked up in; else the first names load them."""
    for language in SHOWN_LANGUAGES:
        frequent.listed(language)
