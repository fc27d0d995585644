"""Finding at the vendor what may have been submitted there."""

from datetime import timedelta

from senso.db import transaction
from senso.queries import submissions
from senso.queries.snapshots import SnapshotWork
from senso.tasks.attempts import guarded
from senso.tasks.reach import job_provider

# Between the vendor's clock and the database's.
SKEW = timedelta(minutes=5)
# Jobs whose inputs are read in one look. Ours are known by their names, so that few are left to be compared.
MOST_COMPARED = 50


def jobs_like(work: SnapshotWork) -> list[str]:
    """The vendor's jobs that were asked exactly what this row sent and that nobody here has yet, oldest first.

    Raises OutsideError when that cannot be known now.
    """
    if work.maybe_sent_at is None:
        return []
    vendor, since = job_provider(work.provider), work.maybe_sent_at - SKEW
    listed = guarded(lambda: vendor.jobs_since(work.model, since))
    with transaction() as db:
        strange = submissions.without_row(db, work.provider, listed)
    return guarded(lambda: [job for job in strange[:MOST_COMPARED] if vendor.fingerprint_of(job) == work.request_hash])
