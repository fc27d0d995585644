"""Whatever is done to one batch leaves another alone: one of another org and partner, with work in every state."""

import pytest
from at_work import start, work_off
from claims import VERSION
from operating import Initiator, cancel, retry, trigger_org
from shell import Shell

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import batches, closing, evaluations, ledger, results, runs, triggers
from senso.reads import ledger_pages, status
from senso.records import record
from senso.settings import settings
from senso.tasks.periodic import admit, poll
from senso.tasks.stages import ask_batch, find_names, finish_batch, open_batch, read, submit_snapshot
from senso.workflows.vendor_jobs.cancelling import cancel_due

ME = Initiator("test")


def worked_off(make, sandbox, org):
    batch = make.queued(org)
    work_off(make, batch)
    return batch


def partly_failed(make, sandbox, org):
    batch = make.queued(org)
    start(batch)
    sandbox.fault("openai.responses", "400", times=1)
    first, second, third = make.runs(batch)
    read(str(first))
    sandbox.fault("openai.responses", "500", times=1)
    read(str(second))
    sandbox.fault("openai.chat", "500", times=1)
    read(str(third))
    sandbox.fault("openai.chat", "refusal", times=1)
    make.sql("UPDATE evaluations SET next_at = now() WHERE batch_id = :b AND state = 'pending'", b=batch)
    read(str(third))
    return batch


def retried(make, sandbox, org):
    batch = make.queued(org)
    sandbox.fault("openai.responses", "400", times=2)
    work_off(make, batch)
    retry(batch, ME)
    work_off(make, batch)
    return batch


def cancelled_and_reopened(make, sandbox, org):
    batch = make.queued(org)
    start(batch)
    cancel(batch, ME)
    trigger_org(org.id, ME, reopen=True)
    work_off(make, batch)
    return batch


def ended_by_its_deadline(make, sandbox, org):
    batch = make.queued(org)
    start(batch)
    read(str(make.runs(batch)[0]))
    make.sql("UPDATE batches SET deadline = now() - interval '1 second' WHERE id = :b", b=batch)
    finish_batch(str(batch), "sweep")
    return batch


@pytest.mark.parametrize(
    "done",
    [worked_off, partly_failed, retried, cancelled_and_reopened, ended_by_its_deadline],
    ids=lambda done: done.__name__,
)
def test_whatever_becomes_of_a_batch_that_of_another_org_stays_as_it_is(make, sandbox, done):
    neighbour = neighbours(make, sandbox)
    before = of(make, neighbour)

    batch = done(make, sandbox, make.org(questions=3, available=100))

    assert make.state(batch)["state"] in {"completed", "partial", "failed", "running"}
    assert of(make, neighbour) == before


def test_jobs_of_a_batch_are_submitted_collected_and_called_off_alone(make, sandbox):
    neighbour = neighbours(make, sandbox, models=("chatgpt",))
    before = of(make, neighbour)
    batch = make.batch(make.org(questions=2, models=("chatgpt",), countries=("US", "CA")))
    mine = make.sql("SELECT id FROM vendor_jobs WHERE batch_id = :b", b=batch)
    make.sql("UPDATE vendor_jobs SET next_poll_at = now() + interval '1 hour' WHERE batch_id <> :b", b=batch)

    for row in mine:
        submit_snapshot(str(row["id"]))
    make.sql("UPDATE vendor_jobs SET next_poll_at = now() + interval '1 hour' WHERE batch_id = :b", b=batch)
    collect_mine(make, mine[0]["id"])
    cancel(batch, ME)
    cancel_due(batch)

    assert make.one("SELECT count(*) FROM question_runs WHERE batch_id = :b AND state = 'answered'", b=batch) == 2
    assert without(of(make, neighbour), "next_poll_at") == without(before, "next_poll_at")


