"""Retries, leases, waits and batch sizes that no setting determines: constants with their reasons.

All processes of an installation must use the same values, such as a reaper the lease that a worker has taken: so they
are not environment variables. Functions that claim, wait or give up take them as an argument (`policy`); the program's
are POLICY.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    # A run, a reading or a job is given up after so many failures.
    most_failures: int = 5
    # How long a vendor is left alone before it gets another job for questions that came back empty-handed.
    job_again_seconds: float = 5
    # Calls for one question in all, and jobs that a question is put into, where what came could not be used. Some of
    # them are paid for.
    unusable_tries: int = 3
    cut_off_tries: int = 2
    names_tries: int = 3
    # Cited domains are classified by one call for so many; after so many failed calls they are given up.
    domains_at_once: int = 50
    domain_tries: int = 3
    domains_wait_seconds: float = 600
    push_tries: int = 48  # with waits of up to an hour: two days

    # Longer than the longest call, so that the lease of a live caller does not end; a dead one is detected by its
    # heartbeat.
    lease_seconds: float = 150
    push_lease_seconds: float = 60
    # A webhook that answers slowly must not take all threads that push.
    deliveries_at_a_time: int = 4  # of one webhook
    deliveries_kept_days: int = 30  # of those that have ended
    # A process without a heartbeat for this long is considered dead.
    silent_seconds: float = 10
    # How long a vendor's list may take to show a job, once the request for it has ended.
    grace_seconds: float = 30

    # The wait if a service asks us to wait without saying how long, and the limits for what it says.
    wait_seconds: float = 15
    longest_wait_seconds: float = 300
    longest_push_wait_seconds: float = 3600

    # Longer than the slowest provider (20 minutes) and the longest waits between tries; an unfinished batch then ends.
    batch_seconds: float = 6 * 3600
    # What a batch must have left of them to ask further: a vendor's job may take twenty minutes, or wait for its place.
    further_seconds: float = 2 * 3600
    # Of a batch whose answers the vendor reads within a day, and how long that is waited for.
    reading_batch_seconds: float = 30 * 3600
    reading_batch_patience_seconds: float = 20 * 3600
    # Then the vendor's batch is cancelled, and what it has done by then is read; for so long that is waited for.
    reading_batch_cancel_seconds: float = 3600
    # Longer than the upload of a file.
    upload_lease_seconds: float = 300
    # Answers in one file. Each goes with a prompt of 6 kB.
    readings_per_job: int = 2000
    # A vendor of jobs blocks an account that it has told too often to wait: BrightData after 25 answers of 429 within
    # five minutes, on every API, until its support lifts that (docs.brightdata.com/products/scrapers/limits). After
    # `limited_most` answers within `limited_window_seconds` nobody sends it anything for `left_alone_seconds`.
    limited_window_seconds: float = 300
    limited_most: int = 8
    left_alone_seconds: float = 300
    # After an answer of 429 no request of its kind is sent for this long, doubled with each further one: seven within
    # five minutes, so that one kind of request alone never has the vendor left alone. The vendor's own wait counts if
    # it is longer, up to `longest_limit_seconds`.
    first_pause_seconds: float = 4
    longest_pause_seconds: float = 300
    longest_limit_seconds: float = 1200
    # Requests to such a vendor at a time, over all processes, less one for each answer of 429 that is counted. Twice as
    # many are still below 25: Redis may be emptied while they are under way.
    job_requests_at_a_time: int = 12
    # Of these, of one process: one that dies leaves room for the others until its places are taken back.
    job_requests_a_process: int = 8
    # How long a request waits for its turn among them.
    turn_seconds: float = 15
    # While Redis is away each process sends one at a time, and none once as many are counted or may be under way.
    limited_most_without_redis: int = 20
    # Answers counted without Redis reach it within this time.
    limited_fresh_seconds: float = 30
    # Open jobs at such a vendor, over all processes: of all models without a `max_in_flight` of their own. The vendor
    # refuses more than 100 for a data set on some accounts.
    jobs_at_a_time: int = 80
    # A job that was given up counts as open there until it is cancelled, or for this long: then it has ended by itself.
    abandoned_job_seconds: float = 3600

    # If the chain that opened the batch is lost, its outbox row then sends the rest of it again.
    open_again_seconds: float = 20
    # If the process that asks for names is lost, answers are then read with the existing names.
    names_wait_seconds: float = 120
    # How long names that a model found are kept before they are asked for again. After a failed call the waiting batch
    # uses the plain name; a retry of it asks again, and so does the next batch.
    names_kept: timedelta = timedelta(days=30)
    plain_name_kept: timedelta = timedelta(hours=1)

    # Orgs of a network that are ready within this time have an answer read by one message; orgs whose batch has begun
    # lately and is not ready are waited for. What is then not handed out is due by itself.
    gather_seconds: float = 2
    gather_patience_seconds: float = 30
    gathered_seconds: float = 90

    # Of the orgs none of whose names occurs in an answer that is read for several, so many in a hundred are asked about
    # nevertheless, to measure what the rule misses.
    sampled_percent: int = 5

    # How many runs of one batch are in the queues at a time: a large batch must not delay all small ones.
    window: int = 100
    # After runs that have waited were sent, others of their batch take the places of those that are done by then.
    hand_out_more_seconds: float = 4
    # Most jobs per poll.
    jobs_per_poll: int = 200
    # Most lost messages found in one transaction; the search repeats while there are more.
    lost_at_once: int = 500
    # A message that is in no queue is with a worker or lost: lost if nothing claims it for this long. While queues are
    # long it may only be waiting in one.
    quiet_seconds: float = 20
    quiet_seconds_while_busy: float = 300
    # A batch that has run for this long with nothing in progress has lost the message that continues it.
    idle_seconds: float = 60


POLICY: Final = Policy()
