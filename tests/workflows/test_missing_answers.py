"""What an org of a network gets when it is asked for: whatever was answered, and neither twice nor against a wish."""

import pytest
from at_work import read_for_all, start, work_off_network
from networks import answered, asked, broken, grant, lenders, on
from operating import Initiator, cancel, retry, trigger_missing, trigger_network

from senso.errors import ConfigError
from senso.settings import settings
from senso.tasks.periodic import sweep_all
from senso.tasks.stages import leave
from senso.workflows import membership

ME = Initiator("mara")


def late_in(make, network):
    org = make.org(questions=0)
    make.names(org)
    make.join(network, org)
    return org


def read_late(make, batch, network, *expected: str) -> None:
    """An org that joins now gets the one answer of a batch that had two questions."""
    org = late_in(make, network)
    (found,) = trigger_missing(network, org.id, ME)
    read_for_all(make, batch)

    assert found.outcome == "opened"
    assert (make.state(found.batch.id)["state"], make.state(found.batch.id)["planned"]) == ("completed", 1)
    assert make.state(batch)["state"] in expected
    assert broken() == {}


def half_answered(make, sandbox, *, count: int = 2):
    orgs, network = lenders(make, count)
    sandbox.fault("openai.responses", "refusal", times=1)
    batch, _ = asked(make, network)
    return orgs, network, batch


def test_answers_stay_readable_while_what_failed_is_asked_again(make, sandbox):
    _, network, batch = half_answered(make, sandbox)
    retry(batch, ME)

    read_late(make, batch, network, "queued", "running")


def test_answers_stay_readable_when_what_failed_was_cancelled(make, sandbox):
    _, network, batch = half_answered(make, sandbox)
    retry(batch, ME)
    cancel(batch, ME)

    read_late(make, batch, network, "cancelled")


def test_answers_stay_readable_when_what_failed_was_blocked_and_its_day_is_over(make, sandbox, environment):
    on(environment, "-1d")
    _, network, batch = half_answered(make, sandbox)
    make.sql("UPDATE partners SET available = 0")
    retry(batch, ME)
    start(batch)
    blocked = make.state(batch)["state"]
    on(environment, "+0d")
    sweep_all()
    org = late_in(make, network)

    (found,) = trigger_missing(network, org.id, ME)

    assert (blocked, make.state(batch)["state"]) == ("blocked", "cancelled")
    assert found.outcome == "opened"


def test_what_was_answered_before_a_network_was_cancelled_is_read_once_it_has_been_asked_to_the_end(make, sandbox):
    (org, *_), network = lenders(make)
    batch = trigger_network(network, ME).batch.id
    start(batch)
    cancel(batch, ME)

    with pytest.raises(ConfigError, match=f"its batch {batch} of .* is cancelled .*; senso retry {batch}"):
        trigger_missing(network, org.id, ME)


def test_a_day_that_was_cancelled_is_left_and_the_others_are_read(make, sandbox, environment):
    (org, other), network = lenders(make, 2)
    on(environment, "-2d")
    stopped = cancelled_for(make, org, answered(make, network))
    on(environment, "-1d")
    answered(make, network)
    on(environment, "+0d")

    found = trigger_missing(network, org.id, ME)
    others = trigger_missing(network, other.id, ME)
    again = trigger_missing(network, org.id, ME, reopen=True)

    assert [(one.batch.id, one.outcome) for one in found if one.outcome != "attached"] == [(stopped, "cancelled")]
    assert "cancelled" not in {one.outcome for one in others}
    assert (again[0].batch.id, again[0].outcome) == (stopped, "reopened")
    assert broken() == {}


def cancelled_for(make, org, _batch):
    (mine,) = make.sql("SELECT id FROM batches WHERE org_id = :o", o=org.id)
    cancel(mine["id"], ME)
    return mine["id"]


def test_reopening_for_one_org_leaves_what_was_cancelled_for_another(make, sandbox):
    (org, other), network = lenders(make, 2)
    batch = answered(make, network)
    mine, theirs = (cancelled_for(make, one, batch) for one in (org, other))

    trigger_missing(network, org.id, ME, reopen=True)

    assert (make.state(mine)["state"], make.state(theirs)["state"]) == ("queued", "cancelled")


def left(make, org) -> None:
    make.sql("DELETE FROM network_orgs WHERE org_id = :o", o=org.id)
    sweep_all()


def test_a_batch_goes_on_if_the_org_is_back_before_it_is_cancelled(make, sandbox):
    (org, *_), network = lenders(make)
    batch = answered(make, network)
    (mine,) = make.sql("SELECT id FROM batches WHERE org_id = :o", o=org.id)
    left(make, org)
    make.join(network, org)

    leave(str(mine["id"]))
    read_for_all(make, batch)

    assert make.state(mine["id"])["state"] == "completed"
    assert broken() == {}


