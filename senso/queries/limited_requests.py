"""Requests to vendors of jobs that were answered by 429: what such a vendor counts before it blocks an account."""

from dataclasses import dataclass
from uuid import UUID

from senso.db import Link
from senso.db.statement import Prepared
from senso.policy import Policy
from senso.states import JobRequest


@dataclass(frozen=True, slots=True)
class Limited:
    """`pause_seconds`: how long requests of its kind then wait. `in_a_row`: its place in a series without a success."""

    id: UUID
    request: JobRequest
    age_seconds: float
    pause_seconds: float
    in_a_row: int


LATELY = Prepared("""
    SELECT id, request, extract(epoch FROM clock_timestamp() - at)::float AS age_seconds, pause_seconds, in_a_row
    FROM limited_requests WHERE provider = :provider AND at > now() - make_interval(secs => :seconds)
    ORDER BY at
""")


def lately(db: Link, provider: str, policy: Policy) -> list[Limited]:
    """Those that still count, or because of which the vendor is still left alone; the oldest first."""
    seconds = policy.limited_window_seconds + policy.left_alone_seconds
    found = LATELY.rows(db, {"provider": provider, "seconds": seconds})
    return [Limited(**one | {"request": JobRequest(one["request"])}) for one in found]


# Kept for a week, to be looked at.
ADD = Prepared("""
    WITH old AS (DELETE FROM limited_requests WHERE provider = :provider AND at < now() - interval '7 days')
    INSERT INTO limited_requests (id, provider, request, pause_seconds, in_a_row)
    VALUES (CAST(:id AS uuid), :provider, :request, :pause, :in_a_row) ON CONFLICT DO NOTHING
""")


def add(db: Link, provider: str, limited: Limited) -> None:
    values = {"id": limited.id, "provider": provider, "request": limited.request}
    ADD.rows(db, values | {"pause": limited.pause_seconds, "in_a_row": limited.in_a_row})
