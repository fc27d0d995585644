"""Finds jobs at the vendor that a row may have submitted."""

from collections.abc import Sequence
from datetime import timedelta

from senso.db import transaction
from senso.errors import Malformed
from senso.providers import Jobs
from senso.queries import job_lookups
from senso.queries.vendor_jobs import JobWork
from senso.workflows.call_reports import guarded
from senso.workflows.provider_access import jobs_at

# Largest difference between the vendor's clock and the database's.
SKEW = timedelta(minutes=5)
# Most jobs whose inputs one look-up reads. Jobs with a row are excluded by their name, so few remain, unless the
# account is shared: then those created closest to our request are read.
MOST_COMPARED = 50


def jobs_like(work: JobWork) -> list[str]:
    """The vendor's jobs with exactly the inputs that this row sent and without a row of their own, oldest first.

    Raises OutsideError when that cannot be determined now.
    """
    if work.maybe_sent_at is None:
        return []
    vendor, since = jobs_at(work.provider), work.maybe_sent_at - SKEW
    with guarded():
        listed = vendor.jobs_since(work.model, since)
    with transaction() as db:
        strange = job_lookups.without_row(db, work.provider, list(listed))
    sent = work.maybe_sent_at
    near = set(sorted(strange, key=lambda job: abs(listed[job] - sent))[:MOST_COMPARED])
    with guarded():
        return alike(work, vendor, [job for job in strange if job in near])


def alike(work: JobWork, vendor: Jobs, jobs: Sequence[str]) -> list[str]:
    """Jobs with this row's inputs. Raises for an unreadable job only when none matches: it may be the one."""
    found, unread = [], None
    for job in jobs:
        try:
            if vendor.fingerprint_of(job) == work.request_hash:
                found.append(job)
        except Malformed as error:
            unread = error
    if unread is not None and not found:
        raise unread
    return found
