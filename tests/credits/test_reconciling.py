"""When the ledger is compared with the work, of what, and what becomes of what is found."""

from datetime import UTC, datetime, timedelta

import pytest
from at_work import start, work_off
from operating import Initiator, cancel, retry
from shell import Shell

from senso.checks import ledger as check
from senso.db import transaction
from senso.queries import differences, reconciliations
from senso.settings import settings
from senso.states import DifferenceKind as Kind
from senso.tasks.periodic import reconcile as tick
from senso.workflows import reconciling
from senso.workflows.reconciling import Order


def kept(make) -> list[dict]:
    return make.sql("SELECT by, day, since, is_whole, count, accepted FROM reconciliations ORDER BY id")


def at(environment, moment: str) -> None:
    environment.setenv("SENSO_CLOCK", moment)
    settings.cache_clear()


def test_the_schedule_makes_one_a_day_from_its_hour_on(make, environment):
    make.org()
    for moment in ("2026-11-29T03:59Z", "2026-11-29T04:00Z", "2026-11-29T23:00Z", "2026-11-30T05:00Z"):
        at(environment, moment)
        tick()
        tick()

    assert [(row["by"], str(row["day"])) for row in kept(make)] == [
        ("schedule", "2026-11-29"),
        ("schedule", "2026-11-30"),
    ]


def test_while_one_process_compares_for_the_schedule_another_does_not_begin(make, environment):
    at(environment, "2026-11-29T04:00Z")
    with transaction() as db:
        assert reconciliations.take_turn(db)
        tick()
        assert kept(make) == []
    tick()

    assert len(kept(make)) == 1


def test_the_next_begins_a_day_before_the_last_clean_one_and_stays_there_until_one_is_clean(make):
    org = make.org()
    first = reconciling.reconcile(Order("me"))
    second = reconciling.reconcile(Order("me"))
    make.sql("UPDATE partners SET available = available + 1 WHERE id = :id", id=org.partner)
    third, fourth = reconciling.reconcile(Order("me")), reconciling.reconcile(Order("me"))
    make.sql("UPDATE partners SET available = available - 1 WHERE id = :id", id=org.partner)
    fifth, sixth = reconciling.reconcile(Order("me")), reconciling.reconcile(Order("me"))

    day = timedelta(days=1)
    assert first.since is None
    assert second.since == first.ran_at - day
    assert third.since == fourth.since == fifth.since == second.ran_at - day
    assert (third.count, fourth.count, fifth.count) == (1, 1, 0)
    assert sixth.since == fifth.ran_at - day


def test_a_look_at_less_or_at_one_partner_does_not_count_as_the_last_one(make):
    org = make.org()
    reconciling.reconcile(Order("me", since=datetime.now(UTC)))
    reconciling.reconcile(Order("me", partner=org.partner))

    assert reconciling.reconcile(Order("me")).since is None
    assert [row["is_whole"] for row in kept(make)] == [False, False, True]


def test_a_hold_that_was_never_released_is_told_however_old_it_is(make, sandbox):
    org = make.org(questions=1)
    batch = make.queued(org)
    work_off(make, batch)
    reconciling.reconcile(Order("me"))
    make.sql("DELETE FROM ledger WHERE entry = 'release'")
    make.sql("UPDATE partners SET available = available - 1 WHERE id = :id", id=org.partner)
    make.later(hours=1000)
    make.sql("UPDATE reconciliations SET ran_at = now()")

    found = reconciling.reconcile(Order("me"))

    assert found.since
    assert [(one.kind, one.batch_id) for one in found.differences] == [(Kind.NOT_RELEASED, batch)]


def test_retries_cancels_and_moves_to_another_partner_are_no_differences(make, sandbox):
    me = Initiator("test")
    org, other = make.org(questions=3), make.org()
    batch = make.queued(org)
    sandbox.fault("openai.responses", "refusal", times=1)
    work_off(make, batch)
    make.sql("UPDATE orgs SET partner_id = :other WHERE id = :org", other=other.partner, org=org.id)
    retry(batch, me)
    start(batch)
    cancel(batch, me)
    retry(batch, me)

    assert reconciling.reconcile(Order("me")).differences == []
    cancel(batch, me)
    assert reconciling.reconcile(Order("me")).differences == []


@pytest.fixture
def senso(monkeypatch, capsys, database) -> Shell:
    return Shell(monkeypatch, capsys)


