"""Compares the vendor's own list of jobs with our rows: it shows spending independently of our records."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from senso.db import transaction
from senso.errors import Malformed
from senso.providers import Jobs
from senso.queries import job_lookups
from senso.registry import FILE_PROVIDERS, JOB_PROVIDERS
from senso.workflows.call_reports import guarded
from senso.workflows.provider_access import jobs_at
from senso.workflows.vendor_jobs.matching import MOST_COMPARED

# Younger jobs are skipped: a job whose reply was lost is looked up and gets its row within that time.
YOUNG = timedelta(minutes=10)
LATELY = timedelta(days=7)


def jobs_without_row(since: datetime | None = None) -> list[dict[str, Any]]:
    """Jobs since then, or of the last week, without a row. Raises OutsideError and ConfigError."""
    start = since or datetime.now(UTC) - LATELY
    return [job for provider in (*JOB_PROVIDERS, *FILE_PROVIDERS) for job in of_provider(provider, start)]


def of_provider(provider: str, start: datetime) -> Iterator[dict[str, Any]]:
    with transaction() as db:
        models = job_lookups.models_asked(db, provider)
    vendor = jobs_at(provider) if models else None
    for model in models if vendor else ():
        with guarded():
            listed = vendor.jobs_since(model, start)  # type: ignore[union-attr]
        old = [job for job, moment in listed.items() if moment < datetime.now(UTC) - YOUNG]
        with transaction() as db:
            strange = job_lookups.without_row(db, provider, old)
        for job in strange[:MOST_COMPARED]:
            yield {"what": sent_by(vendor, job), "id": job, "model": model, "at": listed[job]}  # type: ignore[arg-type]


def sent_by(vendor: Jobs, job: str) -> str:
    """Which row sent it, as its inputs show."""
    try:
        with guarded():
            mark = vendor.fingerprint_of(job)
    except Malformed:
        mark = None
    with transaction() as db:
        row = mark and job_lookups.sent_as(db, mark)
    return f"sent twice: the request of job {row}" if row else "sent by no row that is there"
