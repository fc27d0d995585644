"""An answer may be read for several orgs: by the batch that asked, and later by one that asks nothing."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from at_work import work_off
from sqlalchemy.exc import IntegrityError

from senso.db import transaction
from senso.matrix import batch_id, planned_reading, planned_runs
from senso.policy import POLICY
from senso.queries import batches, invariants, ledger, planning, sweep, workers
from senso.tasks.periodic import admit, due, relay
from senso.tasks.stages import ask_batch, extract, finish_batch, open_batch, read
from senso.workflows.opening import prepare_later

OF_CELLS = """
    SELECT count(*) AS runs, array_agg(sample ORDER BY number) AS samples FROM question_runs GROUP BY question_id
"""
CHARGES = "SELECT org_id, partner_id, kind, credits FROM ledger WHERE entry = 'charge' AND batch_id = :batch"
MEMBER = (
    "INSERT INTO batches (id, kind, org_id, network_id, batch_date, credits_per_evaluation, triggered_by) "
    "VALUES (:id, 'network_org', :org, :network, :day, 1, 'test')"
)


def neighbour(make, org):
    """Another org of the same partner."""
    other = make.org()
    make.sql("UPDATE orgs SET partner_id = :partner WHERE id = :org", partner=org.partner, org=other.id)
    return other


def three_orgs(make):
    """Of two partners, the second and the third of one; and the batch of the first, worked off."""
    asking, second = make.org(questions=3), make.org()
    third = neighbour(make, second)
    for org in (asking, second, third):
        make.names(org)
    first = make.queued(asking)
    work_off(make, first)
    return (asking, second, third), first


def member(make, org) -> UUID:
    """A queued batch of one org over a network's answers."""
    network, day = uuid4(), datetime.now(UTC).date()
    make.sql(
        "INSERT INTO networks (id, partner_id, name) VALUES (:id, :partner, 'Lenders')", id=network, partner=org.partner
    )
    batch = batch_id("network_org", org.id, network, day)
    make.sql(MEMBER, id=batch, org=org.id, network=network, day=day)
    return batch


def opened(make, org, *, reads: dict[UUID, list[UUID]]) -> UUID:
    """A batch of one org over a network's answers; `reads`: by org the runs whose answers it reads."""
    batch = member(make, org)
    admit()
    readings = [planned_reading(run, reader) for reader, runs in reads.items() for run in runs]
    with transaction() as db:
        planned = planning.plan_readings(db, batch, readings)
        held = ledger.hold(db, batches.load(db, batch), org.id, planned)
        batches.opened(db, batch, planned, 3600)
        prepare_later(db, batches.load(db, batch), 20)
    assert (held, planned) == (True, len(readings))
    return batch


def available(make, partner: UUID) -> int:
    return make.one("SELECT available FROM partners WHERE id = :id", id=partner)


def charges(make, batch: UUID) -> dict[tuple[UUID, UUID, str], list[int]]:
    found: dict[tuple[UUID, UUID, str], list[int]] = {}
    for row in make.sql(CHARGES, batch=batch):
        found.setdefault((row["org_id"], row["partner_id"], row["kind"]), []).append(row["credits"])
    return found


def test_an_answer_is_read_for_three_orgs_of_two_partners_and_each_pays_for_its_own(make, sandbox):
    (asking, second, third), first = three_orgs(make)
    runs = make.runs(first)
    asked = len(sandbox.calls("openai.responses"))

    member = opened(make, second, reads={second.id: runs, third.id: runs})
    extract(*map(str, runs))
    finish_batch(str(member), "rows")

    assert make.state(member)["state"] == "completed"
    assert len(sandbox.calls("openai.responses")) == asked == 3
    assert len(sandbox.calls("openai.chat")) == 3 + 3  # for the org that asked, and for the two others together
    assert charges(make, first) == {(asking.id, asking.partner, "org"): [-1] * 3}
    assert charges(make, member) == {
        (second.id, second.partner, "network"): [-1] * 3,
        (third.id, second.partner, "network"): [-1] * 3,
    }
    assert (available(make, asking.partner), available(make, second.partner)) == (997, 994)
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


READ = "import sys; from senso.tasks.stages import extract; extract(*sys.argv[1:])"


def test_a_cell_that_is_asked_several_times_has_a_run_for_each(make, sandbox, monkeypatch):
    once = planning.org_matrix
    monkeypatch.setattr(planning, "org_matrix", lambda db, org: replace(once(db, org), samples=3))
    org = make.org(questions=2)
    make.names(org)
    batch = make.queued(org)
    work_off(make, batch)

    assert [(one["runs"], one["samples"]) for one in make.sql(OF_CELLS)] == [(3, [0, 1, 2])] * 2
    assert len(sandbox.calls("openai.responses")) == 6
    assert charges(make, batch) == {(org.id, org.partner, "org"): [-1] * 6}
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


