"""A replica is promoted behind one address: who is connected to the old primary leaves it by himself."""

import time
from contextlib import contextmanager

import pytest
from faults.proxy import Proxy
from kombu import Connection
from redis import Redis
from redis_servers import free_port, redis_server

from senso.worker import configuration, transport
from senso.worker.transport import Transport

AT_ONCE = ("--repl-diskless-sync-delay", "0")  # by default a primary waits 5 s for other replicas to come


@pytest.fixture
def pair(tmp_path):
    """Two servers, the second a replica of the first, and a proxy before the first."""
    first, second = free_port(), free_port()
    with (
        redis_server(tmp_path / "1", *AT_ONCE, port=first),
        redis_server(tmp_path / "2", *AT_ONCE, "--replicaof", "127.0.0.1", str(first), port=second),
    ):
        proxy = Proxy(first)
        await_replica(second)
        yield proxy, first, second
        proxy.close()


def await_replica(port):
    with Redis(port=port) as client:
        for _ in range(200):
            if client.info("replication")["master_link_status"] == "up":
                return
            time.sleep(0.05)
    pytest.fail("the replica never found its primary")


def promote(proxy, first, second):
    """The old primary lives on as a replica, and open lines to it stay. What was written before is on both."""
    with Redis(port=first) as client:
        client.set("written last", "1")
        client.wait(1, 5_000)
    with Redis(port=second) as client:
        client.replicaof("NO", "ONE")
    with Redis(port=first) as client:
        client.replicaof("127.0.0.1", second)
    proxy.target_port = second


@contextmanager
def connected(proxy):
    transport.install()
    url, options = f"redis://127.0.0.1:{proxy.port}/0", configuration.broker_transport_options
    with Connection(url, transport=Transport, transport_options=options) as link:
        yield link


def test_what_is_sent_over_an_old_connection_arrives_at_the_new_primary(pair):
    proxy, _, second = pair
    with connected(proxy) as link, link.SimpleQueue("ask") as queue:
        queue.put("before")
        promote(*pair)
        queue.put("after")

    with Redis(port=second) as client:
        assert client.llen("ask") == 2


def test_who_waits_for_messages_is_told_that_his_connection_is_none(pair):
    proxy, _, _ = pair
    with connected(proxy) as link, link.SimpleQueue("ask") as queue:
        queue.put("before")
        queue.get(timeout=5).ack()
        promote(*pair)

        with pytest.raises(link.connection_errors):
            queue.get(timeout=5)
