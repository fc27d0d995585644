"""One sandbox for the whole run, on a free port and without waits; each test finds it untouched."""

import ssl
from functools import lru_cache

import pytest
from sandbox_client import Client

from senso.sandbox.server import Settings, running
from senso.sandbox.state import Timing
from senso.sandbox.world import World

QUICK = {
    "answer_seconds": 0,
    "reading_seconds": 0,
    "snapshot_seconds": 0,
    "batch_seconds": 0,
    "running_jobs_limit": 5000,
}


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once():
    """Each client of a vendor's library would read all certificates of the machine anew, and here none uses TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", lru_cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session")
def url():
    with running(Settings(timing=Timing(0, 0, 0, 0))) as url:
        yield url


@pytest.fixture
def client(url):
    client = Client(url)
    yield client
    client.control("faults", method="DELETE")
    client.end_batches()
    for what in ("lies", "obeys", "calls", "pushes", "slack"):
        client.control(what, method="DELETE")
    client.control("timing", QUICK)
    client.control("lies", {"share": 0})
    client.control("obeys", {"obeys": False})
    client.http.close()


@pytest.fixture(scope="session")
def world():
    return World(7, orgs=20, questions=10, networks=1)