def test_a_reader_that_is_killed_among_its_orgs_leaves_each_charged_once(make, sandbox, tmp_path):
    (asking, second, third), first = three_orgs(make)
    runs = make.runs(first)
    member = opened(make, second, reads={second.id: runs, third.id: runs})
    trap = {"FAILPOINTS": json.dumps([{"at": "reading came", "do": "kill"}]), "FAILPOINTS_FOLDER": str(tmp_path)}

    killed = subprocess.run(
        [sys.executable, "-c", READ, *map(str, runs)], env=os.environ | trap, check=False, timeout=60
    )
    in_hand = make.one("SELECT count(*) FROM evaluations WHERE state = 'extracting'")
    with transaction() as db:
        workers.take_back(db, POLICY)
    make.sql("UPDATE evaluations SET next_at = now() WHERE state = 'pending'")
    extract(*map(str, runs))
    finish_batch(str(member), "rows")

    assert killed.returncode == -signal.SIGKILL
    assert in_hand == 6
    assert make.state(member)["state"] == "completed"
    assert {payer: sum(paid) for payer, paid in charges(make, member).items()} == {
        (second.id, second.partner, "network"): -3,
        (third.id, second.partner, "network"): -3,
    }
    assert (available(make, asking.partner), available(make, second.partner)) == (997, 994)
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


def test_its_numbers_are_those_of_its_org_alone(make, sandbox):
    asking, member = make.org(questions=3), make.org()
    other = neighbour(make, member)
    first = make.queued(asking)
    work_off(make, first)
    runs = make.runs(first)
    for org in (member, other):
        make.names(org)

    batch = opened(make, member, reads={member.id: runs, other.id: runs})
    extract(*map(str, runs))
    finish_batch(str(batch), "rows")

    rates = make.sql("SELECT denominator FROM metrics WHERE batch_id = :batch AND name = 'mention_rate'", batch=batch)
    assert {rate["denominator"] for rate in rates} == {3}


def test_what_is_planned_of_other_batches_is_sent_by_the_tick_and_ends_by_its_rows(make, sandbox, messages):
    asking, member = make.org(questions=2), make.org()
    first = make.queued(asking)
    work_off(make, first)
    make.names(member)
    batch = opened(make, member, reads={member.id: make.runs(first)})
    messages.clear()

    due()
    ((name, runs),) = messages("extract")
    extract(*runs)
    make.sql("UPDATE outbox SET not_before = now() WHERE published_at IS NULL")
    relay()

    assert (name, sorted(runs)) == ("senso.extract", sorted(map(str, make.runs(first))))
    assert ("senso.finish_batch", [str(batch), "rows"]) in messages("score")


def test_an_answer_that_is_not_there_is_planned_for_nobody_elses_batch(make, sandbox):
    first = make.batch(questions=1)
    member = make.org()
    (run,) = make.runs(first)
    second = make.batch(questions=1)

    with transaction() as db:
        planned = planning.plan_readings(db, second, [planned_reading(run, member.id)])

    assert planned == 0


def test_no_answer_is_planned_for_an_org_of_another_partner(make, sandbox):
    """Its reading would be charged to the partner of the batch."""
    (asking, second, _), first = three_orgs(make)
    runs = make.runs(first)
    batch = member(make, second)
    for_others = [planned_reading(run, asking.id) for run in runs]
    make.sql("DELETE FROM evaluations WHERE batch_id = :batch", batch=first)

    with transaction() as db:
        assert planning.plan_readings(db, batch, for_others) == 0


def test_a_batch_that_only_reads_is_not_opened_as_one_that_asks(make, sandbox):
    org = make.org(questions=2)
    batch = member(make, org)
    admit()

    open_batch(str(batch))

    assert make.one("SELECT count(*) FROM question_runs") == 0
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'hold'") == 0


def test_an_answer_is_read_once_for_an_org_whoever_plans_it(make, sandbox):
    org = make.org(questions=1)
    first = make.queued(org)
    work_off(make, first)
    (run,) = make.runs(first)

    with transaction() as db:
        planned = planning.plan_readings(db, first, [planned_reading(run, org.id)])

    assert planned == 0
    assert make.one("SELECT count(*) FROM evaluations") == 1


