"""Words for questions, for answers, and for what is read in them."""

from enum import StrEnum


class QuestionKind(StrEnum):
    """Whether the question names the org."""

    BRANDED = "branded"
    UNBRANDED = "unbranded"


class Surface(StrEnum):
    """Where a model is asked: in the app that people use, or by its vendor's API. Results are never pooled."""

    CONSUMER = "consumer"
    API = "api"


class Searched(StrEnum):
    """Whether the model searched the web for its answer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Honoured(StrEnum):
    """Whether the vendor asked from the requested country, as far as it reports one."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class CompetitorState(StrEnum):
    """seen: in few answers so far; discovered: in enough that its name stays; tracked: the org asked to follow it."""

    SEEN = "seen"
    DISCOVERED = "discovered"
    TRACKED = "tracked"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    MIXED = "mixed"


class ClaimKind(StrEnum):
    FACT = "fact"
    OPINION = "opinion"
    COMPARISON = "comparison"


class Polarity(StrEnum):
    """Whether a claim speaks for the org or against it."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


class Verdict(StrEnum):
    """What the org's facts on file say of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_COVERED = "not-covered"


class Category(StrEnum):
    """What kind of site a cited page is on. own, competitor: for one org; the others are the domain's."""

    OWN = "own"
    COMPETITOR = "competitor"
    LISTING = "listing"
    NEWS = "news"
    SOCIAL = "social"
    REFERENCE = "reference"
    FORUM = "forum"
    GOVERNMENT = "government"
    SHOP = "shop"
    OTHER = "other"


class Visibility(StrEnum):
    """Of an org in one answer. cited: at least one page that the answer cites is the org's own."""

    NAMED_AND_CITED = "named_and_cited"
    NAMED_ONLY = "named_only"
    CITED_ONLY = "cited_only"
    NEITHER = "neither"


OF_DOMAINS = tuple(one for one in Category if one not in {Category.OWN, Category.COMPETITOR})


class ProposalState(StrEnum):
    """Of a name that a model proposed and that does not count by itself."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
