"""Processes of ours that die, are told to go, freeze, or stay and do nothing."""

import time

import pytest
from load import HEAVY
from plan import DIRECT, JOBS, SEED

from senso.sandbox.world import World

FROZEN_SECONDS = 60
# Beside queues that never run empty a message is taken for lost after five minutes, and the sweep looks each minute.
LOST_SECONDS = 420


@pytest.mark.selection
def test_a_killed_call_worker_costs_seconds_and_what_it_had_in_flight(fault):
    with fault(1, "kill -9 of a call worker", runs=HEAVY, models=DIRECT) as it:
        it.product.wait_for_flight(60)
        it.strikes(processes=1)
        held = it.product.kill_with_work("call-1", 30, kinds=("ask", "read"))
        it.hit(calls=len(held))
        it.recovered(it.product.claimed_again(held))

    # Taken back after 10 s; then its readings wait behind few, and its questions behind all that is to be asked.
    assert it.row.recovery <= 45


def test_a_worker_killed_between_the_charges_and_their_commit_charges_once(fault):
    trap = {"at": "batch charged", "do": "kill"}
    with fault(2, "kill -9 of the control worker in the transaction that charges", failpoints=[trap]) as it:
        it.product.wait_for_strike("batch charged")
        it.product.wait_for_death()
        it.strikes(processes=1, transactions=1)
        it.recovered(it.product.next_end())
        it.row.note = "threads, where the row has prefork"


def test_all_processes_killed_at_once(fault):
    with fault(3, "kill -9 of all processes at once", runs=HEAVY, answer_seconds=2) as it:
        it.product.wait_for_flight(60)
        it.strikes(processes=len(it.product.children))
        it.hit(calls=len(it.product.kill_all()))
        it.recovered(it.product.next_ask())


def test_a_message_that_nobody_has_a_copy_of_is_sent_again(fault):
    with fault(4, "kill -9 between BRPOP and unacked", sabotage={"all": "between_pop_and_unacked"}) as it:
        it.product.wait_for_strike("between_pop_and_unacked")
        held = it.product.wait_for_death()
        it.strikes(messages=1, processes=1)
        it.row.note = f"{len(held)} calls in its hands beside it"
        is_found = it.product.until(
            lambda: it.product.repairs().get("lost runs"), LOST_SECONDS, "it was never sent again"
        )
        it.recovered(is_found)


@pytest.mark.parametrize("place", ["answer came", "reading came"])
def test_killed_with_a_paid_answer_in_hand(fault, place):
    with fault(5, f'kill -9 at "{place}"', failpoints=[{"at": place, "do": "kill"}], answer_seconds=2) as it:
        it.product.wait_for_strike(place)
        held = it.product.wait_for_death()
        it.strikes(processes=1, calls=len(held))
        it.recovered(it.product.claimed_again(held))


@pytest.mark.selection
def test_killed_between_a_commit_and_its_message(fault):
    trap = {"at": "intent committed", "do": "kill", "times": 2}
    with fault(7, "2 x kill -9 between a commit and its message", failpoints=[trap]) as it:
        it.product.wait_for_strike("intent committed", 2)
        unsent = [row["id"] for row in it.product.make.sql("SELECT id FROM outbox WHERE published_at IS NULL")]
        it.strikes(processes=2, messages=len(unsent))
        still = "SELECT count(*) FROM outbox WHERE published_at IS NULL AND id = ANY(:ids)"
        it.recovered(it.product.until(lambda: it.product.make.one(still, ids=unsent) == 0, 90, "they were not sent"))

    assert it.row.recovery <= 60


def test_killed_after_a_push_and_before_its_row(fault):
    with fault(7, "kill -9 between a push and its row", failpoints=[{"at": "push sent", "do": "kill"}]) as it:
        it.product.wait_for_strike("push sent")
        it.product.wait_for_death()
        begun = it.product.make.sql("SELECT key FROM pushes WHERE status = 'pending' AND tries > 0")
        it.strikes(processes=1, pushes=1)
        sent = "SELECT count(*) FROM pushes WHERE status = 'sent' AND key = ANY(:keys)"
        keys = [push["key"] for push in begun]
        it.recovered(
            it.product.until(lambda: it.product.make.one(sent, keys=keys) == len(keys), 120, "it was never sent again")
        )


