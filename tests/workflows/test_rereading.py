"""Stored answers are read again: nothing is asked, nobody is charged, nothing is paid for twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from at_work import work_off, work_off_network
from operating import Initiator, retry, trigger_network, trigger_org
from rereading import apply, begin, read_again, read_all

from senso.db import at_once, transaction
from senso.errors import ConfigError
from senso.policy import POLICY
from senso.queries import invariants, pruning, rereadings, stops
from senso.queries.reevaluations import Scope
from senso.queries.stops import Scope as StopScope
from senso.runtime.heartbeat import worker_id
from senso.settings import settings
from senso.states import StopScope as Stopped
from senso.workflows import reading_models
from senso.workflows.rereading import applying, comparing, opening
from senso.workflows.rereading.applying import Applying
from senso.workflows.rereading.reading import Held

ME = Initiator("mara")
# A reading as a former prompt may have made it, with one of its competitors.
SPOILT = """
    UPDATE evaluations SET mentioned = NOT mentioned, mention_text = NULL, sentiment = NULL, rank = NULL,
        prompt_version = 'reading-1', share_of_text = 0, share_of_entries = 0
    WHERE batch_id = :batch
"""
LEDGER = "SELECT idempotency_key, credits FROM ledger ORDER BY id"


@pytest.fixture
def world(make, sandbox):
    return make


def ended(make, **options) -> UUID:
    batch = trigger_org(make.org(**{"questions": 2, "models": ("gpt-6-luna",)} | options).id, ME).batch.id
    work_off(make, batch)
    assert make.state(batch)["state"] == "completed"
    return batch


def spoilt(make, **options) -> UUID:
    batch = ended(make, **options)
    make.sql(SPOILT, batch=batch)
    return batch


def of_org(make, batch: UUID) -> Scope:
    return Scope(make.state(batch)["org_id"], None)


def asks(sandbox) -> int:
    return len(sandbox.calls("openai.responses"))


def reads(sandbox) -> int:
    return len(sandbox.calls("openai.chat"))


def current(make, batch: UUID):
    return make.sql(
        "SELECT run_id, mentioned, mention_text, sentiment, rank, share_of_text, ARRAY(SELECT name FROM competitors c "
        "WHERE c.evaluation_id = e.id ORDER BY c.id) AS competitors FROM evaluations e "
        "WHERE batch_id = :batch AND is_current ORDER BY run_id",
        batch=batch,
    )


def all_hold() -> None:
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


def test_what_is_read_again_is_the_current_reading_and_the_former_one_stays(world, sandbox):
    batch = ended(world)
    before, asked, ledger = current(world, batch), asks(sandbox), world.sql(LEDGER)
    world.sql(SPOILT, batch=batch)

    done = read_again(of_org(world, batch))

    assert (done.batches, done.readings, done.waiting) == (1, 2, ())
    assert current(world, batch) == before
    versions = world.sql("SELECT version, is_current, prompt_version FROM evaluations ORDER BY version, run_id")
    assert [(one["version"], one["is_current"]) for one in versions] == [(1, False)] * 2 + [(2, True)] * 2
    assert (asks(sandbox), world.sql(LEDGER)) == (asked, ledger)
    all_hold()


def test_the_numbers_are_those_of_the_new_readings_and_are_pushed_as_the_next_episode(world, sandbox):
    batch = ended(world)
    metrics = "SELECT name, kind, surface, model, location, value FROM metrics ORDER BY name, model, location"
    before = world.sql(metrics)
    world.sql(SPOILT, batch=batch)
    world.sql("UPDATE metrics SET value = 0.5, low = NULL, high = NULL")

    read_again(of_org(world, batch))

    (push,) = world.sql("SELECT body, status FROM pushes WHERE episode = 2")
    state = world.state(batch)
    assert world.sql(metrics) == before
    assert (push["status"], push["body"]["episode"], push["body"]["state"]) == ("pending", 2, "completed")
    assert (push["body"]["counts"]["evaluated"], push["body"]["charged"]) == (2, 2)
    assert (state["episode"], state["state"], state["planned"], state["remaining"]) == (2, "completed", 2, 0)


def test_what_is_only_compared_changes_nothing_and_counts_later_without_another_call(world, sandbox):
    batch = spoilt(world)
    scope, before = of_org(world, batch), world.sql("SELECT * FROM evaluations ORDER BY id")
    of = begin(scope, is_compared=True)
    read_all(of)
    applying.end(of)
    with transaction() as db:
        found, listed = comparing.compared(rereadings.pairs(db, of.id), 10)

    assert world.sql("SELECT * FROM evaluations ORDER BY id") == before
    assert (found.readings, found.changed, len(listed)) == (2, 2, 2)
    assert found.counts[comparing.GAINED] + found.counts[comparing.LOST] == 2
    assert world.one("SELECT count(*) FROM pushes") == 1

    paid = reads(sandbox)
    again = opening.apply_compared(scope, "mara")
    with opening.alone(again):
        read_all(again)
        done = apply(again)

    assert (done.readings, reads(sandbox)) == (2, paid)
    all_hold()


def test_what_a_killed_process_had_in_hand_is_read_by_the_next_one_and_the_rest_is_not_paid_again(world, sandbox):
    batch = spoilt(world, questions=4)
    of = begin(of_org(world, batch))
    paid = reads(sandbox)
    with at_once() as db:
        readers = reading_models.readers(db)
        first = rereadings.waiting(db, of.id, readers, 1)
        rereadings.claim(
            *(db, of.id, [one.id for one in first], worker_id(), POLICY), readers=readers, version=of.prompt_version
        )
    read_three = world.sql("SELECT evaluation_id FROM rereadings WHERE state = 'pending'")
    assert len(read_three) == 3

    of = begin(of_org(world, batch))
    with opening.alone(of):
        read_all(of)
        done = apply(of)

    assert (reads(sandbox) - paid, done.readings) == (4, 4)
    assert world.one("SELECT sum(failures) FROM rereadings") == 1
    assert world.one("SELECT count(*) FROM llm_calls WHERE purpose = 'reread' AND outcome IS NULL") == 1
    assert world.one("SELECT count(*) FROM reevaluations") == 1


def test_a_batch_that_was_read_again_is_not_applied_twice(world, sandbox):
    batch = spoilt(world)
    of = begin(of_org(world, batch))
    read_all(of)
    apply(of)

    assert (apply(of).batches, world.state(batch)["episode"]) == (0, 2)


def test_what_two_orders_replace_at_once_counts_of_both_one_after_the_other(world, sandbox):
    batch = spoilt(world)
    first, second = begin(of_org(world, batch)), begin(Scope(None, batch))
    read_all(first)
    read_all(second)

    with ThreadPoolExecutor(1) as threads:
        with transaction() as db:
            Applying(first, "mara", is_pushed=True).apply_to(db, batch)
            applied = threads.submit(apply, second)
            time.sleep(0.5)  # it waits for these rows
        assert applied.result().readings == 2

    assert (apply(second).batches, world.state(batch)["episode"]) == (0, 3)
    all_hold()


def test_a_pause_holds_it_and_it_goes_on_later(world, sandbox):
    batch = spoilt(world)
    of, paid = begin(of_org(world, batch)), reads(sandbox)
    with transaction() as db:
        stops.pause(db, StopScope(Stopped.ALL), "mara", "tests")

    with pytest.raises(Held):
        read_all(of)

    assert reads(sandbox) == paid
    world.sql("DELETE FROM pauses")
    read_all(of)
    assert world.one("SELECT count(*) FROM rereadings WHERE state = 'done'") == 2


def test_a_ceiling_of_cost_holds_it(world, sandbox, environment):
    batch = spoilt(world)
    of, paid = begin(of_org(world, batch)), reads(sandbox)
    environment.setenv("MAX_DAILY_COST", "0.0000001")
    settings.cache_clear()

    with pytest.raises(Held):
        read_all(of)

    assert reads(sandbox) == paid


def test_what_cannot_be_read_keeps_its_former_reading(world, sandbox):
    batch = spoilt(world)
    of = begin(of_org(world, batch))
    sandbox.fault("openai.chat", "refusal", times=1)

    read_all(of)
    done = apply(of)

    with transaction() as db:
        (failure,) = rereadings.failures(db, of.id)
    assert (done.readings, failure.answers) == (1, 1)
    assert world.one("SELECT count(*) FROM evaluations WHERE is_current AND version = 1") == 1
    all_hold()


def test_a_batch_that_is_opened_again_meanwhile_waits(world, sandbox):
    org = world.org(questions=2, models=("gpt-6-luna",))
    batch = trigger_org(org.id, ME).batch.id
    sandbox.fault("openai.responses", "refusal", times=1)
    work_off(world, batch)
    of = begin(Scope(org.id, None))
    read_all(of)
    retry(batch, ME)

    assert apply(of).waiting == (batch,)
    work_off(world, batch)
    assert apply(of).readings == 1
    assert world.state(batch)["episode"] == 3
    all_hold()


def test_a_partial_batch_that_was_read_again_can_be_retried(world, sandbox):
    org = world.org(questions=2, models=("gpt-6-luna",))
    batch = trigger_org(org.id, ME).batch.id
    sandbox.fault("openai.responses", "refusal", times=1)
    work_off(world, batch)
    read_again(Scope(org.id, None))
    read_again(Scope(org.id, None))

    retry(batch, ME)
    work_off(world, batch)

    assert world.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 2
    assert world.state(batch)["state"] == "completed"
    all_hold()


def test_readings_of_a_networks_answers_are_read_again_for_one_org(world, sandbox):
    orgs = [world.org(questions=0) for _ in range(2)]
    network = world.network(*orgs, models=("gpt-6-luna",))
    first, second = work_off_network(world, trigger_network(network, ME).batch.id)
    ledger = world.sql(LEDGER)

    done = read_again(Scope(world.state(first)["org_id"], None))

    assert (done.batches, done.readings) == (1, 2)
    assert (world.state(first)["episode"], world.state(second)["episode"]) == (2, 1)
    assert world.sql(LEDGER) == ledger
    all_hold()


def test_one_process_at_a_time_works_on_it(world, sandbox):
    of = begin(of_org(world, ended(world)))

    with opening.alone(of), pytest.raises(ConfigError, match="another process"), opening.alone(of):
        pass
    with opening.alone(of):
        pass


def test_another_order_for_the_same_org_is_refused_while_one_is_open(world, sandbox):
    scope = of_org(world, ended(world))
    begin(scope)

    with pytest.raises(ConfigError, match="--cancel"):
        begin(scope, is_compared=True)
    opening.cancel(scope, "mara")
    assert begin(scope, is_compared=True).planned == 2


def test_it_is_in_the_audit_who_did_it_and_what_it_changed(world, sandbox):
    batch = ended(world)

    read_again(of_org(world, batch))

    told = world.sql("SELECT actor, batch_id, details FROM audit WHERE action = 'reevaluate' ORDER BY id")
    assert [(one["actor"], one["batch_id"]) for one in told] == [("mara", None), ("mara", batch)]
    assert (told[1]["details"]["readings"], told[1]["details"]["episode"]) == (2, 2)


def test_a_batch_that_is_pruned_takes_along_what_was_read_again(world, sandbox):
    batch = ended(world)
    read_again(of_org(world, batch))
    world.sql("UPDATE batches SET pruned_at = now(), kept = '{}' WHERE id = :batch", batch=batch)

    with transaction() as db:
        while pruning.delete_some(db, batch, 1):
            pass

    for table in ("rereadings", "evaluations", "question_runs"):
        assert world.one(f"SELECT count(*) FROM {table}") == 0
    assert world.one("SELECT count(*) FROM llm_calls WHERE purpose = 'reread'") == 0


def test_while_a_batch_that_was_read_twice_again_is_pruned_its_promises_hold(world, sandbox):
    batch = ended(world, questions=6)
    for _ in range(2):
        read_again(of_org(world, batch))
    world.sql("UPDATE batches SET pruned_at = now(), kept = '{}' WHERE id = :batch", batch=batch)

    steps, some = 0, True
    with transaction() as db:
        while some:
            some = pruning.delete_some(db, batch, 1)
            assert [
                one for one in invariants.broken(db, POLICY, 500, about="rereadings") if "stored answer" in one
            ] == []
            steps += 1
    assert steps > 3


def test_what_its_model_does_not_allow_now_waits_and_is_no_failure(world, sandbox):
    batch = spoilt(world, questions=3)
    of = begin(of_org(world, batch))
    world.sql("UPDATE models SET max_in_flight = 1 WHERE slug = 'gpt-6-luna'")
    reading_models.cached.clear()

    read_all(of)

    assert world.sql("SELECT DISTINCT state, failures FROM rereadings") == [{"state": "done", "failures": 0}]
