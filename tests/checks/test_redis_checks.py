"""What `doctor` says of real Redis servers, each lacking one thing; and of what is no Redis."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kombu.transport import redis
from redis import Redis
from redis_servers import (
    LIMITED,
    OF_THE_LOOK,
    OF_WORK,
    PASSWORD,
    QUOTED,
    free_port,
    make_certificates,
    redis_server,
    tls,
)

from senso.checks import Finding, redis_names
from senso.checks.redis import findings
from senso.settings import settings
from senso.tasks.app import app
from senso.worker.queues import ALL_QUEUES

pytestmark = pytest.mark.enable_socket  # Unix sockets among them
ACL = ("--user", "default", "off", "--user", "senso", "on", ">pw", "~*", "&*", "+@all")


@pytest.fixture
def look(environment):
    """`look("redis://...")`: the findings by name."""

    def looked(url: str) -> dict[str, Finding]:
        environment.setenv("REDIS_URL", url)
        settings.cache_clear()
        return {one.name: one for one in findings(ALL_QUEUES)}

    return looked


def faults(found: dict[str, Finding]) -> dict[str, Finding]:
    return {name: one for name, one in found.items() if one.state == "fault"}


def test_a_redis_with_all_that_is_needed_has_no_fault_and_keeps_nothing_of_the_look(look, tmp_path):
    with redis_server(tmp_path, "--appendonly", "yes") as port:
        found = look(f"redis://127.0.0.1:{port}/0")
        with Redis(port=port) as client:
            left = client.keys("*")

    assert {one.state for one in found.values()} == {"ok"}
    assert found["Redis"].said.endswith(f" at 127.0.0.1:{port}")
    assert left == []


@pytest.mark.parametrize(("number", "missing"), [(0, 1), (4, 5)])
def test_a_missing_database_is_named(look, tmp_path, number, missing):
    with redis_server(tmp_path, "--databases", str(missing)) as port:
        found = faults(look(f"redis://127.0.0.1:{port}/{number}"))

    assert list(found) == ["Redis results"]
    assert f"it has no database {missing}" in found["Redis results"].said
    assert "two in a row are needed" in found["Redis results"].do
    assert found["Redis results"].reachable


def test_a_cluster_is_refused_as_one(look, tmp_path):
    with redis_server(tmp_path, "--cluster-enabled", "yes") as port:
        found = faults(look(f"redis://127.0.0.1:{port}/0"))

    assert all("Redis Cluster" in one.said and one.reachable for one in found.values())
    assert list(found) == ["Redis queues", "Redis results"]


def test_a_replica_may_be_promoted_and_is_no_wrong_setting(look, tmp_path):
    primary = free_port()
    with (
        redis_server(tmp_path / "1", port=primary),
        redis_server(tmp_path / "2", "--replicaof", "127.0.0.1", str(primary)) as port,
    ):
        found = faults(look(f"redis://127.0.0.1:{port}/0"))

    assert "read-only replica" in found["Redis queues"].said
    assert "address of the primary" in found["Redis queues"].do
    assert not found["Redis queues"].reachable


@pytest.mark.parametrize("rights", [["-info", "-config", "-@admin"], ["-info"]])
def test_a_user_who_may_not_ask_is_enough(look, tmp_path, rights):
    with redis_server(tmp_path, *ACL, *rights) as port:
        found = look(f"redis://senso:pw@127.0.0.1:{port}/0")

    assert faults(found) == {}
    assert found["Redis memory"].state == "note"
    assert found["Redis"].said.startswith(("6.", "7.", "8."))


@pytest.mark.parametrize(
    ("right", "named"),
    [
        *(
            ("-script|load", "script"),
            ("-evalsha", "eval"),
            ("-brpop", "brpop"),
            ("-zadd", "zadd"),
            ("-publish", "publish"),
        ),
        *(("-hdel", "hdel"), ("-psubscribe", "psubscribe"), ("-watch", "watch"), ("resetkeys", "keys")),
    ],
)
def test_a_user_who_lacks_a_right_that_is_needed_is_told_which(look, tmp_path, right, named):
    with redis_server(tmp_path, *ACL, right) as port:
        found = faults(look(f"redis://senso:pw@127.0.0.1:{port}/0"))

    assert named in found["Redis queues"].said
    assert "docs/redis.md" in found["Redis queues"].do
    assert found["Redis queues"].reachable


def test_a_full_memory_passes_when_there_is_more(look, tmp_path):
    with redis_server(tmp_path, "--maxmemory", "100kb") as port:
        found = look(f"redis://127.0.0.1:{port}/0")

    assert "its memory is full" in found["Redis queues"].said
    assert not found["Redis queues"].reachable
    assert found["Redis room"].state == "warning"


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru"])
def test_a_policy_that_throws_away_is_warned_of(look, tmp_path, policy):
    with redis_server(tmp_path, "--maxmemory-policy", policy) as port:
        found = look(f"redis://127.0.0.1:{port}/0")

    assert found["Redis memory"].line.startswith(f"Redis memory: maxmemory-policy is {policy}; ")
    assert found["Redis memory"].do == "set maxmemory-policy noeviction"
    assert found["Redis memory"].state == "warning"


def test_persistence_that_is_off_is_noted(look, tmp_path):
    with redis_server(tmp_path) as port:
        assert look(f"redis://127.0.0.1:{port}/0")["Redis disk"].state == "note"


def test_a_busy_server_passes_by_itself(look, tmp_path):
    with redis_server(tmp_path, "--lua-time-limit", "1") as port, endless_script(port):
        found = look(f"redis://127.0.0.1:{port}/0")

    assert "busy with a script" in found["Redis"].said
    assert not found["Redis"].reachable


@contextmanager
def endless_script(port: int) -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.sendall(b"EVAL 'while true do end' 0\r\n")
        with socket.create_connection(("127.0.0.1", port)) as other:
            for _ in range(100):
                other.sendall(b"PING\r\n")
                if other.recv(100).startswith(b"-BUSY"):
                    break
        yield
        with socket.create_connection(("127.0.0.1", port)) as other:
            other.sendall(b"SCRIPT KILL\r\n")
            other.recv(100)


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    """Servers with TLS: one with a password, one with a certificate for another name that wants clients' ones too."""
    folder = tmp_path_factory.mktemp("tls")
    made, port, mutual = make_certificates(folder), free_port(), free_port()
    with (
        redis_server(folder / "1", *tls(made, port), "--requirepass", PASSWORD),
        redis_server(folder / "2", *tls(made, mutual, server="elsewhere", clients="yes")),
    ):
        yield {"port": port, "mutual": mutual, "ca": made.file("ca.pem"), "quoted": QUOTED, "folder": folder}


