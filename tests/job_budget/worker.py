"""A process of its own that submits, polls and cancels jobs as workers do, with another policy, until it is ended."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module

from senso import edge, policy, publishing

PER_MESSAGE = 5


class Sender:
    """Works a message off in a thread, in place of a queue."""

    def __init__(self, pool, submit) -> None:
        self.pool, self.submit = pool, submit

    def send_each(self, name, ids) -> None:
        for id_ in ids:
            self.work(name, [id_])

    def send_groups(self, name, ids) -> None:
        for start in range(0, len(ids), PER_MESSAGE):
            self.work(name, ids[start : start + PER_MESSAGE])

    def work(self, name, ids) -> None:
        assert name == "submit_snapshot"
        self.pool.submit(self.submit, ids)


def main(changes) -> None:
    place_seconds, request_seconds = changes.pop("place_seconds", None), changes.pop("request_seconds", None)
    policy.POLICY = replace(policy.POLICY, **changes)  # before anybody imports it
    counting = import_module("senso.job_budget.counting")
    counting.LEASE_SECONDS = counting.LEASE_SECONDS if place_seconds is None else place_seconds
    client = import_module("senso.providers.brightdata.client")
    client.LONG_SECONDS = request_seconds or client.LONG_SECONDS
    polling, submitting = (import_module(f"senso.workflows.vendor_jobs.{name}") for name in ("polling", "submitting"))
    edge.supply()
    publishing.register(lambda _: None)
    import_module("senso.runtime.heartbeat").heartbeat.start()
    with ThreadPoolExecutor(8) as pool:
        print("ready", flush=True)
        sender = Sender(pool, submitting.submit)
        while True:
            polling.poll_rounds(sender)
            time.sleep(0.02)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
