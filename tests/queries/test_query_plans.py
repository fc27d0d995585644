"""A claim costs the same on the first run of a database as on the last of a night."""

import re

import pytest

from senso.db import at_once, engine
from senso.db.statement import Prepared
from senso.queries import (
    batches,
    claims,
    deliveries,
    evaluations,
    job_answers,
    job_cancellations,
    job_places,
    job_planning,
    job_polling,
    ledger,
    limited_requests,
    live,
    members,
    outbox,
    planning,
    pushes,
    results,
    runs,
    submissions,
    vendor_jobs,
)

GROWING = re.compile(
    "batches|questions|orgs|name_variations|question_runs|evaluations|llm_calls|citations|competitors|claims|org_facts|metrics|ledger|outbox|pushes|deliveries"
)
DIRECT = (runs, evaluations, claims, members, batches, results, ledger, outbox, planning, pushes, live, deliveries)
JOBS = (vendor_jobs, job_planning, job_places, submissions, job_polling, job_answers, job_cancellations)
JOBS += (limited_requests,)
STATEMENTS = {
    f"{module.__name__}.{name}": statement
    for module in (*DIRECT, *JOBS)
    for name, statement in vars(module).items()
    if isinstance(statement, Prepared)
}


def parts(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from parts(inner)


def planned(statement):
    """The plan that a connection makes of it, and keeps, while the tables are all but empty."""
    engine().dispose()
    with at_once() as db, db.driver_connection.cursor() as cursor:
        cursor.execute(statement.prepare)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.execute}", [None] * len(statement.names))
        (((found,),),) = cursor.fetchall()
        cursor.execute(f"DEALLOCATE {statement.title}")
    return list(parts(found["Plan"]))


def between_two_nights(make):
    """Nothing is open, and Postgres knows it."""
    make.batch()
    make.sql("UPDATE question_runs SET state = 'answered'")
    make.sql("UPDATE evaluations SET state = 'done'")
    make.sql(
        "INSERT INTO llm_calls (purpose, batch_id, run_id, fence, provider, model, outcome) "
        "SELECT 'ask', batch_id, id, n, 'openai', 'gpt-6.1-terra', 'answered' "
        "FROM question_runs, generate_series(1, 200) n"
    )
    make.sql("ANALYZE")


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_of_a_run_or_a_batch_reads_no_table_and_no_index_from_end_to_end(make, name):
    between_two_nights(make)
    for part in planned(STATEMENTS[name]):
        assert part["Node Type"] != "Seq Scan", part["Relation Name"]
        if GROWING.search(part.get("Index Name", "")):
            assert "Index Cond" in part, part["Index Name"]