def test_a_claim_takes_only_the_runs_that_it_names(make, sandbox):
    neighbour = neighbours(make, sandbox)
    before = of(make, neighbour)
    batch = make.batch(questions=2)
    first, second = make.runs(batch)
    make.answered(second)

    with transaction() as db:
        asked = runs.claim(db, [first], "me", POLICY)
        to_read = evaluations.claim(db, [second], "me", POLICY, **VERSION)

    assert [work.id for work in asked] == [first]
    assert [work.run_id for work in to_read] == [second]
    assert of(make, neighbour) == before


def test_what_is_read_is_the_questions_own_answer_for_its_own_org(make, sandbox):
    other = make.org(questions=3)
    make.sql("UPDATE orgs SET name = 'Vantry', competitors = '[]' WHERE id = :id", id=other.id)
    make.sql("UPDATE org_websites SET url = 'https://vantry.example' WHERE org_id = :id", id=other.id)
    work_off(make, make.queued(other))
    batch = make.batch(questions=2)
    for number, run in enumerate(make.runs(batch)):
        make.answered(run, f"Answer {number}.")

    with transaction() as db:
        works = evaluations.claim(db, make.runs(batch), "me", POLICY, **VERSION)

    found = sorted((work.answer, work.question, work.org.name, work.org.websites) for work in works)
    assert found == [
        (
            f"Answer {n}.",
            f"Which lender is best for loan {n}?",
            "Larch Hill Credit Union",
            ("https://larchhill.example",),
        )
        for n in range(2)
    ]


def test_runs_of_two_orgs_that_are_claimed_together_are_each_billed_to_and_read_for_their_own(make):
    orgs = {make.batch(org): org for org in (make.org(questions=1), make.org(questions=1))}
    for number, org in enumerate(orgs.values()):
        make.sql("UPDATE orgs SET name = :name WHERE id = :id", name=f"Org {number}", id=org.id)
    wanted = [run for batch in orgs for run in make.runs(batch)]

    with transaction() as db:
        runs.claim(db, wanted, "me", POLICY)
    for run in wanted:
        make.sql("UPDATE question_runs SET state = 'answered', answer_text = 'An answer.' WHERE id = :id", id=run)
    with transaction() as db:
        read_for = {work.batch_id: work.org.name for work in evaluations.claim(db, wanted, "me", POLICY, **VERSION)}

    billed = make.sql("SELECT batch_id, org_id FROM llm_calls")
    assert {(row["batch_id"], row["org_id"]) for row in billed} == {(batch, org.id) for batch, org in orgs.items()}
    assert read_for == {batch: f"Org {number}" for number, batch in enumerate(orgs)}


def test_what_a_batch_cost_and_why_it_failed_is_told_of_it_alone(make, sandbox):
    neighbours(make, sandbox)
    batch = make.queued(questions=2)
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batch)

    with transaction() as db:
        cost, counts, why = (
            results.cost(db, batch),
            closing.counts(db, batches.load(db, batch)),
            results.failure_reasons(db, batches.load(db, batch)),
        )
        is_open = status.any_open(db, batch)
        asked_again = triggers.asked_again(db, batch)

    own = make.one("SELECT sum(cost_microusd)::bigint FROM llm_calls WHERE batch_id = :b", b=batch)
    assert cost == results.Cost(cost_microusd=own, charged=1)
    assert counts == closing.Counts(planned=2, answered=1, evaluated=1, failed=1, cancelled=0)
    assert [one.runs for one in why] == [1]
    assert (is_open, [one.provider for one in asked_again]) == (False, ["openai"])


def test_what_a_partner_has_held_granted_and_paid_is_told_of_it_alone(make, sandbox):
    org, other = make.org(questions=2, available=100), make.org(questions=3, available=50)
    work_off(make, make.queued(org))
    start(make.queued(other))

    with transaction() as db:
        mine, theirs = ledger.partner_credits(db, org.partner), ledger.partner_credits(db, other.partner)
        rows, total = ledger_pages.latest(db, org.partner)

    assert {name: getattr(mine, name) for name in FIGURES} == dict(zip(FIGURES, (98, 0, 100, 2, 1), strict=True))
    assert {name: getattr(theirs, name) for name in FIGURES} == dict(zip(FIGURES, (47, 3, 50, 0, 1), strict=True))
    assert total == len(rows) == 5
    assert rows[-1].balance == 98
    assert record(rows[0]).keys().isdisjoint({"id"})


