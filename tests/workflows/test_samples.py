"""Questions that are asked several times by one batch: each answer is a run of its own, read, charged and scored."""

from datetime import UTC, datetime, timedelta

import pytest
from at_work import start, work_off
from jobs import collect, triggers
from networks import ME, asked, broken, lenders, on
from operating import retry, trigger_org
from shell import Shell
from sqlalchemy.exc import IntegrityError

from senso.db import looking, transaction
from senso.matrix import Subject
from senso.queries import estimates, planning
from senso.tasks.stages import extract, finish_batch, read, submit_snapshot


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)


def cells(make, batch) -> dict:
    """How many runs each cell has, by their samples."""
    found = make.sql(
        "SELECT question_id, model_id, location_id, array_agg(sample ORDER BY sample) AS samples FROM question_runs "
        "WHERE batch_id = :b GROUP BY 1, 2, 3",
        b=batch,
    )
    return {(one["question_id"], one["model_id"], one["location_id"]): one["samples"] for one in found}


def charges(make, batch) -> list[int]:
    return [one["credits"] for one in make.sql("SELECT credits FROM ledger WHERE batch_id = :b ORDER BY id", b=batch)]


def test_each_cell_is_asked_so_often_and_each_answer_is_charged_once(make, sandbox):
    org = make.org(questions=2, models=("gpt-6.1-terra", "gpt-6-luna"), available=12, samples=3)
    make.names(org)
    batch = trigger_org(org.id, ME).batch.id

    work_off(make, batch)

    stands = make.state(batch)
    assert (stands["state"], stands["planned"], stands["remaining"]) == ("completed", 12, 0)
    assert list(cells(make, batch).values()) == [[0, 1, 2]] * 4
    assert len(sandbox.calls("openai.responses")) == 12
    assert charges(make, batch) == [-12, 12] + [-1] * 12
    assert make.one("SELECT count(*) FROM question_runs WHERE is_latest") == 12
    assert broken() == {}


def test_numbers_count_every_answer_and_know_which_are_repeats(make, sandbox):
    org = make.org(questions=3, samples=4)
    make.names(org)
    batch = trigger_org(org.id, ME).batch.id
    start(batch)
    read(*map(str, make.runs(batch)))
    make.sql(
        "UPDATE evaluations e SET mentioned = q.position = 0, rank = NULL, sentiment = NULL FROM question_runs r "
        "JOIN org_questions q ON q.question_id = r.question_id WHERE r.id = e.run_id AND e.batch_id = :b",
        b=batch,
    )
    finish_batch(str(batch), "rows")

    (rate,) = make.sql(
        "SELECT answers, questions, denominator, these_method FROM metrics "
        "WHERE batch_id = :b AND name = 'mention_rate' AND model IS NULL AND location IS NULL",
        b=batch,
    )

    assert rate == {"answers": 12, "questions": 3, "denominator": 12, "these_method": "wilson-repeats-95"}


def test_a_retry_asks_only_the_repeats_that_failed(make, sandbox):
    org = make.org(questions=2, samples=3)
    make.names(org)
    batch = trigger_org(org.id, ME).batch.id
    sandbox.fault("openai.responses", "refusal", times=2)
    work_off(make, batch)
    assert make.state(batch)["state"] == "partial"
    before = cells(make, batch)

    retry(batch, ME)
    work_off(make, batch)

    assert (make.state(batch)["state"], make.state(batch)["planned"]) == ("completed", 6)
    assert cells(make, batch) == before
    assert len(sandbox.calls("openai.responses")) == 8
    assert charges(make, batch) == [-6, 6] + [-1] * 4 + [-2, 2] + [-1] * 2
    assert broken() == {}


