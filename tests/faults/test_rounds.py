"""Adaptive sampling while workers die: questions are asked once more where that may decide a change against last week.

The stand-in answers a question the same each time. So what stands near a decision after the first round stands there
after the second, and each such batch ends after the most rounds that its org allows, whatever dies meanwhile.
"""

import os

from load import document, imported, trigger
from plan import SEED

from senso.sandbox.world import World

NEAR, STILL = 24, 4  # orgs: of which a change is nearly decided, and of which nothing has changed
QUESTIONS, ROUNDS = 10, 3
# Of ten questions, those that named the org for the first time: a corrected probability of .11 in this world.
NEWLY_NAMED = 4
ONE_MODEL = {"models": ("gpt-6.1-terra",), "places": ({"country": "US"},)}
# While it is there, readings of answers to these questions find that their org is not named.
OVERLOOKING = """
    CREATE FUNCTION overlooked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT FROM question_runs r WHERE r.id = NEW.run_id AND r.question_id = ANY('{{{questions}}}')) THEN
            NEW.mentioned := false; NEW.rank := NULL; NEW.sentiment := NULL;
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER overlooked BEFORE UPDATE ON evaluations FOR EACH ROW WHEN (NEW.mentioned)
        EXECUTE FUNCTION overlooked()
"""
TODAY = "batch_date = (SELECT max(batch_date) FROM batches)"
BECAME = f"""
    SELECT b.state, b.planned, b.remaining, b.reserved,
        (SELECT count(*) FROM evaluations e WHERE e.batch_id = b.id AND e.state = 'done') AS readings,
        (SELECT sum(credits)::int FROM ledger l WHERE l.batch_id = b.id AND l.entry = 'hold') AS held,
        (SELECT sum(credits)::int FROM ledger l WHERE l.batch_id = b.id AND l.entry = 'release') AS released,
        (SELECT sum(credits)::int FROM ledger l WHERE l.batch_id = b.id AND l.entry = 'charge') AS charged
    FROM batches b WHERE b.{TODAY} AND b.org_id = ANY(:orgs)
"""
FURTHER_IN_FLIGHT = """
    SELECT (SELECT count(*) FROM question_runs WHERE sample > 0 AND state = 'asking' AND lease_owner LIKE :me)
        + (SELECT count(*) FROM evaluations e JOIN question_runs r ON r.id = e.run_id
            WHERE r.sample > 0 AND e.state = 'extracting' AND e.lease_owner LIKE :me)
"""
AT_THE_END = f"SELECT id, planned FROM batches WHERE {TODAY} AND state = 'running' AND remaining = 0"
GONE_ON = "SELECT count(*) FROM batches WHERE id = ANY(:ids) AND (remaining > 0 OR ended_at IS NOT NULL)"


def test_undisturbed_it_asks_as_often_as_it_may_and_gives_the_rest_back(fault):
    with fault(42, "none: adaptive sampling undisturbed", own_load=True, **ONE_MODEL) as it:
        orgs = weeks(it.product)
        it.hit(batches=NEAR, orgs_that_stand_still=STILL)
        it.row.recovery = round(it.product.end(), 1)
        found = became(it.product, orgs)

    assert found == AS_IT_OUGHT
    assert it.row.twice == 0


def test_a_call_worker_killed_amid_a_further_round(fault):
    with fault(42, "kill -9 of a call worker amid a further round", own_load=True, **ONE_MODEL) as it:
        orgs = weeks(it.product)
        me = f"%:{it.product.children['call-1'].process.pid}:%"
        many = 5 * QUESTIONS
        it.product.until(lambda: it.product.make.one(FURTHER_IN_FLIGHT, me=me) >= many, 90, "no further rounds")
        it.strikes(processes=1)
        held = it.product.kill("call-1")
        it.hit(calls=len(held), further_calls=it.product.make.one(FURTHER_IN_FLIGHT, me=me))
        it.recovered(it.product.claimed_again(held))
        it.product.end()
        found = became(it.product, orgs)

    assert found == AS_IT_OUGHT


def test_killed_in_the_transaction_that_decides_to_go_on(fault):
    """Nothing of it has happened: whoever comes next decides the same."""
    trap = {"at": "batch goes on", "do": "kill"}
    with fault(42, "kill -9 of the control worker in the transaction that opens a further round", own_load=True,
        failpoints=[trap], **ONE_MODEL) as it:  # fmt: skip
        orgs = weeks(it.product)
        it.product.wait_for_strike("batch goes on")
        it.product.wait_for_death()
        undecided = [batch["id"] for batch in it.product.make.sql(AT_THE_END)]
        it.strikes(processes=1, batches=len(undecided))
        gone_on = it.product.until(
            lambda: it.product.make.one(GONE_ON, ids=undecided) == len(undecided), 120, "it was never decided again"
        )
        it.recovered(gone_on)
        it.product.end()
        found = became(it.product, orgs)

    assert found == AS_IT_OUGHT
    assert it.row.twice == 0


AS_IT_OUGHT = {
    "near": [("completed", 30, 0, 0, 30, -30, 30, -30)] * NEAR,
    "still": [("completed", 10, 0, 20, 10, -30, 30, -10)] * STILL,
}


def weeks(product) -> dict[str, list]:
    """The orgs, with a batch of a week ago that is over; that of today has begun."""
    made = document(product.plan, 0, NEAR + STILL, QUESTIONS)
    for org in made["orgs"]:
        org["samples"] = {"from": 1, "to": ROUNDS}
        org["questions"] = [question | {"kind": "unbranded"} for question in org["questions"]]
    orgs = imported(made)
    product.make.sql(OVERLOOKING.format(questions=",".join(newly_named())))
    last_week(product, orgs)
    product.make.sql("DROP FUNCTION overlooked CASCADE")
    trigger(orgs)
    return {"near": orgs[:NEAR], "still": orgs[NEAR:]}


def newly_named() -> list[str]:
    """Questions that each name their org."""
    world = World(SEED, orgs=NEAR, questions=QUESTIONS)
    (model,), (place,) = ONE_MODEL["models"], ONE_MODEL["places"]
    naming = [
        [one for one in world.questions(org) if world.truth(one.text, model, place["country"], org.name).mentioned]
        for org in world.orgs
    ]
    return [str(question.id) for questions in naming for question in questions[:NEWLY_NAMED]]


def last_week(product, orgs) -> None:
    os.environ["SENSO_CLOCK"] = "-7d"
    trigger(orgs)
    del os.environ["SENSO_CLOCK"]
    product.end()


def became(product, orgs) -> dict[str, list]:
    return {which: [tuple(row.values()) for row in product.make.sql(BECAME, orgs=ids)] for which, ids in orgs.items()}
