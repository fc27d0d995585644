"""Stage 4: computes metrics from readings, each with its uncertainty.

A metric is for one slice: branded and unbranded questions, and consumer and API surfaces, are never pooled, since they
measure different things. Its interval is about questions like these, and it has a second one about the same questions
asked again (`senso.numbers`).

facts    an answer's data, slices, metrics
counts   what an answer adds to each number
metrics  the numbers of each slice
lists    competitors and cited domains
named    how often each competitor is named
claimed  claims, counted
"""

from senso.score.claimed import ClaimCount, Claimed, ClaimedItem
from senso.score.counts import CATEGORIES, COUNTS, PLACES, SENTIMENTS, Counted, counted, outcome_of, visibility
from senso.score.facts import Fact, Metric, Slice
from senso.score.lists import CitedDomain, CitedPage, CompetitorCount, leaderboard, sources
from senso.score.metrics import LIKE, RULE_VERSION, score, slices
from senso.score.named import naming_intervals, naming_places, namings

__all__ = [
    "CATEGORIES",
    "COUNTS",
    "LIKE",
    "PLACES",
    "RULE_VERSION",
    "SENTIMENTS",
    "CitedDomain",
    "CitedPage",
    "ClaimCount",
    "Claimed",
    "ClaimedItem",
    "CompetitorCount",
    "Counted",
    "Fact",
    "Metric",
    "Slice",
    "counted",
    "leaderboard",
    "naming_intervals",
    "naming_places",
    "namings",
    "outcome_of",
    "score",
    "slices",
    "sources",
    "visibility",
]
