"""The ledger compared with the work: each kind of difference is named where it is planted, and none elsewhere."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from factories import Factory
from ground import Sandbox, addresses, new_database
from worlds import Worlds

from senso.db import transaction
from senso.queries import differences
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing
from senso.settings import settings
from senso.states import DifferenceKind as Kind
from senso.workflows import reconciling
from senso.workflows.reconciling import ACTIONS, SAID

ONE = "(SELECT ctid FROM {} WHERE {} ORDER BY ctid LIMIT 1)"
ROW = "idempotency_key, entry, partner_id, org_id, kind, credits, batch_id, run_id"
# A charge and its batch, of an org, ended in its first episode.
CHARGE = """entry = 'charge' AND batch_id = (SELECT id FROM batches WHERE state = 'completed' AND kind = 'org'
    AND episode = 1 ORDER BY id LIMIT 1)"""
RELEASE = CHARGE.replace("'charge'", "'release'")
ELSEWHERE = "(SELECT id FROM partners p WHERE p.id <> partner_id ORDER BY id LIMIT 1)"


def changed(table: str, where: str, to: str) -> str:
    return f"UPDATE {table} SET {to} WHERE ctid = {ONE.format(table, where)}"


def again(where: str, **other: str) -> str:
    taken = ", ".join(other.get(column, column) for column in ROW.split(", "))
    return f"INSERT INTO ledger ({ROW}) SELECT {taken} FROM ledger WHERE ctid = {ONE.format('ledger', where)}"


OPEN_HOLD = "entry = 'hold' AND batch_id IN (SELECT id FROM batches WHERE state = 'running')"
# What is planted, and the differences that it must be told as.
PLANTS: dict[str, tuple[str, set[Kind]]] = {
    "a charge is gone": (f"DELETE FROM ledger WHERE ctid = {ONE.format('ledger', CHARGE)}", {Kind.NOT_CHARGED}),
    "a charge twice": (again(CHARGE, idempotency_key="idempotency_key || ' again'"), {Kind.CHARGED_TWICE}),
    "a charge for what failed": (
        changed(
            "evaluations",
            f"batch_id = (SELECT batch_id FROM ledger WHERE {CHARGE} LIMIT 1)",
            "state = 'failed', error = 'x'",
        ),
        {Kind.CHARGED_FOR_NOTHING},
    ),
    "a charge of five": (changed("ledger", CHARGE, "credits = -5"), {Kind.WRONG_PRICE}),
    "another price in the batch": (
        changed("batches", "state = 'completed' AND kind = 'org' AND episode = 1", "credits_per_evaluation = 3"),
        {Kind.WRONG_PRICE, Kind.WRONG_HOLD},
    ),
    "a charge to another partner": (
        changed("ledger", CHARGE, f"partner_id = {ELSEWHERE}"),
        {Kind.CHARGED_WITHOUT_HOLD},
    ),
    "a charge of no batch": (
        changed("ledger", CHARGE, "batch_id = NULL"),
        {Kind.CHARGED_WITHOUT_HOLD},
    ),
    "no hold while it runs": (f"DELETE FROM ledger WHERE ctid = {ONE.format('ledger', OPEN_HOLD)}", {Kind.NOT_HELD}),
    "a hold twice": (again(OPEN_HOLD, idempotency_key="idempotency_key || '0'"), {Kind.HELD_TWICE, Kind.NOT_RELEASED}),
    "a hold of less": (changed("ledger", OPEN_HOLD, "credits = credits + 1"), {Kind.WRONG_HOLD}),
    "no release": (
        f"DELETE FROM ledger WHERE ctid = {ONE.format('ledger', RELEASE)}",
        {Kind.NOT_RELEASED},
    ),
    "a release while it runs": (
        again(
            OPEN_HOLD,
            idempotency_key="replace(idempotency_key, 'hold', 'release')",
            entry="'release'",
            credits="-credits",
        ),
        {Kind.WRONG_RELEASE},
    ),
    "a release of more": (
        changed("ledger", RELEASE, "credits = credits + 1"),
        {Kind.WRONG_RELEASE},
    ),
    "a release to another": (
        changed("ledger", RELEASE, f"partner_id = {ELSEWHERE}"),
        {Kind.WRONG_RELEASE},
    ),
    "a release without hold": (
        again(
            RELEASE,
            idempotency_key="'release:' || batch_id || ':7'",
        ),
        {Kind.WRONG_RELEASE},
    ),
    "a grant of nobody": (again(CHARGE, idempotency_key="'gift:' || run_id", entry="'grant'"), {Kind.WRONG_GRANT}),
    "a grant that is only told": (
        """INSERT INTO audit (action, actor, subject, details) SELECT 'grant', 'x', 'partner:' || id,
            '{"ref": "invoice 8", "credits": 7}' FROM partners ORDER BY id LIMIT 1""",
        {Kind.WRONG_GRANT},
    ),
    "a balance by hand": (
        changed("partners", "available IS NOT NULL", "available = available + 1"),
        {Kind.WRONG_BALANCE},
    ),
}


@pytest.fixture(scope="module")
def world(urls) -> Iterator[None]:
    with (
        pytest.MonkeyPatch.context() as environment,
        new_database(urls, "senso_reconciled"),
        running(SandboxSettings(timing=Timing(0, 0, 0))) as url,
    ):
        for name, value in addresses(url).items():
            environment.setenv(name, value)
        settings.cache_clear()
        worlds = Worlds(Factory(), Sandbox(url), environment)
        worlds.ended()
        worlds.running()
        yield
    settings.cache_clear()


def found_now(db, since=None, partner=None) -> list[differences.Difference]:
    return list(differences.differences(db, since, partner)[0])


def test_where_nothing_was_planted_there_is_no_difference(world):
    with transaction() as db:
        assert found_now(db) == []
        assert found_now(db, datetime.now(UTC) - timedelta(hours=1)) == []
        looked_at = differences.totals(db, None, None)

    assert looked_at.done == looked_at.charges > 10
    assert looked_at.holds > looked_at.releases > 5


@pytest.mark.parametrize("since", [None, timedelta(days=100)], ids=["all", "since"])
@pytest.mark.parametrize("plant", PLANTS)
def test_each_difference_is_named(world, plant, since):
    statement, kinds = PLANTS[plant]
    after = None if since is None else datetime.now(UTC) - since
    with transaction() as db:
        assert db.exec_driver_sql(statement).rowcount > 0, "nothing was planted"
        found = found_now(db, after)
        db.rollback()

    told = {one.kind for one in found}
    assert kinds <= told <= kinds | {Kind.WRONG_BALANCE}
    for one in found:
        assert one.partner_id
        assert one.expected != one.found or one.kind is Kind.WRONG_RELEASE
        assert "None" not in reconciling.said(one)


def test_every_kind_is_planted_and_explained():
    assert {kind for _, kinds in PLANTS.values() for kind in kinds} == set(Kind) == set(SAID) == set(ACTIONS)


def test_a_difference_of_one_partner_is_none_of_another(world):
    statement, _ = PLANTS["a charge twice"]
    with transaction() as db:
        db.exec_driver_sql(statement)
        whose = {one.partner_id for one in found_now(db)}
        other = db.exec_driver_sql("SELECT id FROM partners WHERE id <> %s LIMIT 1", (*whose,)).scalar_one()
        of_each = [found_now(db, None, partner) for partner in (*whose, other)]
        db.rollback()

    assert len(whose) == 1
    assert [bool(found) for found in of_each] == [True, False]
