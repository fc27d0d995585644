"""A claim is written once for whatever is claimed: its parts stand in one module, and nobody writes them anew."""

import re
from pathlib import Path

import pytest

from senso import queries
from senso.db import transaction
from senso.db.lease import READING, RUN
from senso.policy import POLICY
from senso.queries import sweep, workers

QUERIES = Path(queries.__file__).parent
LEASE_IS_SET = re.compile(r"(?<!\.)lease_owner = (NULL|:owner)|lease_until = now\(\)")


def test_whoever_sets_a_lease_does_so_by_the_parts_that_are_written_once():
    found = {path.name for path in QUERIES.glob("*.py") if LEASE_IS_SET.search(path.read_text())}

    assert found == set()


@pytest.mark.parametrize("leased", [RUN, READING], ids=lambda leased: leased.table)
def test_its_states_are_those_of_the_table(make, leased):
    of_table = f"conrelid = '{leased.table}'::regclass"
    constraint = make.one(f"SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint WHERE {of_table}")

    assert f"'{leased.idle}'" in constraint
    assert f"'{leased.busy}'" in constraint


def claimed(make, owner, minutes):
    """Run and reading of a batch, both in somebody's hands."""
    batch = make.batch(questions=1)
    values = f"lease_owner = '{owner}', lease_until = now() + interval '{minutes} minutes', fence = 5"
    make.sql(f"UPDATE question_runs SET state = 'asking', {values}")
    make.sql(f"UPDATE evaluations SET state = 'extracting', {values}")
    return batch


def reaped(db):
    workers.take_back(db, POLICY)


def standing(make, table):
    (found,) = make.sql(f"SELECT state, fence, failures, lease_owner, lease_until FROM {table}")
    return tuple(found.values())


@pytest.mark.parametrize("leased", [RUN, READING], ids=lambda leased: leased.table)
@pytest.mark.parametrize("back", [sweep.expire_leases, reaped], ids=["expired", "reaped"])
def test_what_comes_back_waits_under_its_fence_with_one_failure_more(make, leased, back):
    claimed(make, "nobody", -1)

    with transaction() as db:
        back(db)

    assert standing(make, leased.table) == (leased.idle, 5, 1, None, None)


@pytest.mark.parametrize("leased", [RUN, READING], ids=lambda leased: leased.table)
@pytest.mark.parametrize("back", [sweep.expire_leases, reaped], ids=["expired", "reaped"])
def test_what_a_living_worker_holds_is_left_to_it(make, leased, back):
    claimed(make, "worker", 1)
    make.sql("INSERT INTO workers (id) VALUES ('worker')")

    with transaction() as db:
        back(db)

    assert standing(make, leased.table)[:4] == (leased.busy, 5, 0, "worker")