def test_the_end_of_a_batch_that_asked_leaves_what_others_read_of_it(make, sandbox):
    """Cancelled, a batch closes its own work; its answers are there, and are read on for others."""
    asking, member = make.org(questions=2), make.org()
    first = make.queued(asking)
    work_off(make, first)
    make.names(member)
    batch = opened(make, member, reads={member.id: make.runs(first)})
    make.sql("UPDATE evaluations SET state = 'failed', error = 'x' WHERE batch_id = :b", b=first)

    extract(*map(str, make.runs(first)))

    assert make.one("SELECT count(*) FROM evaluations WHERE batch_id = :b AND state = 'done'", b=batch) == 2
    assert make.state(batch)["remaining"] == 0


@pytest.mark.parametrize(("kind", "has_org", "has_network"), [("org", False, True), ("network", True, True)])
def test_a_batch_is_about_what_its_kind_says(make, kind, has_org, has_network):
    org = make.org()
    network = uuid4()
    make.sql("INSERT INTO networks (id, partner_id, name) VALUES (:id, :partner, 'x')", id=network, partner=org.partner)

    with pytest.raises(IntegrityError, match="ck_batches_subject"):
        make.sql(
            "INSERT INTO batches (id, kind, org_id, network_id, batch_date, credits_per_evaluation, triggered_by) "
            "VALUES (gen_random_uuid(), :kind, :org, :network, now(), 1, 'test')",
            kind=kind,
            org=org.id if has_org else None,
            network=network if has_network else None,
        )


NETWORK = (
    "INSERT INTO batches (id, kind, network_id, batch_date, credits_per_evaluation, triggered_by) "
    "VALUES (:id, 'network', :network, :day, 1, 'test')"
)


def asked_for_a_network(make, questions: int) -> tuple[UUID, list[UUID]]:
    """A batch that asks an org's questions for a network, and reads for nobody."""
    org, network, day = make.org(questions=questions), uuid4(), datetime.now(UTC).date()
    make.sql(
        "INSERT INTO networks (id, partner_id, name) VALUES (:id, :partner, 'Lenders')", id=network, partner=org.partner
    )
    batch = batch_id("network", None, network, day)
    make.sql(NETWORK, id=batch, network=network, day=day)
    admit()
    with transaction() as db:
        runs = planned_runs(batch, day, planning.org_matrix(db, org.id))
        planning.plan_runs(db, batch, network, runs)
        batches.opened(db, batch, len(runs), 3600)
        prepare_later(db, batches.load(db, batch), 20)
    ask_batch(str(batch))
    return batch, [run.id for run in runs]


def test_a_network_batch_counts_down_its_runs_and_ends_with_its_answers(make, sandbox):
    batch, runs = asked_for_a_network(make, questions=3)

    for left, run in zip((2, 1, 0), runs, strict=True):
        read(str(run))
        assert make.state(batch)["remaining"] == left
    finish_batch(str(batch), "rows")

    assert make.state(batch)["state"] == "completed"
    assert make.one("SELECT count(*) FROM question_runs WHERE is_latest") == 3
    assert make.one("SELECT count(*) FROM evaluations") == 0
    assert make.one("SELECT count(*) FROM ledger WHERE entry <> 'grant'") == 0


def test_a_run_of_a_network_batch_that_fails_is_counted_too(make, sandbox):
    batch, runs = asked_for_a_network(make, questions=2)
    sandbox.fault("openai.responses", "400", times=1)

    for run in runs:
        read(str(run))
    finish_batch(str(batch), "rows")

    assert (make.state(batch)["remaining"], make.state(batch)["state"]) == (0, "partial")


def test_a_run_of_a_network_batch_that_is_given_up_is_counted_too(make, sandbox):
    batch, _ = asked_for_a_network(make, questions=2)
    make.sql("UPDATE question_runs SET failures = 5 WHERE number = (SELECT min(number) FROM question_runs)")

    with transaction() as db:
        workers.give_up(db, POLICY)

    assert make.state(batch)["remaining"] == 1


def test_the_sweep_counts_the_open_runs_of_a_network_batch(make, sandbox):
    batch, _ = asked_for_a_network(make, questions=3)
    make.sql("UPDATE batches SET remaining = 1")

    with transaction() as db:
        found = sweep.recount(db)

    assert found == {"recounted batches": 1}
    assert make.state(batch)["remaining"] == 3


def test_an_answer_of_a_network_is_read_for_its_members_afterwards(make, sandbox):
    batch, runs = asked_for_a_network(make, questions=2)
    for run in runs:
        read(str(run))
    finish_batch(str(batch), "rows")
    member = make.org()
    make.names(member)

    reading = opened(make, member, reads={member.id: runs})
    extract(*map(str, runs))
    finish_batch(str(reading), "rows")

    assert charges(make, reading) == {(member.id, member.partner, "network"): [-1, -1]}
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}
