"""Jobs at a vendor: planned, lost, grown older, and what became of them."""

import requests
from ground import forget_limits

from senso.tasks.periodic import poll
from senso.tasks.stages import submit_snapshot

CHATGPT = "gd_m7aof0k82r803d5bjm"


def job(make, **options) -> str:
    """A job that is planned and that nobody has submitted yet."""
    make.batch(**{"questions": 3, "models": ("chatgpt",)} | options)
    return str(make.one("SELECT id FROM vendor_jobs"))


def row(make) -> dict:
    (found,) = make.sql("SELECT *, next_poll_at > now() AS later FROM vendor_jobs")
    return found


def age(make, seconds: float) -> None:
    """As if the request had gone out that much earlier, and all that waits were due."""
    make.sql(
        "UPDATE vendor_jobs SET maybe_sent_at = maybe_sent_at - make_interval(secs => :s), "
        "grace_until = grace_until - make_interval(secs => :s), lease_until = lease_until - make_interval(secs => :s), "
        "next_poll_at = now(), cancel_due_at = CASE WHEN cancel_due_at IS NOT NULL THEN now() END",
        s=seconds,
    )


def rested(make) -> None:
    """As if the time were over for which a vendor has asked us to wait."""
    make.sql("DELETE FROM limited_requests")
    forget_limits()


def repairs(make) -> dict:
    return {one["kind"]: one["n"] for one in make.sql("SELECT kind, sum(count)::int AS n FROM repairs GROUP BY kind")}


def triggers(sandbox) -> list[str]:
    return [call["snapshot_id"] for call in sandbox.calls("brightdata.trigger")]


def collect(make) -> None:
    for _ in range(3):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
        poll()


def trigger(sandbox, inputs) -> str:
    """A job on the same account that is not ours."""
    reply = requests.post(
        f"{sandbox.url}/brightdata/datasets/v3/trigger?dataset_id={CHATGPT}&format=json",
        json=inputs,
        headers={"Authorization": "Bearer sandbox-key"},
        timeout=5,
    )
    return reply.json()["snapshot_id"]


def lost(make, sandbox, **options) -> str:
    """A job that the vendor has, and whose name never came back."""
    snapshot = job(make, **options)
    sandbox.fault("brightdata.trigger", "drop-after", times=1)
    submit_snapshot(snapshot)
    return snapshot
