"""One Postgres and Redis for all faults; a product of its own, with its own database, for each."""

import os
from contextlib import contextmanager, suppress
from pathlib import Path

import product as products
import promises
import pytest
from ground import run_sql
from load import A_LOAD
from outside import Outside
from plan import Plan
from rows import RESULTS, Fault, Row
from servers import Servers

from senso import db as database_module
from senso.errors import SensoError
from senso.migrations import migrate


def pytest_collection_modifyitems(items):
    """All but a selection are for `make faults`: a fault takes a minute, and there are fifty."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "selection" not in item.keywords:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    made = Servers(tmp_path_factory.mktemp("faults"))
    before = os.environ["DATABASE_URL"]
    products.use_database(made.url_of("senso"))
    migrate()
    database_module.engine().dispose()
    products.use_database(before)
    run_sql(made.plain_url_of("postgres"), f"CREATE DATABASE {products.TEMPLATE} TEMPLATE senso")
    yield made
    made.stop()


@pytest.fixture
def fault(servers, tmp_path, request):
    """`with fault(1, "kill -9 of a call worker", runs=12_000) as it`: the product under load, as the plan wants it.

    Afterwards all must have ended, in one of the states `ends`, every promise must hold, and the fault must have struck
    something: its row in the table is kept whatever happens. With `own_load` the test brings its runs itself.
    """

    @contextmanager
    def struck(number, said, *, runs=A_LOAD, ends=("completed",), own_load=False, **plan):
        row = Row(number, said, request.node.name)
        with row.kept(), products.running(Plan(**plan), servers, tmp_path) as product:
            it = Fault(product, row)
            try:
                if not own_load:
                    product.load.begin(runs)
                product.looks.thread.start()
                yield it
                judge(it, runs, set(ends), is_kept_up=not own_load)
            finally:
                with suppress(SensoError, OSError):
                    count(it)

    return struck


def judge(it: Fault, runs: int, ends: set[str], *, is_kept_up: bool) -> None:
    product, row = it.product, it.row
    product.load.enough()
    product.end()
    found = promises.broken(product)
    it.measure()
    assert row.struck, "it struck nothing"
    assert all(row.struck.values()), f"it struck nothing of these: {dict(row.struck)}"
    assert not found, "broken: " + "; ".join(f"{name}: {rows[:2]}" for name, rows in found.items())
    assert set(product.states()) <= ends
    assert row.runs >= runs
    assert not (RESULTS and is_kept_up) or row.least_open != 0, "no work was open while it lasted"
    assert row.looks > 0, "nobody looked while work went on"


def count(it: Fault) -> None:
    it.measure()
    outside = Outside(it.product.sandbox, it.product.make.sql)
    it.row.calls = len(outside.calls)
    it.row.twice = sum(outside.doubled().values())
