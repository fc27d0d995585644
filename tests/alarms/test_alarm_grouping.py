"""A bad night is few messages: one at once, then what came within windows that grow, then that it is over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from alarm_steps import look, look_after, look_again, messages

from senso.errors import Unreachable
from senso.queries.alarm_sources import Event
from senso.queries.alarms import Gathered, Period
from senso.settings import settings
from senso.slack import MOST_CHARACTERS, escaped
from senso.states import AlarmKind, MessagePart
from senso.workflows.alarms import grouping, wording
from senso.workflows.alarms.wording import Telling

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOTHING = Gathered(0, None)


def failing(make, count: int) -> None:
    """So many more batches end badly."""
    make.sql(
        """
        INSERT INTO batches (id, kind, org_id, batch_date, state, planned, remaining, credits_per_evaluation,
            triggered_by, ended_at, error)
        SELECT gen_random_uuid(), 'org', o.id, current_date - (
            SELECT count(*)::int FROM batches) - n, 'failed', 60, 0, 1, 'schedule', now(), 'openai 401: <no key> & such'
        FROM (SELECT id FROM orgs LIMIT 1) o, generate_series(1, :count) n
        """,
        count=count,
    )


@pytest.fixture(autouse=True)
def ticking(make):
    make.org()
    make.sql("INSERT INTO beats (id, ticked_at) VALUES ('host:1:a', now() + interval '1 day')")
    make.sql("INSERT INTO workers (id, queues, heartbeat_at) VALUES ('h:2:b', '{control}', now() + interval '1 day')")


def test_a_bad_night_of_1500_failed_batches_is_five_messages(make):
    failing(make, 40)
    look()
    for minutes, count in ((5, 300), (6, 400), (10, 260), (11, 300), (25, 100), (16, 100)):
        failing(make, count)
        look_after(make, minutes)
    for _ in range(8):
        look_after(make, 20)

    found = [(part, count) for _, part, count, _ in messages(make)]
    assert found == [
        ("first", 40),
        ("more", 700),
        ("more", 560),
        ("more", 200),
        ("over", 1500),
    ]
    assert sum(count for part, count in found if part != "over") == 1500
    last = make.one("SELECT text FROM alarm_messages ORDER BY id DESC LIMIT 1")
    assert "No more batches have failed" in last
    assert "1500 in all since" in last


def test_one_failed_batch_is_one_message(make):
    failing(make, 1)
    look()
    for _ in range(5):
        look_after(make, 30)

    assert messages(make) == [("failed batches", "first", 1, "pending")]
    failing(make, 1)
    look_again(make)

    assert [part for _, part, _, _ in messages(make)] == ["first", "first"]


def test_what_lasts_is_over_when_it_has_ended_and_not_before(make):
    make.sql("UPDATE beats SET ticked_at = now() - interval '10 minutes'")
    look()
    for _ in range(4):
        look_after(make, 30)
    assert [part for _, part, _, _ in messages(make)] == ["first"]

    make.sql("UPDATE beats SET ticked_at = now() + interval '1 day'")
    look_after(make, 30)

    assert messages(make) == [("no tick", "first", 1, "pending"), ("no tick", "over", 1, "pending")]


def test_windows_grow_to_an_hour():
    period, windows = Period(AlarmKind.FAILED, None, NOW), []
    for _ in range(6):
        _, period = grouping.due(period, Gathered(3, NOW), None)
        windows.append(period.window_seconds)
        period = moved(period, period.window_seconds)

    assert windows == [600, 1200, 2400, 3600, 3600, 3600]


def test_nothing_is_told_within_a_window():
    _, period = grouping.due(Period(AlarmKind.FAILED, None, NOW), Gathered(1, NOW), None)

    assert grouping.due(moved(period, 599), Gathered(9, NOW), None)[0] is None
    part, after = grouping.due(moved(period, 600), Gathered(9, NOW), None)
    assert (part, after.count, after.messages) == (MessagePart.MORE, 10, 2)
    assert grouping.due(moved(after, 1200), NOTHING, None)[0] is MessagePart.OVER


def moved(period: Period, seconds: float) -> Period:
    return Period(
        period.kind,
        period.looked_at,
        period.now + timedelta(seconds=seconds),
        period.since,
        period.due_at,
        period.window_seconds,
        period.messages,
        period.count,
    )


def test_two_processes_that_look_at_once_tell_once(make):
    failing(make, 25)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            make.sql("UPDATE alarm_periods SET next_look_at = now()")
            list(pool.map(lambda _: look(), range(4)))

    assert messages(make) == [("failed batches", "first", 25, "pending")]
    assert make.unpublished() == [] or make.unpublished() == ["alarm:1"]
    assert make.one("SELECT count(*) FROM alarms") == 25


def test_a_source_that_fails_does_not_keep_the_others_from_being_looked_at(make):
    failing(make, 1)
    make.sql("ALTER TABLE restarts RENAME TO elsewhere")
    try:
        with pytest.raises(Unreachable):
            look()
    finally:
        make.sql("ALTER TABLE elsewhere RENAME TO restarts")

    assert messages(make) == [("failed batches", "first", 1, "pending")]


def test_without_an_address_alarms_are_rows_and_nothing_waits(make, nothing_outside):
    failing(make, 3)
    look()

    assert messages(make) == [("failed batches", "first", 3, "not configured")]
    assert [key for key in make.unpublished() if key.startswith("alarm")] == []


@pytest.fixture
def nothing_outside(environment):
    environment.delenv("SLACK_WEBHOOK_URL")
    settings.cache_clear()


@pytest.mark.parametrize("part", list(MessagePart))
@pytest.mark.parametrize("kind", list(AlarmKind))
@pytest.mark.parametrize(("said", "count"), [("a", 1), ("& <!channel> " * 30, 1500), ("ß" * 500, 3)])
def test_every_message_has_room_and_says_what_to_do(kind, part, said, count):
    events = [Event(str(n), "1234", wording.said(said, ()), NOW) for n in range(min(count, 5))]
    text = wording.text_of(Telling(kind, part, count, count, NOW, events, 3600), "production")

    assert len(escaped(text)) <= MOST_CHARACTERS
    assert "[production, " in text
    assert "since 2026-11-23 02:00 UTC" in text.replace("Since", "since")
    assert ("```senso " in text) == (part is not MessagePart.OVER)
    assert part is MessagePart.OVER or str(count) in text


def test_what_comes_from_outside_is_one_line_without_secrets_and_without_addresses():
    said = wording.said(
        "see https://evil.example/x\nkey sk-abcdefgh12345678\u202e and hunter2hunter2", ("hunter2hunter2",)
    )

    assert said == "see evil.example/x key [hidden] and [hidden]"