def test_the_latest_answer_is_one_for_each_repeat(make, sandbox, environment):
    """A week later only two of them are asked again: the third keeps the older answer."""
    org = make.org(questions=1, samples=3)
    make.names(org)
    first = trigger_org(org.id, ME).batch.id
    work_off(make, first)
    make.sql("UPDATE orgs SET samples = 2, most_samples = 2")
    on(environment, (datetime.now(UTC) + timedelta(days=7)).isoformat())

    second = trigger_org(org.id, ME).batch.id
    work_off(make, second)

    latest = make.sql("SELECT batch_id, sample FROM question_runs WHERE is_latest ORDER BY sample")
    assert [(one["batch_id"] == second, one["sample"]) for one in latest] == [(True, 0), (True, 1), (False, 2)]


def test_a_job_at_a_vendor_holds_a_question_several_times_and_gives_each_its_own_answer(make, sandbox):
    org = make.org(questions=2, models=("chatgpt",), samples=3)
    make.names(org)
    batch = trigger_org(org.id, ME).batch.id
    start(batch)
    (job,) = make.sql("SELECT id FROM vendor_jobs")

    submit_snapshot(str(job["id"]))
    collect(make)
    extract(*map(str, make.runs(batch)))
    finish_batch(str(batch), "rows")

    assert len(triggers(sandbox)) == 1
    assert make.state(batch)["state"] == "completed"
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered' AND answer_text IS NOT NULL") == 6
    assert make.one("SELECT count(DISTINCT number) FROM question_runs") == 6
    assert len(charges(make, batch)) == 2 + 6
    assert broken() == {}


def test_records_without_a_number_are_each_given_to_another_repeat(make, sandbox):
    org = make.org(questions=1, models=("chatgpt",), samples=3)
    make.names(org)
    batch = trigger_org(org.id, ME).batch.id
    start(batch)
    (job,) = make.sql("SELECT id FROM vendor_jobs")
    sandbox.fault("brightdata.snapshot", "null-index", share=1)

    submit_snapshot(str(job["id"]))
    collect(make)

    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == 3


def test_a_network_asks_each_question_so_often_and_each_org_reads_and_pays_for_all(make, sandbox):
    orgs, network = lenders(make, 2)
    make.sql("UPDATE networks SET samples = 3")

    batch, readers = asked(make, network)

    assert make.state(batch)["planned"] == 6
    assert list(cells(make, batch).values()) == [[0, 1, 2]] * 2
    for org in orgs:
        assert make.state(readers[org.id])["state"] == "completed"
        assert charges(make, readers[org.id]) == [-6, 6] + [-1] * 6
    assert len(sandbox.calls("openai.responses")) == 6
    assert broken() == {}


def test_what_a_batch_would_ask_is_counted_with_its_repeats(make):
    org, member = make.org(questions=2, countries=("US", "CA"), samples=3), make.org(questions=0)
    network = make.network(member, questions=4, samples=5)

    with looking() as db:
        found = [estimates.shares(db, subject) for subject in (Subject.org(org.id), Subject.network(network))]

    assert [[(one.asks, one.reads) for one in shares] for shares in found] == [[(12, 12)], [(20, 0)]]
    with transaction() as db:
        assert planning.network_matrix(db, network).samples == 5


def test_a_dry_run_tells_runs_cost_and_credits_with_repeats(make, senso):
    org = make.org(questions=2, samples=3, most_samples=5)

    done = senso("trigger", "org", str(org.id), "--dry-run", "--json")

    (told,) = done.json["orgs"]
    assert (told["runs"], told["evaluations"], told["credits"], told["further"]) == (6, 6, 6, 4)
    assert {one["purpose"]: one["calls"] for one in told["estimates"]} == {"names": 1, "ask": 6, "read": 6}


def test_more_repeats_than_twenty_are_refused_by_the_table(make):
    with pytest.raises(IntegrityError):
        make.org(samples=21)
    with pytest.raises(IntegrityError):
        make.org(samples=3, most_samples=2)


def test_a_run_says_which_repeat_it_is(make, sandbox, senso):
    org = make.org(questions=1, samples=2)
    make.names(org)
    batch = trigger_org(org.id, ME).batch.id
    start(batch)
    for run in make.runs(batch):
        read(str(run))

    told = senso("runs", str(batch))

    assert "repeat 1" in told.out
    assert [one["sample"] for one in senso("runs", str(batch), "--json").json] == [0, 1]
