"""Many batches of one partner at once: no more is spent than there is; the database itself refuses what would be."""

from uuid import uuid4

import pytest
from at_work import work_off_network
from credit_operations import ME, Operations, together
from credit_sampler import sampled
from factories import NAME, Org
from operating import trigger_network
from sqlalchemy.exc import IntegrityError

from senso.db import transaction
from senso.queries import batches, differences, ledger
from senso.tasks.periodic import admit
from senso.tasks.stages import finish_batch, open_batch

BATCHES, PAID = 50, 10


def crowd(make, count: int, credits_given: int) -> list[Org]:
    """Orgs of one partner, which ask the same question."""
    first = make.org(questions=1, available=credits_given)
    made = [Org(uuid4(), first.partner, NAME) for _ in range(count - 1)]
    others = [org.id for org in made]
    make.sql(
        "INSERT INTO orgs (id, partner_id, name, created_at) SELECT unnest(CAST(:others AS uuid[])), partner_id, name, "
        "created_at FROM orgs WHERE id = :first",
        others=others,
        first=first.id,
    )
    for table in ("org_questions", "org_models", "org_locations"):
        column = table.removeprefix("org_").removesuffix("s") + "_id"
        make.sql(
            f"INSERT INTO {table} (org_id, {column}) SELECT unnest(CAST(:others AS uuid[])), {column} FROM {table} "
            "WHERE org_id = :first",
            others=others,
            first=first.id,
        )
    return [first, *made]


def test_of_50_batches_at_once_10_are_paid_for_and_40_are_blocked(make, database):
    orgs = crowd(make, BATCHES, PAID)
    there = Operations(make)
    with sampled(database) as sampler:
        ids = [there.trigger(org) for org in orgs]
        admit()
        # Each is opened twice, as a message that arrives twice does.
        together([lambda batch=batch: open_batch(str(batch)) for batch in ids for _ in range(2)])
        works = [work for batch in ids for work in there.ask(batch)]
        together([lambda work=work: there.read(work) for work in works])
        together([lambda batch=batch: finish_batch(str(batch), "rows") for batch in ids for _ in range(2)])

    (states,) = make.sql(
        "SELECT count(*) FILTER (WHERE state = 'completed') AS completed, "
        "count(*) FILTER (WHERE state = 'blocked') AS blocked FROM batches"
    )
    assert states == {"completed": PAID, "blocked": BATCHES - PAID}
    assert len(works) == PAID
    assert make.one("SELECT available FROM partners WHERE id = :id", id=orgs[0].partner) == 0
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == PAID
    assert (there.calls_of_unopened(), sampler.wrong) == (0, 0)
    assert sampler.least >= 0
    assert sampler.looks > 0
    with transaction() as db:
        assert differences.differences(db, None, None) == ([], 0)


def test_of_a_network_each_org_is_paid_for_by_its_own_partner_as_far_as_that_one_can(make, sandbox):
    rich, *poor = [make.org(questions=0, available=available) for available in (10, 4, 0, 0)]
    make.sql("UPDATE orgs SET partner_id = :partner WHERE id = ANY(:orgs)", partner=poor[0].partner, orgs=ids_of(poor))
    network = make.network(rich, *poor)

    work_off_network(make, trigger_network(network, ME).batch.id)

    states = make.sql(
        "SELECT state, count(*) AS n FROM batches WHERE kind = 'network_org' GROUP BY state ORDER BY state"
    )
    assert [(row["state"], row["n"]) for row in states] == [("blocked", 1), ("completed", 3)]
    have = {row["id"]: row["available"] for row in make.sql("SELECT id, available FROM partners")}
    assert (have[rich.partner], have[poor[0].partner]) == (8, 0)
    with transaction() as db:
        assert differences.differences(db, None, None) == ([], 0)


def ids_of(orgs) -> list:
    return [org.id for org in orgs]


def test_two_that_open_at_the_same_moment_wait_for_each_other_and_the_second_sees_what_is_left(make):
    orgs = crowd(make, 2, 1)
    there = Operations(make)
    first, second = (there.trigger(org) for org in orgs)
    with transaction() as one:
        assert ledger.hold(one, batches.load(one, first), orgs[0].id, 1)
        with transaction() as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(Exception, match="lock"):
                ledger.hold(other, batches.load(other, second), orgs[1].id, 1)
            other.rollback()
    with transaction() as db:
        held = ledger.hold(db, batches.load(db, second), orgs[1].id, 1)

    assert held is False


GRANT = "INSERT INTO ledger (idempotency_key, entry, partner_id, credits)"
SECOND_BATCH = """INSERT INTO batches (id, kind, org_id, batch_date, credits_per_evaluation, triggered_by)
    SELECT gen_random_uuid(), kind, org_id, batch_date, 1, 'x' FROM batches"""
SECOND_READING = """INSERT INTO evaluations (id, run_id, org_id, batch_id, version)
    SELECT gen_random_uuid(), run_id, org_id, batch_id, 2 FROM evaluations"""
# By what it is: the statement, and what refuses it.
REFUSED = {
    "below zero": ("UPDATE partners SET available = -1", "ck_partners_available"),
    "a key twice": (f"{GRANT} SELECT idempotency_key, entry, partner_id, 1 FROM ledger", "uq_ledger_idempotency_key"),
    "another entry": (f"{GRANT} SELECT 'gift:1', 'gift', id, 1 FROM partners", "ck_ledger_entry"),
    "no partner": (f"{GRANT} VALUES ('x', 'grant', NULL, 1)", "partner_id"),
    "an unknown partner": (f"{GRANT} VALUES ('x', 'grant', gen_random_uuid(), 1)", "fk_ledger_partner_id_partners"),
    "a partner with rows": ("DELETE FROM partners", "fk_"),
    "a second batch of the day": (SECOND_BATCH, "uq_batches"),
    "a second current reading": (SECOND_READING, "uq_evaluations_current"),
    "fewer than none left": ("UPDATE batches SET remaining = -1", "ck_batches_remaining"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_database_itself_refuses(make, what):
    statement, constraint = REFUSED[what]
    make.batch(questions=1)

    with pytest.raises(IntegrityError, match=constraint), transaction() as db:
        db.exec_driver_sql(statement)