@pytest.mark.parametrize(
    ("url", "said", "do"),
    [
        ("rediss://:{quoted}@localhost:{port}/0", "not trusted", "ssl_ca_certs=FILE"),
        ("rediss://:{quoted}@127.0.0.1:{port}/0?ssl_ca_certs={ca}", "for another name", "ssl_check_hostname=false"),
        ("rediss://localhost:{mutual}/0?ssl_ca_certs={ca}", "for another name", "ssl_check_hostname=false"),
        ("rediss://localhost:{mutual}/0?ssl_cert_reqs=none", "", "ssl_certfile=FILE and ssl_keyfile=FILE"),
        ("redis://:{quoted}@localhost:{port}/0", "it speaks TLS", "rediss://"),
        ("rediss://:wrong@localhost:{port}/0?ssl_ca_certs={ca}", "does not accept the user and password", "right ones"),
        ("rediss://localhost:{port}/0?ssl_ca_certs={ca}", "wants a password", "redis://:PASSWORD@"),
    ],
)
def test_what_is_wrong_with_a_way_in_by_tls_is_said(look, secured, url, said, do):
    found = look(url.format(**secured))["Redis"]

    assert said in found.said
    assert do in found.do
    assert (found.state, found.reachable) == ("fault", False)
    assert QUOTED not in found.line
    assert PASSWORD not in found.line


def test_a_file_of_certificates_that_is_not_there_is_a_wrong_setting(look, secured):
    found = look(f"rediss://localhost:{secured['port']}/0?ssl_ca_certs=/nowhere/ca.pem")["Redis"]

    assert "ssl_ca_certs=/nowhere/ca.pem" in found.do
    assert (found.state, found.reachable) == ("fault", True)


@pytest.mark.parametrize("options", [(), ("--requirepass", "hunter2")])
def test_a_plain_redis_that_is_asked_by_tls_is_known_for_one(look, tmp_path, options):
    with redis_server(tmp_path, *options) as port:
        found = look(f"rediss://:hunter2@localhost:{port}/0")["Redis"]

    assert found.line == f"Redis: at localhost:{port}: it does not speak TLS; write redis:// in REDIS_URL"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:{port}/0", "it wants a password"),
        ("redis://:hunter3@127.0.0.1:{port}/0", "it does not accept the user and password"),
        ("redis://nobody:hunter2@127.0.0.1:{port}/0", "it does not accept the user and password"),
        ("redis://:hunter2@127.0.0.1:9/0", "connection refused: nobody listens there"),
        ("redis://:hunter2@nowhere.invalid/0", "no such host"),
        ("unix:///nowhere/redis.sock", "no socket /nowhere/redis.sock"),
    ],
)
def test_what_is_wrong_with_a_way_in_is_said_without_the_password(look, tmp_path, url, said):
    with redis_server(tmp_path, "--requirepass", "hunter2") as port:
        found = look(url.format(port=port))["Redis"]

    assert said in found.said
    assert found.do
    assert "hunter" not in found.line
    assert not found.reachable


