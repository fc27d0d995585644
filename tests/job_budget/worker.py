"""A process of its own that submits, polls and cancels jobs as workers do, with another policy, until it is ended."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from senso import policy

policy.POLICY = replace(policy.POLICY, **json.loads(sys.argv[1]))  # type: ignore[misc]  before anybody imports it

from senso import edge, publishing
from senso.runtime.heartbeat import heartbeat
from senso.workflows.vendor_jobs import polling, submitting

PER_MESSAGE = 5


class Sender:
    """Works a message off in a thread, in place of a queue."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool

    def send_each(self, name, ids) -> None:
        for id_ in ids:
            self.work(name, [id_])

    def send_groups(self, name, ids) -> None:
        for start in range(0, len(ids), PER_MESSAGE):
            self.work(name, ids[start : start + PER_MESSAGE])

    def work(self, name, ids) -> None:
        assert name == "submit_snapshot"
        self.pool.submit(submitting.submit, ids)


def main() -> None:
    edge.supply()
    publishing.register(lambda _: None)
    heartbeat.start()
    with ThreadPoolExecutor(8) as pool:
        print("ready", flush=True)
        while True:
            polling.poll_rounds(Sender(pool))
            time.sleep(0.02)


if __name__ == "__main__":
    main()
