"""A network's questions are asked once, and the answers are read for each of its orgs."""

import pytest
from at_work import read_for_all, start, work_off_network
from networks import answered, asked, broken, ended, grant, lenders, on
from operating import Initiator, cancel, retry, trigger_missing, trigger_network

from senso.errors import ConfigError, NotFound
from senso.settings import settings
from senso.tasks.periodic import due, relay, sweep_all
from senso.tasks.stages import leave, open_batch, open_members, read

ME = Initiator("mara")
CHARGES = "SELECT org_id, partner_id, kind, credits FROM ledger WHERE entry = 'charge' ORDER BY id"


def states(make, *batches) -> list[str]:
    return [make.state(batch)["state"] for batch in batches]


def test_a_network_asks_once_and_each_of_its_orgs_pays_for_what_is_read_for_it(make, sandbox):
    orgs, network = lenders(make)

    batch, readers = asked(make, network)

    assert len(sandbox.calls("openai.responses")) == 2
    assert states(make, batch, *readers.values()) == ["completed"] * 4
    assert set(readers) == {org.id for org in orgs}
    assert sorted((row["org_id"], row["partner_id"], row["kind"], row["credits"]) for row in make.sql(CHARGES)) == (
        sorted((org.id, org.partner, "network", -1) for org in orgs for _ in range(2))
    )
    assert make.one("SELECT count(*) FROM question_runs WHERE is_latest AND subject_id = :n", n=network) == 2
    assert {make.state(reader)["batch_date"] for reader in readers.values()} == {make.state(batch)["batch_date"]}
    assert make.one("SELECT count(*) FROM metrics WHERE batch_id = :b", b=batch) == 0
    assert make.one("SELECT count(DISTINCT batch_id) FROM metrics") == 3
    assert broken() == {}


def test_the_names_of_an_org_are_asked_for_once(make, sandbox):
    orgs = [make.org(questions=0) for _ in range(2)]
    network = make.network(*orgs)

    asked(make, network)

    names = [call for call in sandbox.calls("openai.chat") if call["schema"] == "name_variations"]
    assert len(names) == 2
    assert broken() == {}


def test_the_orgs_are_read_together_once_all_are_ready(make, sandbox, messages):
    _, network = lenders(make)
    batch = answered(make, network)
    messages.clear()

    for reader in read_one_by_one(make, batch):
        start(reader)
        make.sql("UPDATE outbox SET not_before = now() WHERE published_at IS NULL AND pipeline = 'gather'")
        relay()

    sent = [arguments for name, arguments in messages("control") if name == "senso.gather"]
    assert sent == [[str(batch)]] * 3


def read_one_by_one(make, batch):
    from at_work import RUNNING, admit  # noqa: PLC0415

    admit()
    return [one["id"] for one in make.sql(RUNNING, asked_by=batch)]


def test_an_org_that_cannot_pay_is_blocked_alone_and_catches_up_after_a_grant(make, sandbox):
    (rich, *_), network = lenders(make)
    poor = make.org(questions=0, available=1)
    make.names(poor)
    make.join(network, poor)

    batch, readers = asked(make, network)
    (blocked,) = make.sql("SELECT id, error FROM batches WHERE state = 'blocked'")
    grant(poor.partner, 1)
    (again,) = trigger_missing(network, poor.id, ME)
    read_for_all(make, batch)

    assert (blocked["error"], make.state(batch)["note"]) == (
        "2 credits needed",
        "1 of its 4 orgs cannot pay for its answers (2 credits each)",
    )
    assert (again.batch.id, again.outcome) == (blocked["id"], "resumed")
    assert states(make, *readers.values()) == ["completed"] * 4
    assert make.one("SELECT available FROM partners WHERE id = :p", p=poor.partner) == 0
    assert make.one("SELECT available FROM partners WHERE id = :p", p=rich.partner) == 998
    assert broken() == {}


def test_where_no_org_can_pay_nothing_is_asked_until_one_can(make, sandbox):
    orgs, network = lenders(make, 2, available=1)
    batch = trigger_network(network, ME).batch.id
    start(batch)
    before = make.state(batch)

    grant(orgs[0].partner, 1)
    again = trigger_network(network, ME)
    work_off_network(make, batch)

    assert (before["state"], before["error"]) == (
        "blocked",
        "2 credits needed by each of its 2 orgs, and none has them",
    )
    assert (again.batch.id, again.outcome) == (batch, "resumed")
    assert states(make, batch) == ["completed"]
    assert sorted(row["state"] for row in make.sql("SELECT state FROM batches WHERE kind = 'network_org'")) == [
        "blocked",
        "completed",
    ]
    assert broken() == {}


