"""Two sessions share the checks of one look, and see the same moment."""

from senso.checks import promises
from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants

LOST = "UPDATE batches SET planned = planned + 1"


def test_what_is_committed_after_the_first_session_stands_still_is_seen_by_neither(make):
    make.run(answered=True)

    with transaction() as one:
        invariants.use_snapshot(one)
        moment = invariants.moment(one)
        make.sql(LOST)
        with transaction() as other:
            invariants.import_snapshot(other, moment)
            seen = [invariants.broken(one, POLICY, 500), invariants.broken(other, POLICY, 500)]

    assert seen == [{}, {}]


def test_both_sessions_together_tell_what_one_would(make):
    make.run(answered=True)
    make.sql(LOST)
    make.sql("UPDATE partners SET available = available + 1")

    with transaction() as one:
        alone = invariants.broken(one, POLICY, 500)

    assert len(alone) >= 2
    assert promises.in_rows(500) == alone
    assert list(promises.in_rows(500)) == list(alone)


def test_each_check_is_asked_once(make, monkeypatch):
    asked = []
    monkeypatch.setattr(invariants, "rows", lambda result: asked.append(result.rowcount) or [])
    make.run(answered=True)

    promises.in_rows(500)

    assert len(asked) == len(invariants.CHECKS)
