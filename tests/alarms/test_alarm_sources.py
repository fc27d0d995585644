"""Each kind of alarm is made from the rows that the product writes, once for each event, and from nothing else."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from alarm_steps import LONG, look, look_again
from at_work import start, work_off

from senso.db import transaction
from senso.queries.alarm_sources import SOURCES, Looking, breakers, ceilings, differences
from senso.settings import settings
from senso.tasks.stages import finish_batch, read


def found(make, kind: str) -> list[str]:
    return [one["said"] for one in make.sql("SELECT said FROM alarms WHERE kind = :kind ORDER BY id", kind=kind)]


def looked_by(source) -> list:
    looking = Looking(datetime.now(UTC) - timedelta(minutes=10), datetime.now(UTC), LONG, 0.2)
    with transaction() as db:
        return source.find(db, looking)


def lasts(source) -> bool:
    with transaction() as db:
        return source.lasts(db, Looking(datetime.now(UTC), datetime.now(UTC), LONG, 0.2))


def heard(make, *, beat: float = 0, control: float = 0, hour: int | None = None) -> None:
    """Of both, so many seconds ago."""
    make.sql("DELETE FROM beats")
    make.sql("DELETE FROM workers")
    make.sql(
        "INSERT INTO beats (id, ticked_at, due_hour) VALUES ('host:1:a', now() - make_interval(secs => :ago), :hour)",
        ago=beat,
        hour=hour,
    )
    make.sql(
        "INSERT INTO workers (id, queues, heartbeat_at) "
        "VALUES ('host:2:b', '{control,push}', now() - make_interval(secs => :ago))",
        ago=control,
    )


@pytest.fixture(autouse=True)
def all_is_well(make):
    heard(make)


def failed(make, sandbox):
    sandbox.fault("openai.responses", "401")
    batch = make.queued(make.org(questions=1))
    start(batch)
    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")
    sandbox.heal()
    return batch


def test_where_all_is_well_there_are_no_alarms(make, sandbox):
    work_off(make, make.queued())

    look()
    look_again(make)

    assert make.one("SELECT count(*) FROM alarms") == 0
    assert make.one("SELECT count(*) FROM alarm_periods") == len(SOURCES)


def test_a_batch_that_failed_is_told_of_once_and_its_next_episode_again(make, sandbox):
    batch = failed(make, sandbox)
    look()
    look_again(make)

    (said,) = found(make, "failed batches")
    assert said.startswith(f"Larch Hill Credit Union of {make.state(batch)['batch_date']}, batch {batch}, failed")
    assert make.one("SELECT subject FROM alarms") == str(batch)

    make.sql("UPDATE batches SET episode = 2")
    look_again(make)

    assert len(found(make, "failed batches")) == 2


@pytest.mark.parametrize(("lost", "alarms"), [(1, 0), (2, 0), (3, 1), (10, 1)])
def test_a_batch_of_which_too_much_failed_is_told_of(make, sandbox, lost, alarms):
    """Of ten; the share is 0.2."""
    batch = make.queued(make.org(questions=10))
    work_off(make, batch)
    make.sql(
        "UPDATE evaluations SET state = 'failed' WHERE (run_id, org_id) IN "
        "(SELECT run_id, org_id FROM evaluations LIMIT :lost)",
        lost=lost,
    )
    make.sql("UPDATE batches SET state = 'partial'")

    look()

    assert len(found(make, "failed batches")) == alarms
    assert all(f"{lost} of 10 not done" in said for said in found(make, "failed batches"))


def test_what_ended_before_the_first_look_is_past(make, sandbox):
    failed(make, sandbox)
    make.sql("UPDATE batches SET ended_at = now() - interval '11 minutes'")

    look()

    assert found(make, "failed batches") == []


def test_what_was_committed_late_is_found_by_the_next_look(make, sandbox):
    look()
    failed(make, sandbox)
    make.sql("UPDATE batches SET ended_at = now() - interval '2 minutes'")

    look_again(make)

    assert len(found(make, "failed batches")) == 1


def test_a_comparison_that_took_long_and_a_breaker_that_was_written_down_late_are_told_of(make):
    """Both rows say when it happened, which was long before they came."""
    look()
    make.sql(
        "INSERT INTO reconciliations (ran_at, by, is_whole, differences, count) "
        "VALUES (now() - interval '50 minutes', 'schedule', true, '[]', 2)"
    )
    make.sql(
        "INSERT INTO breaker_events (at, provider, model, event, calls, failures, open_seconds, transition) "
        "VALUES (now() - interval '50 minutes', 'openai', 'gpt-9', 'opened', 12, 9, 30, 'openai:gpt-9:1')"
    )

    look_again(make)

    assert len(found(make, "differences")) == len(found(make, "breaker")) == 1


def test_a_partner_without_credits_is_told_of_once_for_all_batches_of_the_day(make):
    org = make.org(available=0)
    for number in range(3):
        start(make.queued(make.org(available=0)) if number else make.queued(org))
    make.sql("UPDATE orgs SET partner_id = :partner", partner=org.partner)

    look()
    look_again(make)

    (said,) = found(make, "blocked partners")
    assert said.startswith(f"Partner ({org.partner}) has no credits for 3 batches of ")


def test_an_open_breaker_is_told_of_each_time_it_opens(make):
    source = breakers.SOURCE
    for number, event in enumerate(("opened", "probing", "opened")):
        make.sql(
            "INSERT INTO breaker_events (provider, model, event, calls, failures, error, open_seconds, transition) "
            "VALUES ('openai', 'gpt-9', :event, 12, 9, 'Unavailable', 30, :transition)",
            event=event,
            transition=f"openai:gpt-9:{number}",
        )

    first, second = looked_by(source)

    assert first.said == "openai gpt-9: 9 of 12 calls failed (Unavailable), left alone for 30 s"
    assert first.key != second.key
    assert lasts(source)
    make.sql(
        "INSERT INTO breaker_events (provider, model, event, calls, failures, open_seconds, transition) "
        "VALUES ('openai', 'gpt-9', 'closed', 0, 0, 0, 'openai:gpt-9:3')"
    )
    assert not lasts(source)


def test_a_ceiling_that_was_reached_is_told_of_with_what_was_spent(make):
    org = make.org()
    for partner in (None, org.partner):
        make.sql(
            "INSERT INTO cost_stops (day, partner_id, ceiling_microusd, spent_microusd, wanted_microusd) "
            "VALUES (CAST(now() AT TIME ZONE 'UTC' AS date), :partner, 5000000, 5010000, 1)",
            partner=partner,
        )

    of_all, of_one = sorted((one.said for one in looked_by(ceilings.SOURCE)), key=len)

    assert of_all.startswith("All partners together: the ceiling of $5.00 was reached on 20")
    assert of_one.startswith(f"Partner ({org.partner}): the ceiling of $5.00 ")
    assert of_one.endswith("$5.01 spent or under way")
    assert lasts(ceilings.SOURCE)
    make.sql("UPDATE cost_stops SET lifted_at = now()")
    assert not lasts(ceilings.SOURCE)


def test_a_reconciliation_with_differences_is_told_of_with_the_first(make):
    for count, differences_found in ((0, []), (2, [{"kind": "charge", "text": "run 7 has no charge"}, {"text": "x"}])):
        make.sql(
            "INSERT INTO reconciliations (by, is_whole, differences, count) "
            "VALUES ('schedule', true, CAST(:found AS jsonb), :count)",
            found=json.dumps(differences_found),
            count=count,
        )

    (event,) = looked_by(differences.SOURCE)

    assert event.said == "2 differences, the first: run 7 has no charge"
    make.sql("UPDATE reconciliations SET accepted = 'invoice 7'")
    assert looked_by(differences.SOURCE) == []


@pytest.mark.parametrize(("ago", "alarms"), [(30, 0), (299, 0), (301, 1), (86_400, 1)])
@pytest.mark.parametrize("silent", ["beat", "control"])
def test_five_minutes_without_a_tick_are_told_of_once(make, silent, ago, alarms):
    heard(make, **{silent: ago})

    look()
    look_again(make)

    assert len(found(make, "no tick")) == alarms


def test_who_has_just_begun_to_watch_does_not_judge(make):
    """After a night in which all was off, or an outage of Postgres, nobody has been heard of for long."""
    heard(make, beat=3600, control=3600)

    look(watched_seconds=299)

    assert found(make, "no tick") == []


def test_a_control_worker_that_left_in_order_is_missed_as_one_that_died(make):
    heard(make)
    make.sql("UPDATE workers SET ended_at = now() - interval '1 minute', heartbeat_at = now() - interval '1 hour'")
    look()
    assert found(make, "no tick") == []

    make.sql("UPDATE workers SET ended_at = now() - interval '6 minutes'")
    look_again(make)

    assert len(found(make, "no tick")) == 1


def test_where_nobody_ever_ticked_that_is_said_once_a_day(make):
    make.sql("DELETE FROM beats")
    look()
    look_again(make)

    assert found(make, "no tick") == ["No beat has sent a tick yet"]


@pytest.mark.parametrize(("minutes", "alarms"), [(50, 0), (70, 1)])
def test_an_org_that_is_due_and_not_triggered_within_an_hour_is_told_of(make, environment, minutes, alarms):
    heard(make, hour=2)
    org = make.org(imported_at=datetime(2026, 11, 20, tzinfo=UTC))  # created on a Monday
    environment.setenv("SENSO_CLOCK", f"2026-11-23T{2 + minutes // 60:02}:{minutes % 60:02}Z")
    use()
    look()
    look_again(make)

    assert len(found(make, "missed schedule")) == alarms
    assert all(
        said.startswith(f"{org.name} ({org.id}) was due on 2026-11-23") for said in found(make, "missed schedule")
    )


def test_a_timetable_that_opens_no_batch_misses_none(make, environment):
    heard(make, hour=None)
    make.org()
    environment.setenv("SENSO_CLOCK", "2026-11-23T12:00Z")
    use()

    look()

    assert found(make, "missed schedule") == []


def test_an_org_that_was_triggered_is_not_missed(make, environment):
    heard(make, hour=2)
    org = make.org()
    make.sql("INSERT INTO schedule_runs (subject, due_date) VALUES (:subject, '2026-11-23')", subject=f"org:{org.id}")
    environment.setenv("SENSO_CLOCK", "2026-11-23T12:00Z")
    use()

    look()

    assert found(make, "missed schedule") == []


def test_a_process_that_a_supervisor_starts_again_and_again_is_told_of_once_an_hour(make):
    for deaths in (5, 10):
        make.sql("INSERT INTO restarts (host, process, exit_code, deaths) VALUES ('web-1', 'call-1', 70, :n)", n=deaths)

    look()
    look_again(make)

    assert found(make, "restarts") == ["call-1 on web-1 was started 10 times in a row; it ended with 70"]


@pytest.mark.parametrize(("deaths", "alarms"), [(4, 0), (5, 1)])
def test_workers_that_die_young_one_after_the_other_are_told_of(make, deaths, alarms):
    died(make, deaths)

    look()

    assert len(found(make, "restarts")) == alarms


def test_workers_that_are_stopped_in_order_and_started_again_are_not(make):
    died(make, 9, heartbeat="1 hour 1 minute")

    look()

    assert found(make, "restarts") == []


def died(make, deaths: int, *, heartbeat: str = "1 minute") -> None:
    for _ in range(deaths):
        make.sql(
            "INSERT INTO workers (id, queues, started_at, heartbeat_at, ended_at) VALUES (:id, '{ask}', "
            "now() - interval '2 minutes', now() - CAST(:heartbeat AS interval), now() - interval '50 seconds')",
            id=f"web-1:{uuid4()}:x",
            heartbeat=heartbeat,
        )


def use() -> None:
    settings.cache_clear()