def test_a_run_that_failed_is_asked_again_and_its_answer_then_read_for_all(make, sandbox):
    orgs, network = lenders(make)
    sandbox.fault("openai.responses", "refusal", times=1)
    batch, readers = asked(make, network)
    first = states(make, batch, *readers.values())

    retry(batch, ME)
    work_off_network(make, batch)

    assert first == ["partial"] + ["completed"] * 3
    assert states(make, batch, *readers.values()) == ["completed"] * 4
    assert {make.state(reader)["episode"] for reader in readers.values()} == {2}
    assert len(make.sql(CHARGES)) == 2 * len(orgs)
    assert make.one("SELECT count(*) FROM question_runs WHERE is_latest") == 2
    assert broken() == {}


@pytest.mark.parametrize(("times", "state", "failed"), [(1, "partial", 1), (None, "failed", 2)])
def test_a_network_that_was_not_answered_says_why(make, sandbox, times, state, failed):
    _, network = lenders(make)
    sandbox.fault("openai.responses", "refusal", times=times)

    batch, _ = asked(make, network)

    reason = f"{failed} of 2 failed: {failed} × openai: the model refused to answer"
    assert (make.state(batch)["state"], make.state(batch)["error"]) == (state, reason)
    assert broken() == {}


def test_a_network_that_reads_the_same_day_again_has_nothing_to_do(make, sandbox):
    _, network = lenders(make)
    batch, readers = asked(make, network)

    again = trigger_network(network, ME)
    open_members(str(batch))

    assert (again.batch.id, again.outcome) == (batch, "completed")
    assert make.one("SELECT count(*) FROM batches") == 4
    assert {make.state(reader)["episode"] for reader in readers.values()} == {1}


def test_an_org_that_joins_gets_the_history_it_lacks_as_if_it_had_been_there(make, sandbox, environment):
    orgs, network = lenders(make)
    for day in ("-3d", "-2d", "-1d"):
        on(environment, day)
        asked(make, network)
    on(environment, "+0d")
    late = make.org(questions=0)
    make.names(late)
    make.join(network, late)

    found = trigger_missing(network, late.id, ME)
    for batch in make.sql("SELECT id FROM batches WHERE kind = 'network'"):
        read_for_all(make, batch["id"])
    again = trigger_missing(network, late.id, ME)

    assert [one.outcome for one in found] == ["opened"] * 3
    assert states(make, *(one.batch.id for one in found)) == ["completed"] * 3
    assert [(one.batch.id, one.outcome) for one in again] == [(found[-1].batch.id, "completed")]
    assert make.one("SELECT -sum(credits) FROM ledger WHERE entry = 'charge' AND org_id = :o", o=late.id) == 6
    assert numbers(make, late) == numbers(make, orgs[0])
    assert make.one("SELECT count(*) FROM question_runs WHERE is_latest") == 2
    assert broken() == {}


def numbers(make, org) -> list[dict]:
    return make.sql(
        "SELECT b.batch_date, m.name, m.kind, m.surface, m.model, m.location, m.numerator, m.denominator "
        "FROM metrics m JOIN batches b ON b.id = m.batch_id WHERE b.org_id = :org ORDER BY 1, 2, 3, 4, 5, 6",
        org=org.id,
    )


def test_history_goes_back_as_far_as_the_setting_says(make, sandbox, environment):
    _, network = lenders(make)
    for day in ("-3d", "-1d"):
        on(environment, day)
        asked(make, network)
    on(environment, "+0d")
    environment.setenv("NETWORK_HISTORY_DAYS", "2")
    settings.cache_clear()
    late = make.org(questions=0)
    make.join(network, late)

    assert len(trigger_missing(network, late.id, ME)) == 1


def test_the_next_batch_of_the_network_brings_an_org_that_joined_its_history(make, sandbox, environment):
    _, network = lenders(make)
    on(environment, "-1d")
    asked(make, network)
    on(environment, "+0d")
    late = make.org(questions=0)
    make.names(late)
    make.join(network, late)

    asked(make, network)

    assert make.one("SELECT count(*) FROM batches WHERE org_id = :o AND kind = 'network_org'", o=late.id) == 2


