"""What will run by itself is said before it is paid: as the ticks decide it, and as a dry run would cost it."""

from datetime import UTC, datetime, timedelta

import pytest

from senso.cli.upcoming import lines
from senso.db import transaction
from senso.queries import schedule
from senso.settings import settings
from senso.tasks import schedule_file
from senso.tasks.app import app
from senso.tasks.periodic import due_orgs
from senso.workflows.upcoming import Week, estimate_week

MONDAY, WEDNESDAY = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 7, 23, 59, tzinfo=UTC)
NOW = datetime(2026, 11, 28, 17, 30, tzinfo=UTC)  # a Saturday


@pytest.fixture(autouse=True)
def _timetable():
    before = dict(app.conf.beat_schedule)
    schedule_file.load()
    yield
    app.conf.beat_schedule = before


def foreseen(now: datetime = NOW) -> Week:
    with transaction() as db:
        return estimate_week(db, now, schedule_file.hour())


def test_the_next_day_counts_its_orgs_runs_and_cost(make):
    for created_at, questions in ((MONDAY, 2), (MONDAY, 3), (WEDNESDAY, 5)):
        make.org(created_at=created_at, imported_at=NOW, questions=questions, models=("chatgpt", "gpt-6.1-terra"))

    week = foreseen()

    assert (week.orgs, week.due, week.next_at) == (3, None, datetime(2026, 11, 30, 2, tzinfo=UTC))
    assert (week.next.orgs, week.next.runs) == (2, 10)
    assert week.next.cost_microusd > 0


@pytest.mark.usefixtures("sandbox")
def test_what_is_due_now_is_what_the_tick_opens(make, environment):
    environment.setenv("SENSO_CLOCK", NOW.isoformat())
    settings.cache_clear()
    make.org(created_at=MONDAY)
    make.org(created_at=WEDNESDAY)
    make.org(created_at=MONDAY, imported_at=NOW - timedelta(hours=1))
    make.org(created_at=MONDAY, active=False)

    before = foreseen()
    due_orgs()
    after = foreseen()

    assert before.due.orgs == make.one("SELECT count(*) FROM batches") == 2
    assert after.due is None


@pytest.mark.parametrize(
    ("now", "next_at"),
    [
        (datetime(2026, 11, 30, 1, 59, tzinfo=UTC), datetime(2026, 11, 30, 2, tzinfo=UTC)),
        (datetime(2026, 11, 30, 2, 0, tzinfo=UTC), datetime(2026, 12, 7, 2, tzinfo=UTC)),
    ],
)
def test_next_is_the_first_moment_that_is_still_to_come(make, now, next_at):
    make.org(created_at=MONDAY, imported_at=now)

    assert foreseen(now).next_at == next_at


def test_the_hour_is_the_timetables(make):
    make.org(created_at=MONDAY, imported_at=NOW)
    app.conf.beat_schedule["due orgs"]["kwargs"] = {"hour": 5}

    assert foreseen().next_at == datetime(2026, 11, 30, 5, tzinfo=UTC)


def test_without_its_line_in_the_timetable_nothing_runs_by_itself(make):
    make.org()
    del app.conf.beat_schedule["due orgs"]

    week = foreseen()

    assert (week.orgs, week.due, week.next) == (1, None, None)
    assert list(lines(week)) == ["1 active org; none runs by itself, since the timetable says nothing of it."]


def test_orgs_that_have_nothing_to_ask_or_are_not_active_do_not_count(make):
    make.org(questions=0, countries=())
    make.org(active=False)

    assert foreseen() == Week(0, 2)


def test_it_is_said_in_words(make):
    make.org(created_at=MONDAY)

    said = list(lines(foreseen()))

    assert said[0] == "1 active org runs by itself once a week, on the weekday of created_at:"
    assert said[1].startswith("  due now: 1 org, about 2 runs, about $0.")
    assert said[2].startswith("  next: Mon 2026-11-30 02:00 UTC, 1 org, about 2 runs, about $0.")


def test_the_cost_is_that_of_past_answers_where_there_are_some(make, sandbox):
    from at_work import work_off  # noqa: PLC0415

    org = make.org(created_at=MONDAY, imported_at=NOW)
    work_off(make, make.queued(org))
    make.sql("UPDATE batches SET ended_at = coalesce(ended_at, now())")
    paid = make.one("SELECT sum(cost_microusd)::bigint FROM llm_calls WHERE purpose <> 'names'")

    assert foreseen().next.cost_microusd == pytest.approx(paid, rel=0.01)


def test_ten_thousand_orgs_are_counted_by_their_weekday(make):
    many(make, 10_000)

    with transaction() as db:
        by_weekday = schedule.by_weekday(db)

    assert sum(by_weekday.values()) == 10_000
    assert by_weekday[0] == 1430


def many(make, number: int) -> None:
    """All ask the same, and were created on seven days in a row."""
    org = make.org(created_at=MONDAY)
    make.sql(
        "INSERT INTO orgs (id, partner_id, name, created_at) SELECT gen_random_uuid(), :partner, 'Org ' || n, "
        "timestamptz '2026-01-05 09:00+00' + n % 7 * interval '1 day' FROM generate_series(0, :more) n",
        partner=org.partner,
        more=number - 2,
    )
    asked = {"org_questions": "t.question_id, t.position", "org_models": "t.model_id", "org_locations": "t.location_id"}
    for table, columns in asked.items():
        make.sql(
            f"INSERT INTO {table} SELECT o.id, {columns} FROM orgs o, {table} t WHERE t.org_id = :org AND o.id <> :org",
            org=org.id,
        )
