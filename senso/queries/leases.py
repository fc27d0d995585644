"""How long a claim holds, how often one may fail, and how long silence is excused."""

MAX_FAILURES = 5
# Longer than the longest call, so that a living caller is never overtaken; a dead one is noticed by its heartbeat.
LEASE_SECONDS = 150
# How long a vendor's list may take to show a job, once the request for it has ended.
GRACE_SECONDS = 30
# A process that has not beaten for so long is taken for dead.
SILENT = "10 seconds"
# For so long the names of an org that a model found are not asked for again.
NAMES_KEPT = "30 days"