def test_told_to_go_under_load_a_worker_leaves_nothing_behind(fault):
    with fault(22, "SIGTERM under load, 3 s of grace as in `senso up`", answer_seconds=1.5) as it:
        it.product.wait_for_flight(40)
        it.strikes(processes=1)
        gone = it.product.tell_to_go("call-1")
        it.hit(calls=len(gone.held))
        it.recovered(it.product.next_ask())
        it.row.note = f"gone after {gone.seconds:.1f} s"

    assert gone.seconds < 10
    assert gone.code == 0
    assert not [word for word in ("kill_job", "notimplementederror", "unrecoverable") if word in gone.log.lower()]
    assert it.row.twice == 0


def test_a_run_that_kills_its_worker_each_time_fails_alone(fault):
    """Those in flight beside it come again apart from it: none of them fails with it."""
    with fault(31, "a run of which every worker dies", models=("gpt-6.1-terra",), places=({"country": "US"},),
        ends=("completed", "partial"), sabotage={"all": "poison"},
        environment={"SABOTAGE_MATCH": poisoned_question()}) as it:  # fmt: skip
        it.product.wait_for_strike("poison")
        it.product.wait_for_death()
        it.strikes()
        failed = "SELECT count(*) FROM question_runs WHERE state = 'failed'"
        it.recovered(it.product.until(lambda: it.product.make.one(failed), 240, "it was never given up"))
        it.hit(processes=it.product.strikes("poison"))
        (run,) = it.product.make.sql("SELECT failures, error FROM question_runs WHERE state = 'failed'")

    assert it.row.states["partial"] == 1
    assert it.row.struck["processes"] == 5
    assert run["failures"] == 5
    assert "given up after 5 failures" in run["error"]


def poisoned_question() -> str:
    world = World(SEED, orgs=1, questions=10)
    return world.questions(world.orgs[0])[3].text


def test_a_worker_that_takes_nothing_any_more_is_replaced(fault):
    with fault(33, "the only call worker stops its BRPOP", call_workers=1, sabotage={"call-1": "wedged"}) as it:
        it.product.ends.excused.add("call-1")
        it.product.wait_for_strike("wedged")
        pid = it.product.children["call-1"].process.pid
        it.strikes(processes=1, messages=it.product.wait_for_messages(10))
        replaced = it.product.until(lambda: it.product.children["call-1"].process.pid != pid, 100, "it stayed")
        it.recovered(replaced)

    assert it.row.recovery <= 90
    assert it.row.twice == 0


def test_a_worker_frozen_for_a_minute_and_woken_overwrites_nothing(fault):
    with fault(39, f"SIGSTOP of a call worker for {FROZEN_SECONDS} s", answer_seconds=5) as it:
        it.product.wait_for_flight(60)
        it.strikes(processes=1)
        pid = it.product.children["call-1"].process.pid
        held, frozen = it.product.freeze("call-1"), time.monotonic()
        it.hit(calls=len(held))
        it.recovered(it.product.claimed_again(held))
        it.product.until(lambda: time.monotonic() - frozen >= FROZEN_SECONDS, 90, "time stood still")
        it.product.wake("call-1")
        again = it.product.until(lambda: it.product.held_by(pid) - held, 60, "it took no work any more")
        it.row.note = f"took work again {again:.1f} s after it was woken"


def test_an_answer_that_was_paid_for_and_crashes_our_parser_is_not_bought_again(fault):
    with fault(37, "our parser crashes after a paid 200", sabotage={"all": "parser_crashes"},
        ends=("completed", "partial", "failed")) as it:  # fmt: skip
        it.product.wait_for_strike("parser_crashes", 20)
        it.strikes(answers=it.product.strikes("parser_crashes"))
        it.recovered(it.product.next_end())
        it.product.load.enough()
        it.product.end()
        failed = it.product.make.sql(
            "SELECT r.error, c.cost_microusd FROM question_runs r JOIN llm_calls c ON c.run_id = r.id "
            "WHERE r.state = 'failed'"
        )

    assert it.row.twice == 0
    assert len(failed) == 20
    assert {row["error"] for row in failed} == {"openai: internal error: KeyError"}
    assert all(row["cost_microusd"] > 0 for row in failed)


def test_killed_between_a_job_and_its_record_the_job_is_found_again(fault):
    with fault(6, "kill -9 between a job's submission and its record", models=JOBS,
        failpoints=[{"at": "job submitted", "do": "kill"}]) as it:  # fmt: skip
        it.product.wait_for_strike("job submitted")
        it.product.wait_for_death()
        doubtful = "SELECT count(*) FROM vendor_jobs WHERE maybe_sent_at IS NOT NULL AND external_id IS NULL"
        it.strikes(processes=1, jobs=it.product.make.one(doubtful))
        it.recovered(it.product.until(lambda: it.product.repairs().get("submit adopted"), 240, "it was never found"))
