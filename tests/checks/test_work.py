"""Whether workers and beat get on, from the rows that they write and the queues that they listen to."""

import socket

import pytest

from senso.checks import work
from senso.settings import settings
from senso.worker.queues import CALL_QUEUES, CONTROL_QUEUES

HERE = socket.gethostname()
KINDS = {"worker": CALL_QUEUES, "control": CONTROL_QUEUES}


@pytest.fixture
def alive(make):
    """`alive(CALL_QUEUES)`: the row of a worker."""

    def put(queues, *, host=HERE, idle=None, silent=0, pid=7):
        make.sql(
            "INSERT INTO workers (id, queues, idle_since, heartbeat_at) VALUES (:id, :queues, "
            "now() - make_interval(secs => CAST(:idle AS float)), now() - make_interval(secs => :silent))",
            id=f"{host}:{pid}:abc",
            queues=list(queues),
            idle=idle,
            silent=silent,
        )

    return put


@pytest.fixture
def ticked(make):
    def put(*, host=HERE, ago=0.0):
        make.sql(
            "INSERT INTO beats (id, ticked_at) VALUES (:id, now() - make_interval(secs => :ago))",
            id=f"{host}:8:abc",
            ago=ago,
        )

    return put


def of_worker(kind="worker"):
    return work.of_worker(kind, KINDS[kind])


def test_a_worker_of_this_machine_that_is_alive_is_enough(alive):
    alive(CALL_QUEUES)

    assert of_worker().state == "ok"


@pytest.mark.parametrize("more", [{"host": "elsewhere"}, {"host": f"{HERE}-2"}, {"silent": 11}])
def test_one_of_another_machine_or_a_silent_one_is_none(alive, more):
    alive(CALL_QUEUES, **more)

    assert of_worker().state == "fault"
    assert f"none is alive on {HERE}" in of_worker().said


def test_a_worker_that_is_not_ready_listens_to_nothing_and_is_none(alive):
    alive(())

    assert of_worker().state == "fault"


def test_each_kind_is_looked_at_by_itself(alive):
    alive(CONTROL_QUEUES)

    assert (of_worker("control").state, of_worker("worker").state) == ("ok", "fault")


def test_an_idle_worker_beside_messages_of_its_own_makes_no_progress(alive, messages):
    alive(CALL_QUEUES, idle=61)
    messages.redis.lpush("ask", "a message", "another")

    assert of_worker().state == "fault"
    assert "idle for 61 s beside 2 messages" in of_worker().said


@pytest.mark.parametrize(("queue", "idle"), [("ask", 50), ("ask", None), ("control", 600), (None, 600)])
def test_one_that_works_or_has_nothing_to_do_gets_on(alive, messages, queue, idle):
    alive(CALL_QUEUES, idle=idle)
    if queue:
        messages.redis.lpush(queue, "a message")

    assert of_worker().state == "ok"


@pytest.mark.parametrize(("ago", "state"), [(1, "ok"), (29, "ok"), (40, "fault")])
def test_a_beat_gets_on_while_its_ticks_go_out(ticked, ago, state):
    ticked(ago=ago)

    assert work.of_beat().state == state


def test_a_beat_elsewhere_is_none_here(ticked):
    ticked(host="elsewhere")

    assert work.of_beat().state == "fault"
    assert work.findings(KINDS)[1].state == "ok"


def test_a_beat_is_no_worker(ticked):
    ticked()

    assert work.findings(KINDS)[0].said == "none is alive"


def test_nobody_at_work_is_a_warning_with_what_to_do(make):
    workers, beat = work.findings(KINDS)

    assert (workers.state, beat.state) == ("warning", "warning")
    assert "senso up" in workers.do


def test_a_kind_of_which_there_is_none_is_named(alive):
    alive(CALL_QUEUES)

    assert work.findings(KINDS)[0].said == "1 alive, none of kind control"


def test_what_cannot_be_asked_passes_by_itself(alive, environment):
    alive(CALL_QUEUES)
    environment.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    settings.cache_clear()

    assert (of_worker().state, of_worker().reachable) == ("fault", False)


def test_workers_whose_heartbeats_postgres_refuses_are_not_blamed(alive, ticked):
    alive(CALL_QUEUES, silent=90)
    alive(CONTROL_QUEUES, silent=70, pid=8)
    ticked(ago=95)

    workers, beat = work.findings(KINDS, are_heard=False)

    assert workers.line == "Workers: not heard of for 70 s; Postgres refuses what they write, see above"
    assert beat.said == "not heard of for 95 s"
    assert (workers.state, beat.state, workers.do) == ("note", "note", "")


def test_where_none_was_ever_heard_of_that_is_said(make):
    workers, beat = work.findings(KINDS, are_heard=False)

    assert workers.said == beat.said == "not known; none has ever been heard of"
