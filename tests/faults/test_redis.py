"""Redis dies, is emptied, fills up, is slow, hands over to its replica, or is there and answers nobody."""

import threading
import time

from load import HEAVY
from redis import Redis
from redis_servers import redis_server


def test_redis_killed_and_down_for_ten_seconds(fault):
    with fault(13, "kill -9 of Redis, 10 s down", runs=HEAVY, answer_seconds=2) as it:
        calls = it.product.wait_for_flight(60)
        it.strikes(calls=calls, messages=it.product.wait_for_messages(1))
        it.product.down(it.product.servers.redis)
        time.sleep(10)
        it.product.up(it.product.servers.redis)
        it.recovered(it.product.next_ask())

    assert it.row.twice == 0
    assert it.row.recovery < 60


def test_redis_away_for_longer_than_every_patience(fault):
    """90 s: more than the retries of a publish (4 s), of a result (20 s), of a socket (30 s) together."""
    with fault(14, "Redis away for 90 s", answer_seconds=3) as it:
        calls = it.product.wait_for_flight(60)
        it.strikes(calls=calls, messages=it.product.wait_for_messages(1))
        it.product.down(it.product.servers.redis)
        time.sleep(90)
        it.product.up(it.product.servers.redis)
        it.recovered(it.product.next_ask())
        it.row.note = "10 min in the row; every retry has given up after 90 s"

    assert it.row.twice == 0


def test_redis_emptied(fault):
    with fault(15, "FLUSHALL: all waiting messages and all chords gone", runs=HEAVY, answer_seconds=2) as it:
        calls = it.product.wait_for_flight(60)
        it.strikes(calls=calls, messages=it.product.wait_for_messages(50))
        it.product.servers.clear_redis()
        it.recovered(it.product.next_ask())

    assert it.row.twice == 0


def test_lines_to_redis_that_carry_nothing_any_more(fault):
    with fault(16, "every line to Redis stays open and carries nothing", answer_seconds=3, redis_proxy=True) as it:
        calls = it.product.wait_for_flight(60)
        it.strikes(calls=calls, connections=it.product.redis_proxy.open)
        it.product.ends.excused |= set(it.product.children)
        it.product.redis_proxy.half_open()
        it.product.load.enough()  # whoever triggers now connects anew, and would hide who does not
        it.recovered(it.product.end(300))
        it.hit(bytes=it.product.redis_proxy.swallowed)
        it.row.least_open = None  # until all have ended

    assert it.row.twice == 0


def test_redis_full(fault):
    with fault(17, "Redis full for 15 s", answer_seconds=4) as it, Redis.from_url(it.product.servers.redis.url) as full:
        it.product.wait_for_flight(60)
        before = refused(full)
        it.strikes()
        full.config_set("maxmemory", "1mb")
        time.sleep(15)
        it.hit(commands=refused(full) - before)
        it.hit(messages=it.product.make.one("SELECT count(*) FROM outbox WHERE published_at IS NULL"))
        full.config_set("maxmemory", "0")
        it.recovered(it.product.next_ask())

    assert it.row.twice == 0


def refused(client) -> int:
    return int(client.info("errorstats").get("errorstat_OOM", {}).get("count", 0))


def test_redis_slow_and_its_lines_cut(fault):
    with fault(18, "Redis 300 ms away, 20 lines cut each second, for 20 s", answer_seconds=1, redis_proxy=True) as it:
        it.product.wait_for_flight(60)
        proxy, cutting = it.product.redis_proxy, threading.Event()
        it.strikes()
        proxy.latency = 0.15  # each way
        cutter = threading.Thread(target=cut_lines, args=(proxy, cutting))
        cutter.start()
        time.sleep(20)
        cutting.set()
        cutter.join()
        proxy.latency = 0
        it.hit(connections=proxy.cuts, packets=proxy.delayed)
        it.recovered(it.product.next_ask())

    assert it.row.struck["connections"] > 50
    assert it.row.struck["packets"] > 100
    assert it.row.twice == 0


def cut_lines(proxy, stop) -> None:
    while not stop.wait(0.1):
        proxy.cut(2)


def test_messages_delivered_again_while_their_task_runs(fault):
    with fault(21, "messages delivered again after 2 s, answers take 8", answer_seconds=8,
        sabotage={"all": "short_visibility"}) as it:  # fmt: skip
        it.strikes(calls=it.product.wait_for_flight(60))
        it.product.until(lambda: it.product.strikes("redelivered") >= 20, 60, "nothing was delivered again")
        it.recovered(it.product.next_end())
        it.hit(messages=it.product.strikes("redelivered"))

    assert it.row.twice == 0


def test_redis_hands_over_to_its_replica_behind_one_address(fault, tmp_path):
    """The old primary lives on as a replica of the new one, and lines to it stay open: nobody is told."""
    with fault(36, "Redis hands over to its replica", runs=HEAVY, answer_seconds=2, redis_proxy=True) as it:
        old = it.product.servers.redis
        options = ("--requirepass", old.password, "--masterauth", old.password)
        with redis_server(tmp_path, *options, "--replicaof", "127.0.0.1", str(old.port)) as port:
            calls = it.product.wait_for_flight(60)
            it.strikes(calls=calls, messages=it.product.wait_for_messages(1), connections=it.product.redis_proxy.open)
            it.product.redis_proxy.target_port = port
            hand_over(old, port)
            try:
                it.recovered(it.product.next_ask())
                it.product.load.enough()
                it.product.end()
            finally:
                with it.product.servers.client() as client:
                    client.replicaof("NO", "ONE")
                it.product.redis_proxy.target_port = old.port  # it has all that the other had, which ends now

    assert it.row.twice == 0


def hand_over(old, port):
    with Redis(port=port, password=old.password) as new, Redis(port=old.port, password=old.password) as client:
        new.replicaof("NO", "ONE")
        client.config_set("masterauth", old.password)
        client.replicaof("127.0.0.1", port)