def test_nothing_more_is_read_for_an_org_that_left(make, sandbox, environment):
    (left, *others), network = lenders(make)
    on(environment, "-1d")
    asked(make, network)
    on(environment, "+0d")
    make.sql("DELETE FROM network_orgs WHERE org_id = :o", o=left.id)

    _, readers = asked(make, network)

    assert set(readers) == {org.id for org in others}
    with pytest.raises(ConfigError, match="is not in network"):
        trigger_missing(network, left.id, ME)


def test_a_batch_of_an_org_that_leaves_ends_with_what_it_has(make, sandbox):
    (left, *_), network = lenders(make)
    batch = answered(make, network)
    (mine,) = make.sql("SELECT id FROM batches WHERE org_id = :o", o=left.id)
    start(mine["id"])
    make.sql("DELETE FROM network_orgs WHERE org_id = :o", o=left.id)

    sweep_all()
    key = f"leave:{mine['id']}:1"
    assert make.one("SELECT count(*) FROM outbox WHERE key = :key", key=key) == 1
    leave(str(mine["id"]))
    leave(str(mine["id"]))
    read_for_all(make, batch)

    assert states(make, mine["id"]) == ["cancelled"]
    assert make.state(mine["id"])["error"] == "the org has left the network: 0 of 2 were read"
    assert make.one("SELECT count(*) FROM ledger WHERE org_id = :o AND entry = 'charge'", o=left.id) == 0
    assert broken() == {}


def test_an_org_that_left_before_its_batch_opened_pays_nothing(make, sandbox):
    (left, *_), network = lenders(make)
    batch = answered(make, network)
    make.sql("DELETE FROM network_orgs WHERE org_id = :o", o=left.id)
    (mine,) = make.sql("SELECT id FROM batches WHERE org_id = :o", o=left.id)

    read_for_all(make, batch)
    open_batch(str(mine["id"]))

    assert states(make, mine["id"]) == ["cancelled"]
    assert make.one("SELECT count(*) FROM ledger WHERE org_id = :o AND entry = 'hold'", o=left.id) == 0
    assert broken() == {}


def test_a_reading_that_failed_is_missing_until_it_is_read(make, sandbox):
    (org, *_), network = lenders(make, 1)
    sandbox.fault("openai.chat", "refusal", times=1)
    batch, readers = asked(make, network)
    first = states(make, readers[org.id])

    (again,) = trigger_missing(network, org.id, ME)
    read_for_all(make, batch)

    assert first == ["partial"]
    assert (again.batch.id, again.outcome) == (readers[org.id], "reopened")
    assert states(make, readers[org.id]) == ["completed"]
    assert len(make.sql(CHARGES)) == 2
    assert broken() == {}


def test_a_retry_reads_again_what_failed_for_an_org(make, sandbox):
    (org, *_), network = lenders(make, 1)
    sandbox.fault("openai.chat", "refusal", times=1)
    batch, readers = asked(make, network)

    retry(readers[org.id], ME)
    read_for_all(make, batch)

    assert states(make, readers[org.id]) == ["completed"]
    assert broken() == {}


@pytest.mark.parametrize("left", [True, False])
def test_a_blocked_batch_of_an_org_is_cancelled_as_what_it_is(make, sandbox, left):
    (org, *_), network = lenders(make, 1, available=2)
    sandbox.fault("openai.chat", "refusal", times=2)
    batch, readers = asked(make, network)
    reader = readers[org.id]
    make.sql("UPDATE orgs SET partner_id = :other WHERE id = :org", other=make.org(available=0).partner, org=org.id)
    retry(reader, ME)
    start(reader)

    first = states(make, reader)
    if left:
        make.sql("DELETE FROM network_orgs WHERE org_id = :org", org=org.id)
        leave(str(reader))
        make.sql("INSERT INTO network_orgs (network_id, org_id) VALUES (:n, :org)", n=network, org=org.id)
    else:
        cancel(reader, ME)

    assert first + states(make, reader) == ["blocked", "cancelled"]
    make.sql("UPDATE orgs SET partner_id = :own WHERE id = :org", own=org.partner, org=org.id)
    retry(reader, ME)
    read_for_all(make, batch)
    assert states(make, reader) == ["completed"]
    pushed = make.sql("SELECT episode FROM pushes WHERE batch_id = :b ORDER BY episode", b=reader)
    assert [one["episode"] for one in pushed] == [1, 3]
    assert make.one("SELECT available FROM partners WHERE id = :own", own=org.partner) == 0
    assert broken() == {}