def test_an_org_that_left_and_is_back_is_not_held_to_a_cancellation_that_nobody_asked_for(make, sandbox):
    (org, *_), network = lenders(make)
    batch = answered(make, network)
    (mine,) = make.sql("SELECT id FROM batches WHERE org_id = :o", o=org.id)
    left(make, org)
    leave(str(mine["id"]))
    cancelled = make.state(mine["id"])["state"]
    make.join(network, org)

    (found,) = trigger_missing(network, org.id, ME)
    read_for_all(make, batch)

    assert (cancelled, found.batch.id, found.outcome) == ("cancelled", mine["id"], "reopened")
    assert make.state(mine["id"])["state"] == "completed"
    assert broken() == {}


def test_a_batch_that_somebody_cancelled_is_left_although_the_org_has_been_away(make, sandbox):
    (org, *_), network = lenders(make)
    stopped = cancelled_for(make, org, answered(make, network))
    left(make, org)
    make.join(network, org)

    (found,) = trigger_missing(network, org.id, ME)

    assert (found.batch.id, found.outcome) == (stopped, "cancelled")


def test_what_is_being_asked_is_not_refused(make, sandbox):
    (org, *_), network = lenders(make)
    batch = trigger_network(network, ME).batch.id

    (queued,) = trigger_missing(network, org.id, ME)
    start(batch)
    (running,) = trigger_missing(network, org.id, ME)
    work_off_network(make, batch)

    assert [(one.batch.id, one.outcome) for one in (queued, running)] == [(batch, "attached")] * 2
    assert make.one("SELECT count(*) FROM batches WHERE kind = 'network_org' AND state = 'completed'") == 3
    assert broken() == {}


def test_a_network_that_is_blocked_says_so_when_its_answers_are_wanted(make, sandbox):
    (org, *_), network = lenders(make, 1, available=1)
    batch = trigger_network(network, ME).batch.id
    start(batch)

    with pytest.raises(ConfigError, match=f"its batch {batch} of .* is blocked .2 credits needed"):
        trigger_missing(network, org.id, ME)


def test_two_triggers_that_read_at_the_same_time_read_once(make, sandbox, monkeypatch):
    (org, *_), network = lenders(make, 1)
    sandbox.fault("openai.chat", "refusal", times=1)
    batch, readers = asked(make, network)
    found = membership.answers_for

    def overtaken(*arguments):
        seen = found(*arguments)
        monkeypatch.undo()
        trigger_missing(network, org.id, ME)
        read_for_all(make, batch)
        return seen

    monkeypatch.setattr(membership, "answers_for", overtaken)
    (second,) = trigger_missing(network, org.id, ME)

    assert (second.batch.id, second.outcome) == (readers[org.id], "completed")
    assert make.state(second.batch.id)["episode"] == 2
    assert broken() == {}


def test_the_credits_of_a_partner_are_counted_once_for_all_its_orgs(make, sandbox):
    orgs, network = lenders(make, 4, available=2)
    make.sql("UPDATE orgs SET partner_id = :p", p=orgs[0].partner)

    batch, _ = asked(make, network)

    assert make.state(batch)["note"] == "3 of its 4 orgs cannot pay for its answers (2 credits each)"
    assert make.one("SELECT count(*) FROM batches WHERE state = 'blocked'") == 3


@pytest.mark.parametrize("is_asked_before", [False, True])
def test_a_network_whose_orgs_are_all_inactive_by_then_asks_nothing(make, sandbox, is_asked_before):
    _, network = lenders(make, 2)
    batch = trigger_network(network, ME).batch.id
    if is_asked_before:
        start(batch)
        cancel(batch, ME)
        retry(batch, ME)
    make.sql("UPDATE orgs SET active = false")
    start(batch)

    assert (make.state(batch)["state"], make.state(batch)["error"]) == (
        ("failed", "2 of 2 were cancelled")
        if is_asked_before
        else ("failed", "the network has nothing to ask, or no active org to read for")
    )
    assert broken() == {}


def test_without_history_a_blocked_batch_ends_with_its_day_as_one_of_an_org_does(make, sandbox, environment):
    environment.setenv("NETWORK_HISTORY_DAYS", "0")
    settings.cache_clear()
    _, network = lenders(make, 1)
    poor = make.org(questions=0, available=1)
    make.join(network, poor)
    asked(make, network)
    grant(poor.partner, 1)
    on(environment, "+1d")

    sweep_all()

    (mine,) = make.sql("SELECT state, error FROM batches WHERE org_id = :o", o=poor.id)
    assert tuple(mine.values()) == ("cancelled", "blocked for want of credits until its day was over")
