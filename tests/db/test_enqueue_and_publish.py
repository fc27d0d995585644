"""What is enqueued in a transaction is published by its end: after the commit, and never without one."""

from pathlib import Path
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError as Lost

from senso import publishing
from senso.db import transaction
from senso.db.keys import CHARGE, HOLD
from senso.queries.outbox import KEYS, Pipeline, enqueue, enqueue_later
from senso.tasks import canvas

BATCH = uuid4()
SENSO = Path(canvas.__file__).parents[1]


def ask_for_admission(db, number=1):
    enqueue(db, Pipeline.ADMIT, BATCH, number, ids=[], batch=None)


def test_it_goes_out_with_the_commit_and_not_before(database, messages, make):
    with transaction() as db:
        ask_for_admission(db)
        before = messages("control")

    assert before == []
    assert messages("control") == [("senso.tick.admit", [])]
    assert make.unpublished() == []


def test_nothing_goes_out_of_a_transaction_that_is_rolled_back(database, messages):
    with pytest.raises(ValueError, match="a mistake"), transaction() as db:
        fail(ask_for_admission(db))
    with transaction() as db:
        ask_for_admission(db, number=2)

    assert len(messages("control")) == 1


def fail(_done):
    raise ValueError("a mistake")


def test_what_is_due_later_is_left_to_the_relay(database, messages, make):
    with transaction() as db:
        enqueue_later(db, Pipeline.ADMIT, BATCH, 1, ids=[], batch=None, seconds=20)

    assert messages("control") == []
    assert make.unpublished() == [f"admit:{BATCH}:1"]


def test_a_process_that_cannot_publish_enqueues_nothing(database, make, monkeypatch):
    monkeypatch.setattr(publishing, "registered", [])

    with pytest.raises(LookupError, match="registered no publisher"), transaction() as db:
        ask_for_admission(db)

    assert make.unpublished() == []


def test_what_was_committed_stays_so_where_redis_is_away(database, make, monkeypatch):
    monkeypatch.setattr(canvas.app, "amqp", Away())

    with transaction() as db:
        ask_for_admission(db)

    assert make.unpublished() == [f"admit:{BATCH}:1"]


class Away:
    def __getattr__(self, name):
        raise Lost("Redis is away")


def test_what_only_a_later_version_knows_holds_up_nothing_and_waits_for_it(database, messages, make):
    make.sql("INSERT INTO outbox (key, pipeline, ids) VALUES ('dance:1', 'dance', '[]')")
    with transaction() as db:
        ask_for_admission(db)

    canvas.send(make.due_now())

    assert make.unpublished() == ["dance:1"]
    assert len(messages("control")) == 1


@pytest.mark.parametrize("pipeline", Pipeline)
def test_each_pipeline_has_a_key_and_what_is_sent_for_it(pipeline):
    assert pipeline in KEYS
    assert pipeline in canvas.PIPELINES


def test_no_two_pipelines_write_the_same_key():
    names = [key.name for key in KEYS.values()]

    assert len({*names}) == len(names)


@pytest.mark.parametrize("key", [*KEYS.values(), HOLD, CHARGE], ids=lambda key: key.name)
def test_a_statement_makes_the_key_that_code_makes(database, make, key):
    values = [uuid4() for _ in key.parts]

    said = make.one(f"SELECT {key.sql(*(f'CAST({value!r} AS uuid)' for value in map(str, values)))}")

    assert said == key.of(*values)


def test_a_key_of_too_few_parts_is_none():
    with pytest.raises(ValueError, match="shorter"):
        HOLD.of(BATCH)


def test_the_outbox_is_written_in_one_place():
    writers = [path.name for path in SENSO.rglob("*.py") if "INSERT INTO outbox" in path.read_text()]

    assert writers == ["outbox.py"]