def test_doctor_finds_every_promise_kept_after_failures_retries_and_cancels(make, sandbox, monkeypatch, capsys):
    retried(make, sandbox, make.org(questions=3, available=100))
    cancelled_and_reopened(make, sandbox, make.org(questions=3, available=100))
    worked_off(make, sandbox, make.org(questions=3, available=100))

    done = Shell(monkeypatch, capsys)("doctor", "--invariants")

    assert (done.err, done.code) == ("", 0)


def test_for_each_call_at_a_provider_a_row_was_written_before_it(make, sandbox):
    batch = make.queued(questions=3)

    work_off(make, batch)

    rows = make.sql("SELECT purpose, count(*) AS n FROM llm_calls GROUP BY purpose")
    assert {row["purpose"]: row["n"] for row in rows} == {"names": 1, "ask": 3, "read": 3}
    assert len(sandbox.calls("openai.responses")) == 3
    assert len(sandbox.calls("openai.chat")) == 4


FIGURES = ("available", "held", "granted", "charged", "orgs")


def neighbours(make, sandbox, models=("gpt-6.1-terra",)):
    """Of one run each: done, failed, asked, in a call, being read, waiting for another try of either, and not begun."""
    org = make.org(questions=8, available=50, models=models)
    settings.cache_clear()
    batch = make.queued(org)
    admit()
    open_batch(str(batch))
    find_names(str(batch))
    ask_batch(str(batch))
    if "chatgpt" in models:
        (job,) = make.sql("SELECT id FROM vendor_jobs WHERE batch_id = :b", b=batch)
        submit_snapshot(str(job["id"]))
        make.sql("UPDATE vendor_jobs SET next_poll_at = now() + interval '1 hour'")
        return org, batch
    asked, claimed, waiting, failing, *to_read = make.runs(batch)
    with transaction() as db:
        runs.claim(db, [claimed], "neighbour", POLICY)
    sandbox.fault("openai.responses", "500", times=1)
    read(str(waiting))
    sandbox.fault("openai.responses", "400", times=1)
    read(str(failing))
    for run in to_read:
        make.answered(run)
    done, failed, in_hand, again = to_read
    read(str(done))
    sandbox.fault("openai.chat", "refusal", times=1)
    read(str(failed))
    sandbox.fault("openai.chat", "500", times=1)
    read(str(again))
    with transaction() as db:
        evaluations.claim(db, [in_hand], "neighbour", POLICY, **VERSION)
    assert asked
    return org, batch


def of(make, neighbour) -> dict[str, list]:
    """All rows of its own, its partner's and its names."""
    org, batch = neighbour
    owned = ("batches", "id"), ("question_runs", "batch_id"), ("evaluations", "batch_id"), ("vendor_jobs", "batch_id")
    owned += ("llm_calls", "batch_id"), ("metrics", "batch_id"), ("pushes", "batch_id"), ("ledger", "batch_id")
    found = {name: make.sql(f"SELECT * FROM {name} WHERE {key} = :b ORDER BY 1", b=batch) for name, key in owned}
    found["outbox"] = make.sql("SELECT * FROM outbox WHERE batch_id = :b ORDER BY 1", b=batch)
    found["partners"] = make.sql("SELECT * FROM partners WHERE id = :p", p=org.partner)
    found["names"] = make.sql("SELECT * FROM name_variations WHERE org_id = :o", o=org.id)
    return found


def without(found, column) -> dict[str, list]:
    return {name: [{key: row[key] for key in row if key != column} for row in rows] for name, rows in found.items()}


def collect_mine(make, job) -> None:
    for _ in range(3):
        make.sql("UPDATE vendor_jobs SET next_poll_at = now() WHERE id = :id", id=job)
        poll()
