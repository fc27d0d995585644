"""What `senso metrics` tells Prometheus. docs/metrics.md has every name with its labels and its meaning.

Everything comes from rows and from Redis, at the moment of the question: no process counts anything in its memory, so
that a restart loses nothing, and all processes together are one set of numbers.

looks         reads Postgres, Redis and the limits, each within the time that a scrape has
limits        the limits and breakers of providers
stops         pauses, ceilings and reconciliations
families      which names there are, with their help texts
from_gauges   what is open now, as metrics
from_totals   what has ended, as metrics
collector     puts them together
"""
