"""Pages of long lists are read in the order of an index, and nothing else of their tables."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import text

from senso.db import looking
from senso.reads import directory, webhooks

ORGS = """
    INSERT INTO orgs (id, partner_id, name, created_at)
    SELECT gen_random_uuid(), :partner, md5(n::text), now() FROM generate_series(1, 3000) n
"""
DELIVERIES = """
    INSERT INTO deliveries (key, webhook_id, event, body, status, created_at, sent_at)
    SELECT 'webhook:' || n, :webhook, 'batch.completed', '{}', 'sent', now(), now() - n * interval '1 second'
    FROM generate_series(1, 3000) n
"""
WEBHOOK = """
    INSERT INTO webhooks (id, partner_id, url, secret, events, created_by)
    VALUES (:webhook, NULL, 'https://app.example.com', 'none', '{}', 'test')
"""


def parts(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from parts(inner)


def ran(statement, **values):
    """What Postgres did, part by part."""
    with looking() as db:
        found = db.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}"), values).scalar_one()
    (whole,) = found if isinstance(found, list) else json.loads(found)
    return list(parts(whole["Plan"]))


def rows_read(plan, table):
    return {
        part["Index Name"]: part["Actual Rows"] * part["Actual Loops"] + part.get("Rows Removed by Filter", 0)
        for part in plan
        if part.get("Relation Name") == table
    }


@pytest.mark.parametrize(("of_partner", "index"), [(False, "ix_orgs_name_id"), (True, "ix_orgs_partner_id_name_id")])
@pytest.mark.parametrize("first", [True, False])
def test_a_page_of_orgs_reads_that_page(make, of_partner, index, first):
    partner = make.partner()
    make.sql(ORGS, partner=partner)
    make.sql("ANALYZE orgs")
    after = None if first else make.one("SELECT id FROM orgs ORDER BY name, id OFFSET 1500 LIMIT 1")
    values = {"partner": partner if of_partner else None, "search": "", "after": after, "most": 51}
    values |= {"only": None, "active": None}
    read = rows_read(ran(directory.ORGS, **values), "orgs")
    assert read.pop(index) == 51
    assert sum(read.values()) <= 1  # the last one of the page before


def test_what_a_webhook_last_accepted_is_one_row(make):
    webhook = uuid4()
    make.sql(WEBHOOK, webhook=webhook)
    make.sql(DELIVERIES, webhook=webhook)
    make.sql("ANALYZE deliveries")
    plan = ran(webhooks.WEBHOOKS, partner=None, id=None, at=None, after=None, most=51)
    assert rows_read(plan, "deliveries")["ix_deliveries_sent"] == 1