def test_a_socket_that_this_user_may_not_use_is_said(look, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may use every socket")
    with redis_server(tmp_path, "--unixsocket", str(tmp_path / "a.sock")):
        (tmp_path / "a.sock").chmod(0)  # by its own setting, 0 is none
        assert "may not be used by this user" in look(f"unix://{tmp_path}/a.sock")["Redis"].said


def test_what_is_no_redis_is_not_taken_for_one(look):
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = look(f"redis://127.0.0.1:{other.getsockname()[1]}/0")["Redis"]

    assert "no answer within 5 s" in found.said
    assert not found.reachable


@pytest.mark.parametrize(
    ("taken", "line", "named"),
    [
        *(("~control", "queues", "the key control"), ("~unacked*", "queues", "the keys unacked and 2 more")),
        ("~_kombu.binding*", "queues", "the keys _kombu.binding.matrix and "),
        *(("~celeryev.*", "queues", "key celeryev."), ("~*.pidbox", "queues", ".reply.celery.pidbox")),
        ("~celery-task-meta-*", "results", "the key celery-task-meta-"),
        ("~celery-taskset-meta-*", "results", "the keys celery-taskset-meta-"),
        ("&celery-task-meta-*", "results", "the channel celery-task-meta-"),
        ("&/0.celeryev/*", "queues", "the channels /0.celeryev/* and 2 more"),
        ("&/0.celery.pidbox", "queues", "the channels /0.celery.pidbox and 1 more"),
    ],
)
def test_a_name_of_work_that_a_user_may_not_use_is_named(look, tmp_path, taken, line, named):
    allowed = (one for one in (*OF_THE_LOOK, *OF_WORK) if one != taken)
    with redis_server(tmp_path, *LIMITED, "resetchannels", *allowed) as port:
        found = faults(look(f"redis://senso:pw@127.0.0.1:{port}/0"))

    assert list(found) == [f"Redis {line}"]
    assert named in found[f"Redis {line}"].said
    assert "docs/redis.md" in found[f"Redis {line}"].do
    assert found[f"Redis {line}"].reachable


def test_a_user_with_the_names_of_work_alone_is_enough_and_none_of_them_is_made(look, tmp_path):
    other = ("--user", "all", "on", ">pw", "~*", "&*", "+@all")
    with redis_server(tmp_path, *LIMITED, "resetchannels", *OF_THE_LOOK, *OF_WORK, *other) as port:
        found = faults(look(f"redis://senso:pw@127.0.0.1:{port}/0"))
        with Redis(port=port, username="all", password="pw") as client:
            left = client.keys("*")

    assert found == {}
    assert left == []


@pytest.mark.parametrize("rights", [("~senso*", "&*"), ("~senso*", "%R~*", "&*")])
def test_a_user_of_other_keys_is_refused_in_both_databases(look, tmp_path, rights):
    with redis_server(tmp_path, *LIMITED, *rights) as port:
        found = faults(look(f"redis://senso:pw@127.0.0.1:{port}/0"))

    assert list(found) == ["Redis queues", "Redis results"]
    assert "the keys matrix and " in found["Redis queues"].said


def test_the_names_of_the_look_are_those_of_celery_and_kombu():
    channel, mailbox, backend = redis.Channel, app.control.mailbox, app.backend
    inside = {channel.unacked_key, channel.unacked_index_key, channel.unacked_mutex_key}
    pidboxes = {mailbox.exchange.name, mailbox.reply_exchange.name}

    assert set(redis_names.UNACKNOWLEDGED) == inside
    assert set(redis_names.EXCHANGES) == {*pidboxes, app.conf.event_exchange}
    assert set(redis_names.TABLES) == {channel.keyprefix_queue % "", channel.keyprefix_binding_permanent % ""}
    assert channel.keyprefix_binding_deadlines == redis_names.DEADLINES
    assert all(name.startswith(channel.keyprefix_fanout.format(db=3)) for name in redis_names.heard(3))
    assert backend.get_key_for_task(redis_names.ANY).decode() == redis_names.RESULT
    assert backend.get_key_for_group(redis_names.ANY).decode() == redis_names.CHORD
