"""One Postgres and Redis for all faults; a product of its own, with its own database, for each."""

import json
import os
import time
from pathlib import Path

import product as products
import promises
import pytest
from ground import run_sql

from senso import db as database_module
from senso.migrations import migrate

RESULTS = os.environ.get("FAULTS_RESULTS")


def pytest_collection_modifyitems(items):
    """All but a selection are for `make faults`: a fault takes half a minute, and there are forty."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "selection" not in item.keywords:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    made = products.Servers(tmp_path_factory.mktemp("faults"))
    before = os.environ["DATABASE_URL"]
    products.use_database(made.url_of("senso"))
    migrate()
    database_module.engine().dispose()
    products.use_database(before)
    run_sql(made.url_of("postgres").replace("+psycopg2", ""), f"CREATE DATABASE {products.TEMPLATE} TEMPLATE senso")
    yield made
    made.stop()


@pytest.fixture
def start(servers, tmp_path):
    """Starts the product as a test wants it; a test has one."""
    opened = []

    def start(**wanted):
        context = products.running(products.Plan(**wanted), servers, tmp_path)
        opened.append(context)
        return context.__enter__()

    yield start
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def told(request):
    """Writes what a fault cost; `make faults` makes the table of docs/ from it."""

    def told(product, number, *, struck, load, recovery=None, twice=None, note=""):
        row = {
            "number": number,
            "test": request.node.name,
            "load": load,
            "struck": struck,
            "recovery": recovery if recovery is None else round(recovery, 1),
            "twice": promises.made_twice(product) if twice is None else twice,
            "seconds": round(time.monotonic() - product.started_at),
            "repairs": product.repairs(),
            "broken": sorted(promises.broken(product)),
            "note": note,
        }
        print(row)
        if RESULTS:
            with Path(RESULTS).open("a") as file:
                file.write(json.dumps(row) + "\n")
        return row

    return told
