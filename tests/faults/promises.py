"""What must be true after every fault: I1-I8 as the product itself checks them, and as the outside saw it."""

import time
from collections import Counter
from typing import Any

from senso.db import transaction
from senso.queries import invariants


def broken(product) -> dict[str, Any]:
    """By promise what breaks it; empty when all are kept."""
    with transaction() as db:
        found: dict[str, Any] = dict(invariants.broken(db))
    if not drained(product):
        found["I7 queues drain"] = product.ready()
    if unclaimed(product) > 0:
        found["I6 no call without a claim"] = unclaimed(product)
    return found


def drained(product, seconds: float = 15) -> bool:
    """Ticks come and go; what counts is that there is a moment at which nothing waits."""
    until = time.monotonic() + seconds
    while product.ready() and time.monotonic() < until:
        product.watch()
        time.sleep(0.05)
    return not product.ready()


def direct_calls(product) -> int:
    """Calls that reached a provider, whatever it answered."""
    return sum(call["where"].startswith("openai.") for call in product.sandbox.calls())


def unclaimed(product) -> int:
    """Calls at the provider that no row announced."""
    return direct_calls(product) - product.make.one("SELECT count(*) FROM llm_calls WHERE provider = 'openai'")


def made_twice(product) -> int:
    """Calls that the provider was paid for and that another call for the same thing was paid for too."""
    paid = Counter(
        (call["where"], call["organisation"], call["schema"], call["question"], call["model"], call["country"])
        for call in product.sandbox.calls()
        if call["where"].startswith("openai.") and call["fault"] is None and call["status"] in {200, None}
    )
    wanted = product.make.one(
        "SELECT count(*) FROM (SELECT DISTINCT purpose, run_id, org_id FROM llm_calls "
        "WHERE provider = 'openai' AND (outcome IS NULL OR outcome IN ('answered', 'read', 'found'))) w"
    )
    return max(0, sum(paid.values()) - wanted)  # a claim whose caller died before it called is no call


def jobs_made_twice(product) -> int:
    triggers = [call for call in product.sandbox.calls("brightdata.trigger") if call["status"] == 200]
    return len(triggers) - product.make.one("SELECT count(*) FROM snapshots")
