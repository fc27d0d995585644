"""Processes of ours that die, are told to go, or stay and do nothing."""

import signal
import time

import promises
import pytest


@pytest.mark.selection
def test_a_killed_call_worker_costs_seconds_and_what_it_had_in_flight(start, told):
    product = start(orgs=5, answer_seconds=2)
    batches = product.trigger()

    pid, held = product.kill_with_work("call-1", 30)
    recovery = product.claimed_again(held)
    product.end(batches)

    load = f"200 runs, {len(held)} calls in its hands"
    row = told(product, 1, struck=f"kill -9 of pid {pid}", load=load, recovery=recovery)
    assert product.states() == {"completed": 5}
    assert row["broken"] == []
    assert row["twice"] <= len(held)
    assert recovery <= 20


def test_a_worker_killed_between_the_charges_and_their_commit_charges_once(start, told):
    product = start(failpoints=[{"at": "batch charged", "do": "kill"}], orgs=2)
    batches = product.trigger()

    product.until(lambda: product.strikes("batch charged"), 60, "no batch was ever charged")
    recovery = product.end(batches)

    struck = "kill -9 of the control worker in its transaction"
    row = told(product, 2, struck=struck, load="80 runs", recovery=recovery, note="threads, where the row has prefork")
    assert product.states() == {"completed": 2}
    assert row["broken"] == []
    assert row["twice"] == 0
    assert product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 80


def test_all_processes_killed_at_once(start, told):
    product = start(orgs=6, answer_seconds=3)
    batches = product.trigger()
    product.wait_for_flight(60)

    pids = [product.kill(name) for name in product.children]
    dead_with = product.in_flight()
    made = product.calls_made()
    recovery = product.until(lambda: product.calls_made() > made, 60, "nobody asked again")
    product.end(batches)

    row = told(product, 3, struck=f"kill -9 of {len(pids)} processes", load=f"240 runs, {dead_with} calls in flight",
        recovery=recovery)  # fmt: skip
    assert product.states() == {"completed": 6}
    assert row["broken"] == []
    assert row["twice"] <= dead_with


def test_a_message_that_nobody_has_a_copy_of_is_sent_again(start, told):
    product = start(sabotage={"all": "between_pop_and_unacked"})
    batches = product.trigger()

    product.until(lambda: product.strikes("between_pop_and_unacked"), 60, "no message was taken")
    recovery = product.end(batches, 120)

    row = told(product, 4, struck="kill -9 between BRPOP and unacked", load="160 runs", recovery=recovery)
    assert product.states() == {"completed": 4}
    assert row["broken"] == []
    assert row["twice"] <= reaped(product)
    assert product.repairs()["lost runs"] >= 1


@pytest.mark.parametrize(("place", "answer_seconds"), [("answer came", 1.0), ("reading came", 1.0)])
def test_killed_with_a_paid_answer_in_hand(start, told, place, answer_seconds):
    product = start(failpoints=[{"at": place, "do": "kill"}], orgs=2, answer_seconds=answer_seconds)
    batches = product.trigger()

    product.until(lambda: product.strikes(place), 60, f"never {place}")
    recovery = product.until(lambda: reaped(product), 60, "its work was never taken back")
    product.end(batches)

    row = told(product, 5, struck=f"kill -9 at »{place}«", load="80 runs", recovery=recovery)
    assert product.states() == {"completed": 2}
    assert row["broken"] == []
    assert row["twice"] <= reaped(product)
    assert product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 80


def reaped(product) -> int:
    return sum(count for kind, count in product.repairs().items() if kind in {"reaped runs", "reaped evaluations"})


@pytest.mark.selection
def test_killed_between_a_commit_and_its_message(start, told):
    product = start(failpoints=[{"at": "intent committed", "do": "kill", "times": 2}], orgs=2)
    batches = product.trigger()

    product.until(lambda: product.strikes("intent committed"), 60, "nothing was ever committed")
    recovery = product.until(lambda: product.make.one("SELECT count(*) FROM question_runs"), 60, "no batch was opened")
    product.end(batches)

    row = told(product, 7, struck=f"{product.strikes('intent committed')} × kill -9 before the publish",
        load="80 runs", recovery=recovery)  # fmt: skip
    assert product.states() == {"completed": 2}
    assert row["broken"] == []
    assert row["twice"] <= reaped(product)
    assert recovery <= 30


def test_told_to_go_under_load_a_worker_leaves_nothing_behind(start, told):
    product = start(orgs=6, answer_seconds=1.5)
    batches = product.trigger()
    product.wait_for_flight(40)

    process = product.children["call-1"].process
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    seconds = time.monotonic() - asked
    product.end(batches)

    row = told(product, 22, struck=f"SIGTERM, gone after {seconds:.1f} s", load="240 runs, 40 calls in flight",
        recovery=seconds, note="grace 3 s, as in `senso up`")  # fmt: skip
    assert product.states() == {"completed": 6}
    assert row["broken"] == []
    assert row["twice"] == 0
    assert seconds < 10


def test_a_run_that_kills_its_worker_each_time_fails_alone(start, told):
    product = start(orgs=1, models=("gpt-4.1",), places=({"country": "US"},), answer_seconds=0.5,
        sabotage={"all": "poison"}, environment={"SABOTAGE_MATCH": poisoned_question()})  # fmt: skip
    batches = product.trigger()

    recovery = product.end(batches, 240)

    (run,) = product.make.sql("SELECT state, failures, error FROM question_runs WHERE state = 'failed'")
    row = told(product, 31, struck=f"{product.strikes('poison')} × a worker died of it", load="10 runs",
        recovery=recovery)  # fmt: skip
    assert product.states() == {"partial": 1}
    assert product.strikes("poison") == 5
    assert run["failures"] == 5
    assert "given up after 5 failures" in run["error"]
    assert row["broken"] == []


def poisoned_question() -> str:
    from product import SEED  # noqa: PLC0415

    from senso.sandbox.world import World  # noqa: PLC0415

    world = World(SEED, orgs=1, questions=10)
    return world.questions(world.orgs[0])[3].text


def test_a_worker_that_takes_nothing_any_more_is_replaced(start, told):
    product = start(call_workers=1, sabotage={"call-1": "wedged"}, orgs=2)
    batches = product.trigger()
    pid = product.children["call-1"].process.pid

    product.until(lambda: product.strikes("wedged"), 20, "it was never wedged")
    recovery = product.until(lambda: product.children["call-1"].process.pid != pid, 90, "it was never replaced")
    product.end(batches)

    row = told(product, 33, struck="the consumer stopped its BRPOP", load="80 runs", recovery=recovery)
    assert product.states() == {"completed": 2}
    assert row["broken"] == []
    assert row["twice"] == 0
    assert recovery <= 90


def test_killed_after_a_push_and_before_its_row(start, told):
    product = start(failpoints=[{"at": "push sent", "do": "kill"}], orgs=1)
    (batch,) = product.trigger()
    product.end([batch])

    recovery = product.until(
        lambda: product.make.one("SELECT count(*) FROM pushes WHERE status = 'sent'"), 120, "it was never sent again"
    )

    keys = [push["idempotency_key"] for push in product.sandbox.pushes()]
    row = told(product, 7, struck="kill -9 between a push and its row", load="40 runs", recovery=recovery)
    assert set(keys) == {f"push:{batch}:1"}
    assert 1 <= len(keys) <= 2
    assert product.strikes("push sent") == 1
    assert row["broken"] == []
    assert promises.made_twice(product) == 0