def test_a_cancelled_batch_of_an_org_is_only_reopened_when_it_is_said(make, sandbox):
    (org, *_), network = lenders(make)
    batch = answered(make, network)
    (mine,) = make.sql("SELECT id FROM batches WHERE org_id = :o", o=org.id)
    cancel(mine["id"], ME)

    open_members(str(batch))
    still = states(make, mine["id"])
    (left,) = trigger_missing(network, org.id, ME)
    (again,) = trigger_missing(network, org.id, ME, reopen=True)
    read_for_all(make, batch)

    assert still == ["cancelled"]
    assert (left.batch.id, left.outcome) == (mine["id"], "cancelled")
    assert again.outcome == "reopened"
    assert states(make, mine["id"]) == ["completed"]
    assert broken() == {}


def test_a_cancelled_network_opens_no_batch_and_keeps_its_answers(make, sandbox):
    _, network = lenders(make)
    batch = trigger_network(network, ME).batch.id
    start(batch)
    read(str(make.runs(batch)[0]))

    cancel(batch, ME)

    assert states(make, batch) == ["cancelled"]
    assert make.state(batch)["error"] == "cancelled by mara: 1 of 2 were answered"
    assert make.one("SELECT count(*) FROM batches") == 1
    assert make.one("SELECT count(*) FROM outbox WHERE pipeline = 'members'") == 0
    assert broken() == {}


def test_a_message_that_opens_the_orgs_batches_and_is_lost_is_made_again(make, sandbox):
    _, network = lenders(make)
    batch = ended(make, network)
    make.sql("UPDATE outbox SET published_at = now()")
    make.sql("UPDATE batches SET ended_at = ended_at - interval '2 minutes' WHERE id = :b", b=batch)
    make.sql("UPDATE network_orgs SET joined_at = joined_at - interval '1 hour'")
    found = make.sql("SELECT key FROM outbox WHERE published_at IS NULL")

    sweep_all()

    assert found == []
    assert make.one("SELECT total FROM (SELECT sum(count) AS total FROM repairs WHERE kind = 'unread networks') t") == 1


def test_an_org_that_joins_after_the_network_was_read_is_not_found_by_the_sweep(make, sandbox):
    _, network = lenders(make)
    batch, _ = asked(make, network)
    make.sql("UPDATE batches SET ended_at = ended_at - interval '2 minutes' WHERE id = :b", b=batch)
    make.join(network, make.org(questions=0))

    sweep_all()

    assert make.one("SELECT count(*) FROM repairs WHERE kind = 'unread networks'") == 0


def test_readings_whose_message_is_lost_are_due_by_themselves(make, sandbox, messages):
    _, network = lenders(make)
    batch = answered(make, network)
    for reader in read_one_by_one(make, batch):
        start(reader)
    messages.clear()
    make.sql("UPDATE evaluations SET next_at = now() WHERE next_at IS NOT NULL")

    due()

    ((name, runs),) = messages("extract")
    assert (name, sorted(runs)) == ("senso.extract", sorted(map(str, make.runs(batch))))


def test_an_unknown_network_and_one_without_answers_are_refused(make, sandbox):
    (org, *_), network = lenders(make)

    with pytest.raises(NotFound, match="no network"):
        trigger_network(org.id, ME)
    with pytest.raises(NotFound, match="no network"):
        trigger_missing(org.id, org.id, ME)
    with pytest.raises(ConfigError, match="has no answers of the last 30 days"):
        trigger_missing(network, org.id, ME)


def test_a_blocked_batch_of_an_org_stays_while_its_history_is_read(make, sandbox, environment):
    rich, poor = make.org(questions=0), make.org(questions=0, available=1)
    network = make.network(rich, poor)
    asked(make, network)

    on(environment, "+2d")
    sweep_all()
    soon = make.one("SELECT count(*) FROM batches WHERE state = 'blocked'")
    on(environment, "+40d")
    sweep_all()

    assert (soon, make.one("SELECT count(*) FROM batches WHERE state = 'blocked'")) == (1, 0)
