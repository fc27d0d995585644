"""A backup taken while work goes on, restored on a new database beside an emptied Redis: workers end what they find."""

import os
import time
from collections import Counter

import pytest
from ground import Messages, Sandbox, addresses, own_database
from whole_product import LOCATIONS, MODELS, SEED, Product, broken, running_product

from senso import stack
from senso.backup import restoring, taking
from senso.db import engine
from senso.sandbox import world

ORGS = 2
PATIENCE_SECONDS = 180


def test_all_work_of_a_backup_ends_and_nothing_that_it_knows_is_asked_or_charged_again(urls, tmp_path):
    file = tmp_path / "senso.dump"
    for product in running_product(urls, tmp_path / "first", "senso_lost", {}):
        trigger_all(product)
        await_answers(product)
        taken = taking.take(file)
        # What is answered from here on is lost with the database.
        for child in product.running.children:
            child.process.kill()
        product.running.stop()
        asked_before = asked(product.sandbox)
        engine().dispose()
        Messages(urls.redis_url).clear()
        with own_database(urls, "senso_found"):
            restored = restoring.restore(file, 500)
            assert restored.broken == {}
            known = known_answers(product)
            assert 0 < len(known) < planned(product)
            finish(product, tmp_path)
            check(product, known, asked_before)
    assert taken.manifest.rows["batches"] == ORGS
