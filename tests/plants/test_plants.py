"""Every violation that is planted alone is seen by `doctor --invariants`, or harms nobody.

The whole is `make plants`; an ordinary run plants each ninth.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from harmless import HARMLESS, reason
from plants import SAME, outcome, plants
from worlds import Worlds

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants

EVERY = int(os.environ.get("PLANTS_EVERY", "9"))
LEAST_SEEN = 0.95
# Prices at which a single token more or less is seen in what a call cost.
DEAR = """
    UPDATE models SET prices = prices || '{"token_in": 3, "token_cached": 1, "token_written": 4, "token_out": 9}'
    WHERE prices ? 'token_in'
"""


@pytest.fixture(params=["ended", "running"])
def world(request, make, sandbox, environment):
    make.sql(DEAR)
    worlds = Worlds(make, sandbox, environment)
    worlds.ended()
    if request.param == "running":
        worlds.running()
    return request.param


def test_in_a_world_where_nothing_was_planted_all_promises_hold(world):
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


def test_what_is_planted_is_seen_or_harms_nobody(world):
    found = planted()

    told = Counter(
        "unseen" if seen is None else "constraint" if seen == "constraint" else "seen" for seen in found.values()
    )
    keep(world, found)
    assert [name for name, seen in found.items() if seen is None and reason(name) is None] == []
    assert told["unseen"] <= (1 - LEAST_SEEN) * len(found) + (EVERY > 1) * 5
    assert told["seen"] > told["constraint"]


def planted() -> dict[str, str | None]:
    """By plant, the promise by which it was seen; what would change nothing is left out."""
    with transaction() as db:
        db.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        chosen = list(plants(db))[::EVERY]
        found = {plant.name: outcome(db, plant) for plant in chosen}
        db.rollback()
    return {name: seen for name, seen in found.items() if seen != SAME}


def keep(world: str, found: dict[str, str | None]) -> None:
    """For the page that `make plants` makes."""
    if file := os.environ.get("PLANTS_RESULTS"):
        with Path(file).open("a") as lines:
            lines.writelines(json.dumps([world, name, seen]) + "\n" for name, seen in found.items())


def test_each_excuse_is_for_a_column_that_there_is():
    from plants import KINDS  # noqa: PLC0415

    assert {excuse.partition(".")[0] for excuse in HARMLESS} <= set(KINDS)