def test_the_command_ends_with_0_where_all_is_right_and_keeps_a_row(senso, make):
    make.org()

    done = senso("ledger", "--reconcile")

    assert (done.code, done.err) == (0, "")
    assert "No difference." in done.out
    assert senso("ledger", "--reconcile", "--json").json["count"] == 0
    assert [row["count"] for row in kept(make)] == [0, 0]


def test_the_command_names_a_difference_its_partner_and_what_to_do_and_ends_with_1(senso, make):
    org = make.org(available=10)
    make.sql("UPDATE partners SET available = 12 WHERE id = :id", id=org.partner)

    done = senso("ledger", org.partner, "--reconcile", "--since", "all")

    assert (done.code, done.err) == (1, "senso: 1 difference between the ledger and the work\n")
    assert f"partner {org.partner}" in done.out
    assert (
        "wrong balance: what the partner has available is not the sum of its ledger (expected +10, found +12)"
        in done.out
    )
    assert "what to do: the rows are the truth" in done.out
    (row,) = make.sql("SELECT differences, partner_id FROM reconciliations")
    assert row["partner_id"] == org.partner
    assert row["differences"] == [
        {
            "kind": "wrong balance",
            "text": "what the partner has available is not the sum of its ledger",
            "partner_id": str(org.partner),
            "batch_id": None,
            "run_id": None,
            "org_id": None,
            "expected": 10,
            "found": 12,
        }
    ]


def test_what_is_accepted_is_not_told_again_and_another_is(senso, make):
    org = make.org(available=10)
    make.sql("UPDATE partners SET available = 12 WHERE id = :id", id=org.partner)

    accepted = senso("ledger", "--reconcile", "--accept", "known since June")
    after = senso("ledger", "--reconcile")
    make.sql("UPDATE partners SET available = 13 WHERE id = :id", id=org.partner)
    worse = senso("ledger", "--reconcile")

    assert [done.code for done in (accepted, after, worse)] == [0, 0, 1]
    assert accepted.err == "Accepted: 1 difference will not be told again.\n"
    assert [(row["count"], row["accepted"]) for row in kept(make)] == [(1, "known since June"), (0, None), (1, None)]


def test_of_more_differences_than_are_shown_the_rest_can_be_accepted_next(senso, make):
    make.sql(
        "INSERT INTO partners (id, name, available) SELECT gen_random_uuid(), 'P', 1 FROM generate_series(1, :many)",
        many=differences.MOST + 1,
    )

    first = senso("ledger", "--reconcile", "--accept", "known")
    with transaction() as db:
        last = reconciliations.last(db)
    second = senso("ledger", "--reconcile", "--accept", "known")
    third = senso("ledger", "--reconcile", "--json")

    assert (first.code, second.code, third.code) == (1, 0, 0)
    assert first.err.endswith("senso: 1 difference more: say it again to see and accept the next\n")
    assert not last.is_settled
    assert [(row["count"], row["since"]) for row in kept(make)[:2]] == [(differences.MOST + 1, None), (1, None)]
    assert third.json["count"] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--since", "2h"], 2),
        (["--accept", "x"], 2),
        (["--reconcile", "--last", "3"], 2),
        (["--reconcile", "--since", "soon"], 2),
        (["--reconcile", "--accept", " "], 2),
        (["00000000-0000-4000-8000-000000000001", "--reconcile"], 4),
    ],
    ids=["nothing", "since", "accept", "last", "soon", "no reason", "nobody"],
)
def test_wrong_use_is_one_line_and_keeps_nothing(senso, make, arguments, code):
    done = senso("ledger", *arguments)

    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert kept(make) == []


def test_doctor_says_when_it_was_compared_and_whether_it_was_clean(make):
    org = make.org()
    never = check.findings()
    reconciling.reconcile(Order("me"))
    clean = check.findings()
    make.sql("UPDATE reconciliations SET ran_at = now() - interval '3 days'")
    late = check.findings()
    make.sql("UPDATE partners SET available = 1 WHERE id = :id", id=org.partner)
    reconciling.reconcile(Order("me"))
    differing = check.findings()

    states = [one.state for found in (never, clean, late, differing) for one in found]
    assert states == ["note", "ok", "warning", "warning"]
    assert "clean" in clean[0].said
    assert "1 difference" in differing[0].said
