"""How often, how long and how many at a time, where no setting says it: figures with their reasons.

All processes of an installation go by the same ones, a reaper by the lease that a worker has taken: so they are no
environment variables. Functions that claim, wait or give up take them as `policy`; the program uses POLICY.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    # Of a run, a reading or a job: then it is given up.
    most_failures: int = 5
    names_tries: int = 3
    push_tries: int = 48  # with waits of up to an hour: two days

    # Longer than the longest call, so that a living caller is never overtaken; a dead one is noticed by its heartbeat.
    lease_seconds: float = 150
    push_lease_seconds: float = 60
    # A process that has not beaten for so long is taken for dead.
    silent_seconds: float = 10
    # How long a vendor's list may take to show a job, once the request for it has ended.
    grace_seconds: float = 30

    # When a service asks us to wait and does not say how long; and however long it says.
    wait_seconds: float = 15
    longest_wait_seconds: float = 300
    longest_push_wait_seconds: float = 3600

    # Beyond the slowest provider (20 minutes) and the longest waits between tries; a batch that is not done then ends.
    batch_seconds: float = 6 * 3600
    # Should the chain that opened the batch be lost, its row in the outbox has the rest of it sent again.
    open_again_seconds: float = 20
    # If the process that asks for names dies, answers are read with the names known by then.
    names_patience_seconds: float = 120
    # For so long the names of an org that a model found are not asked for again. After a failed call the plain name
    # serves the batch that waits for it; a retry of it asks again, and the next batch.
    names_kept: timedelta = timedelta(days=30)
    plain_name_kept: timedelta = timedelta(hours=1)

    # How many runs of one batch are in the queues at a time: a large batch must not stand in front of all small ones.
    window: int = 100
    # Jobs that one poll looks at.
    looks_at_once: int = 200
    # Lost messages found per transaction; the search repeats while there are more.
    lost_at_once: int = 500
    # A message that is in no queue is in a worker's hands or lost; while queues are long it may only be waiting there.
    quiet_seconds: float = 20
    quiet_seconds_while_busy: float = 300
    # A running batch with nothing in anybody's hands for so long has lost who was to go on with it.
    idle_seconds: float = 60


POLICY: Final = Policy()
