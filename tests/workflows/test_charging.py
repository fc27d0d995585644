"""Who pays how much for what was read: the price and the partner are those of the hold, and each answer counts once."""

from at_work import start, work_off
from operating import Initiator, retry, trigger_org

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import batches, invariants, ledger
from senso.settings import settings
from senso.tasks.periodic import admit
from senso.tasks.stages import finish_batch, open_batch, read

ME = Initiator("test")


def priced(environment, credits_each: int) -> None:
    environment.setenv("CREDITS_PER_EVALUATION", str(credits_each))
    settings.cache_clear()


def entries(make, partner=None) -> list[tuple[str, int]]:
    found = make.sql(
        "SELECT entry, credits FROM ledger WHERE entry <> 'grant' AND partner_id = coalesce(:partner, partner_id) "
        "ORDER BY id",
        partner=partner,
    )
    return [(row["entry"], row["credits"]) for row in found]


def available(make, org) -> int:
    return make.one("SELECT available FROM partners WHERE id = :id", id=org.partner)


def kept() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def test_an_answer_costs_what_the_operator_has_set(make, sandbox, environment):
    priced(environment, 5)
    org = make.org(questions=3, available=100)
    batch = make.queued(org)
    sandbox.fault("openai.responses", "400", times=1)

    work_off(make, batch)

    assert entries(make) == [("hold", -15), ("release", 15), ("charge", -5), ("charge", -5)]
    assert available(make, org) == 90
    assert kept() == {}


def test_the_price_is_that_of_the_day_on_which_the_batch_was_made(make, sandbox, environment):
    priced(environment, 5)
    org = make.org(questions=2, available=100)
    batch = make.queued(org)
    priced(environment, 7)

    work_off(make, batch)

    assert entries(make) == [("hold", -10), ("release", 10), ("charge", -5), ("charge", -5)]
    assert available(make, org) == 90


def test_at_a_higher_price_credits_suffice_for_fewer_answers(make, sandbox, environment):
    priced(environment, 3)
    org = make.org(questions=2, available=5)
    batch = make.queued(org)

    work_off(make, batch)

    assert make.state(batch)["state"] == "blocked"
    assert make.state(batch)["error"] == "6 credits needed"
    assert (entries(make), available(make, org), sandbox.calls()) == ([], 5, [])


def test_credits_that_just_suffice_are_enough_and_are_all_held(make, sandbox):
    org = make.org(questions=2, available=2)
    batch = make.queued(org)
    start(batch)
    held = available(make, org)

    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")

    assert (held, available(make, org)) == (0, 0)
    assert make.state(batch)["state"] == "completed"


def test_the_partner_whose_credits_were_held_pays_though_the_org_has_moved_to_another(make, sandbox):
    org, other = make.org(questions=2, available=100), make.org(available=50)
    batch = make.queued(org)
    start(batch)
    make.sql("UPDATE orgs SET partner_id = :other WHERE id = :org", other=other.partner, org=org.id)

    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")

    assert entries(make, org.partner) == [("hold", -2), ("release", 2), ("charge", -1), ("charge", -1)]
    assert entries(make, other.partner) == []
    assert (available(make, org), available(make, other)) == (98, 50)
    assert kept() == {}


def test_after_a_move_a_retry_is_held_and_charged_at_the_new_partner_and_what_was_paid_stays_paid(make, sandbox):
    org, other = make.org(questions=2, available=100), make.org(available=50)
    batch = make.queued(org)
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batch)
    make.sql("UPDATE orgs SET partner_id = :other WHERE id = :org", other=other.partner, org=org.id)
    retry(batch, ME)

    work_off(make, batch)

    assert entries(make, org.partner) == [("hold", -2), ("release", 2), ("charge", -1)]
    assert entries(make, other.partner) == [("hold", -1), ("release", 1), ("charge", -1)]
    assert (available(make, org), available(make, other)) == (99, 49)
    assert kept() == {}


def test_nobody_else_pays_for_a_batch(make, sandbox):
    """Two partners, each with a batch under way: the end of the one moves nothing of the other."""
    org, other = make.org(questions=2, available=100), make.org(questions=3, available=50)
    batch, under_way = make.queued(org), make.queued(other)
    start(batch)
    start(under_way)
    for run in make.runs(under_way):
        read(str(run))

    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")

    assert (available(make, org), available(make, other)) == (98, 47)
    assert entries(make, other.partner) == [("hold", -3)]
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge' AND batch_id = :b", b=batch) == 2


def test_settled_again_a_batch_writes_nothing_and_moves_no_credit(make, sandbox):
    org = make.org(questions=2, available=100)
    batch = make.queued(org)
    work_off(make, batch)
    before = make.everything()

    with transaction() as db:
        charges = ledger.charge_and_release(db, batch, 1)

    assert charges == 0
    assert make.everything() == before


def test_held_again_for_the_same_episode_nothing_is_taken(make):
    org = make.org(questions=2, available=100)
    batch = make.queued(org)
    admit()
    open_batch(str(batch))
    before = make.everything()

    with transaction() as db:
        taken = ledger.hold(db, batches.load(db, batch), org.id, 2)

    assert taken is False
    assert make.everything() == before


def test_opened_again_a_batch_holds_nothing_more(make):
    org = make.org(questions=2, available=100)
    batch = make.queued(org)
    admit()

    open_batch(str(batch))
    open_batch(str(batch))

    assert (entries(make), available(make, org)) == ([("hold", -2)], 98)


def test_what_is_held_until_the_end_is_what_is_planned(make, sandbox):
    org = make.org(questions=3, available=100)
    batch = make.queued(org)

    start(batch)

    row = make.state(batch)
    assert (row["planned"], row["remaining"], available(make, org)) == (3, 3, 97)
    assert make.one("SELECT count(*) FROM evaluations WHERE batch_id = :b", b=batch) == 3


def test_a_grant_is_given_once_for_its_reference_and_to_one_partner(make):
    org, other = make.org(available=10), make.org(available=20)

    with transaction() as db:
        given = [ledger.grant(db, partner, 5, "invoice 7") for partner in (other.partner, other.partner)]

    assert given == [True, False]
    assert (available(make, org), available(make, other)) == (10, 25)
    assert kept() == {}


def test_a_trigger_says_at_which_price_it_opened(make, environment):
    priced(environment, 4)

    found = trigger_org(make.org().id, ME)

    assert found.batch.credits_per_evaluation == 4
