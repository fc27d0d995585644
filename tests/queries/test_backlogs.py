"""How long work has waited, kept for the overview: once in ten minutes, and not for ever."""

from senso.db import transaction
from senso.reads import backlogs
from senso.workflows.totals import keep_backlog


def test_whoever_comes_first_writes_and_what_is_old_goes(make):
    make.queued()
    make.sql("UPDATE batches SET queued_at = now() - interval '3 hours'")
    make.sql("INSERT INTO backlog_ages VALUES (now() - interval '8 days', 1, 1, 1, 1, 1)")

    keep_backlog()
    make.sql("UPDATE batches SET queued_at = now()")
    keep_backlog()

    (row,) = make.sql("SELECT * FROM backlog_ages")
    assert 3 * 3600 <= row["matrix"] < 3 * 3600 + 300
    assert (row["ask"], row["push"]) == (0, 0)


def test_an_hour_is_told_by_its_longest(make):
    make.sql(
        "INSERT INTO backlog_ages SELECT date_trunc('hour', now()) - interval '1 hour' + n * interval '10 minutes', "
        "n, 0, 0, 0, 0 FROM generate_series(0, 5) n"
    )

    with transaction() as db:
        hours = backlogs.hours(db, 24)

    assert [one.matrix for one in hours] == [5]
