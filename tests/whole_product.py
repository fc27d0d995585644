"""The product as users start it: workers, beat, sandbox as processes, on a database of its own."""

import os
import time
from uuid import UUID

import pytest
import yaml
from factories import Factory
from ground import Sandbox, addresses, new_database, use_database

from senso import imports, stack
from senso.db import transaction
from senso.policy import POLICY
from senso.queries import imports as import_queries
from senso.queries import invariants
from senso.sandbox.world import World
from senso.settings import settings

SEED = 7
MODELS = ["chatgpt", "gpt-6.1-terra", "gpt-6-luna"]
LOCATIONS = [{"country": "US"}, {"country": "CA", "region": "Ontario"}]


class Product:
    """The running stack on a database of its own."""

    def __init__(self, running: stack.Stack, sandbox: Sandbox) -> None:
        self.running = running
        self.sandbox = sandbox
        self.make = Factory()

    def load(self, world: World) -> list[UUID]:
        document = imports.parse(yaml.safe_dump(world.import_document(MODELS, LOCATIONS)), "world.yaml")
        with transaction() as db:
            import_queries.store(db, document, "test")
        return [UUID(str(org.id)) for org in world.orgs]

    def end(self, batches, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        wanted = [str(batch) for batch in batches]
        while time.monotonic() < deadline:
            self.running.watch()
            states = self.make.sql("SELECT state FROM batches WHERE id = ANY(CAST(:ids AS uuid[]))", ids=wanted)
            if all(row["state"] not in {"queued", "running"} for row in states):
                return
            time.sleep(0.1)
        pytest.fail(f"batches did not end: {self.make.sql('SELECT id, state, planned, remaining FROM batches')}")

    def pushed(self, batches, seconds: float = 20) -> dict[str, dict]:
        keys = {f"push:{batch}:1" for batch in batches}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = {push["idempotency_key"]: push for push in self.sandbox.pushes()}
            if keys <= set(found):
                return {key: found[key] for key in keys}
            time.sleep(0.1)
        pytest.fail("not every batch was pushed")


def running_product(urls, home, database, environment):
    before = dict(os.environ)
    with new_database(urls, database):
        outside = stack.sandbox(home / "url", "--seed", str(SEED), "--answer-seconds", "0.3", "--snapshot-seconds", "2")
        standing_in = stack.Stack([outside], say=print, logs=home)
        standing_in.start()
        os.environ |= addresses(stack.announced(home / "url", outside)) | environment
        settings.cache_clear()
        children = [*stack.call_workers(2, 200), stack.control_worker(), stack.beat(home)]
        running = stack.Stack(children, say=print, logs=home)
        running.start()
        try:
            yield Product(running, Sandbox(os.environ["OPENAI_BASE_URL"].removesuffix("/openai/v1")))
        finally:
            running.stop()
            standing_in.stop()
            os.environ.clear()
            os.environ |= before
            use_database(before["DATABASE_URL"])


def broken() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)
