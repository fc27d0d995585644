"""Readings of one answer are of many batches, and several answers are saved at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from at_work import work_off_network
from claims import READING, REPORT, VERSION
from operating import Initiator, trigger_network

from senso.db import at_once
from senso.policy import POLICY
from senso.queries import evaluation_endings, evaluations

ORGS, RUNS = 30, 10


def test_answers_that_are_saved_at_once_for_many_batches_do_not_deadlock(make, sandbox):
    orgs = [make.org(questions=0) for _ in range(ORGS)]
    for org in orgs:
        make.names(org)
    batch = trigger_network(make.network(*orgs, questions=RUNS), Initiator("mara")).batch.id
    work_off_network(make, batch, windows=0)
    runs, together = make.runs(batch), Barrier(RUNS)

    def save(run) -> None:
        with at_once() as db:
            works = evaluations.claim(db, [run], "me", POLICY, **VERSION)
        rows = [evaluation_endings.reading_row(work, READING, REPORT, version="v1") for work in works]
        together.wait(30)
        with at_once() as db:
            evaluation_endings.save(db, rows)

    with ThreadPoolExecutor(RUNS) as pool:
        list(pool.map(save, runs))

    assert {row["remaining"] for row in make.sql("SELECT remaining FROM batches WHERE kind = 'network_org'")} == {0}
