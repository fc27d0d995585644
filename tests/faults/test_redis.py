"""Redis dies, is emptied, fills up, is slow, hands over to its replica, or is there and answers nobody."""

import threading
import time

from redis import Redis
from redis_servers import redis_server


def test_redis_killed_and_down_for_ten_seconds(start, told):
    product = start(orgs=8, answer_seconds=3)
    batches = product.trigger()
    product.wait_for_flight(60)

    product.down(product.servers.redis)
    time.sleep(10)
    made = product.asked()
    product.up(product.servers.redis)
    recovery = product.until(lambda: product.asked() > made, 60, "nobody asked again")
    product.end(batches)

    row = told(
        product, 13, struck="kill -9 of Redis, 10 s down", load="320 runs, 60 calls in flight", recovery=recovery
    )
    assert product.states() == {"completed": 8}
    assert row["broken"] == []
    assert row["twice"] == 0
    assert recovery < 60


def test_redis_away_for_longer_than_every_patience(start, told):
    """90 s: more than the retries of a publish (4 s), of a result (20 s), of a socket (30 s) together."""
    product = start(orgs=8, answer_seconds=3)
    batches = product.trigger()
    product.wait_for_flight(60)
    pids = {name: child.process.pid for name, child in product.children.items()}

    product.down(product.servers.redis)
    time.sleep(90)
    made = product.asked()
    product.up(product.servers.redis)
    recovery = product.until(lambda: product.asked() > made, 90, "nobody asked again")
    product.end(batches)

    row = told(product, 14, struck="Redis away for 90 s", load="320 runs, 60 calls in flight", recovery=recovery,
        note="10 min in the row; every retry has given up after 90 s")  # fmt: skip
    assert product.states() == {"completed": 8}
    assert row["broken"] == []
    assert row["twice"] == 0
    assert {name: child.process.pid for name, child in product.children.items()} == pids  # nobody crashed


def test_redis_emptied(start, told):
    product = start(orgs=8, answer_seconds=3)
    batches = product.trigger()
    product.wait_for_flight(60)

    with product.servers.client() as client:
        lost = sum(client.llen(queue) for queue in ("ask", "extract", "score", "control"))
        client.flushall()
    recovery = product.end(batches)

    row = told(product, 15, struck=f"FLUSHALL, {lost} waiting messages and all chords gone", load="320 runs",
        recovery=recovery)  # fmt: skip
    assert product.states() == {"completed": 8}
    assert row["broken"] == []
    assert row["twice"] == 0


def test_lines_to_redis_that_carry_nothing_any_more(start, told):
    product = start(orgs=8, answer_seconds=3, redis_proxy=True)
    batches = product.trigger()
    product.wait_for_flight(60)

    product.redis_proxy.half_open()
    recovery = product.end(batches, 240)

    swallowed = product.redis_proxy.swallowed
    row = told(product, 16, struck=f"{swallowed} bytes swallowed", load="320 runs", recovery=recovery)
    assert swallowed > 0
    assert product.states() == {"completed": 8}
    assert row["broken"] == []
    assert row["twice"] == 0


def test_redis_full(start, told):
    product = start(orgs=3, answer_seconds=1)
    with Redis.from_url(product.servers.redis.url) as client:
        client.config_set("maxmemory", "1mb")
        batches = product.trigger()
        time.sleep(15)
        refused = int(client.info("errorstats").get("errorstat_OOM", {}).get("count", 0))
        intents = product.make.one("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        client.config_set("maxmemory", "0")
    recovery = product.end(batches)

    row = told(product, 17, struck=f"{refused} commands refused, {intents} intents kept", load="120 runs",
        recovery=recovery)  # fmt: skip
    assert refused > 0
    assert intents > 0
    assert product.states() == {"completed": 3}
    assert row["broken"] == []
    assert row["twice"] == 0


def test_redis_slow_and_its_lines_cut(start, told):
    """300 ms there and back, twenty lines cut each second, for 20 s."""
    product = start(orgs=3, answer_seconds=1, redis_proxy=True)
    product.redis_proxy.latency = 0.15  # each way
    batches = product.trigger()
    cutting = threading.Event()
    cutter = threading.Thread(target=cut_lines, args=(product.redis_proxy, cutting))
    cutter.start()
    time.sleep(20)
    cutting.set()
    cutter.join()
    product.redis_proxy.latency = 0
    recovery = product.end(batches, 240)

    cuts = product.redis_proxy.cuts
    row = told(product, 18, struck=f"{cuts} lines cut, {product.redis_proxy.delayed} packets delayed", load="120 runs",
        recovery=recovery)  # fmt: skip
    assert cuts > 50
    assert product.redis_proxy.delayed > 100
    assert product.states() == {"completed": 3}
    assert row["broken"] == []
    assert row["twice"] == 0


def cut_lines(proxy, stop) -> None:
    while not stop.wait(0.1):
        proxy.cut(2)


def test_messages_delivered_again_while_their_task_runs(start, told):
    product = start(orgs=2, answer_seconds=8, sabotage={"all": "short_visibility"})
    batches = product.trigger()

    recovery = product.end(batches)

    row = told(product, 21, struck="visibility 2 s, answers 8 s", load="80 runs", recovery=recovery)
    assert product.states() == {"completed": 2}
    assert row["broken"] == []
    assert row["twice"] == 0


def test_redis_hands_over_to_its_replica_behind_one_address(start, told, tmp_path):
    """The old primary lives on as a replica of the new one, and lines to it stay open: nobody is told."""
    product = start(orgs=6, answer_seconds=3, redis_proxy=True)
    old = product.servers.redis
    options = ("--requirepass", old.password, "--masterauth", old.password)
    with redis_server(tmp_path, *options, "--replicaof", "127.0.0.1", str(old.port)) as port:
        orgs = product.load()
        batches = product.trigger(orgs[:3])
        product.wait_for_flight(40)
        made = product.asked()
        product.redis_proxy.target_port = port
        hand_over(old, port)
        struck = time.monotonic()
        try:
            batches += product.trigger(orgs[3:])
            product.until(lambda: product.asked() > made, 90, "nobody asked again")
            recovery = time.monotonic() - struck
            product.end(batches)
        finally:
            with product.servers.client() as client:
                client.replicaof("NO", "ONE")

    row = told(product, 36, struck="replica promoted", load="240 runs, 40 calls in flight", recovery=recovery)
    assert product.states() == {"completed": 6}
    assert row["broken"] == []
    assert row["twice"] == 0


def hand_over(old, port):
    with Redis(port=port, password=old.password) as new, Redis(port=old.port, password=old.password) as client:
        new.replicaof("NO", "ONE")
        client.config_set("masterauth", old.password)
        client.replicaof("127.0.0.1", port)
