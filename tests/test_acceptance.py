"""The product as users start it: workers, beat, sandbox as processes, real messages, a world with known truth."""

import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import requests
import truth
from operating import Initiator, trigger_org
from whole_product import LOCATIONS, MODELS, SEED, broken, running_product

from senso.db import transaction
from senso.queries import ledger
from senso.sandbox.lies import NAME_KINDS
from senso.sandbox.world import World

ME = Initiator("test")

# Counted by hand from what the world of this seed says about one org, over all models and places; the limits of the
# rates, if the same questions were asked again, are those of a printed table of Wilson's intervals.
PIONEER = "Pioneer Home Loans"
COUNTED = {
    ("mention_rate", "branded", "consumer"): (9, 10, 0.5958, 0.9821),
    ("mention_rate", "branded", "api"): (20, 20, 0.8389, 1.0),
    ("mention_rate", "unbranded", "consumer"): (6, 10, 0.3127, 0.8318),
    ("mention_rate", "unbranded", "api"): (11, 20, 0.3421, 0.7418),
    ("sentiment_positive", "branded", "consumer"): (7, 9, 0.4526, 0.9368),
    ("sentiment_neutral", "branded", "consumer"): (1, 9, 0.0199, 0.4350),
    ("owned_citation_rate", "branded", "consumer"): (3, 43, None, None),
    ("share_of_voice", "branded", "consumer"): (9, 43, None, None),
    ("average_rank", "branded", "consumer"): (16, 7, None, None),
    ("average_rank", "unbranded", "api"): (25, 8, None, None),
}
ITS_QUESTION = "Which lender in Port Myrtle Wells is best for a first mortgage?"
NO_MENTION = {"missed-by-rule", "no-such-place", "not-mentioned"}
READING_LIES = ("generic-mention", "false-mention", "altered-quote", "invented-competitor", "self-as-competitor")
ITS_PAGES = [
    ("https://moneyalmanack.co.uk/compare/accounts", "moneyalmanack.co.uk"),
    ("https://pioneerhomeloans.com/loans/home", "pioneerhomeloans.com"),
    ("https://reviewquill.com/lenders", "reviewquill.com"),
]


@pytest.fixture(scope="module")
def product(urls, tmp_path_factory):
    yield from running_product(urls, tmp_path_factory.mktemp("stack"), "acceptance", {})


@pytest.fixture
def product_without_chords(urls, tmp_path):
    yield from running_product(urls, tmp_path, "without_chords", {"USE_CHORDS": "false"})


# First, since two running products must not share one Redis.
def test_with_chords_switched_off_everything_ends_all_the_same(product_without_chords):
    product = product_without_chords
    orgs = product.load(World(SEED, orgs=3, questions=4))

    batches = [trigger_org(org, ME).batch.id for org in orgs]
    product.end(batches)

    states = product.make.sql("SELECT state, finished_by FROM batches")
    assert [tuple(row.values()) for row in states] == [("completed", "rows")] * 3
    assert len(product.pushed(batches)) == 3
    assert broken() == {}


@pytest.fixture(scope="module")
def twenty(product):
    """A world of twenty orgs, each asked, read and pushed; with the batch of each."""
    world = World(SEED, orgs=20, questions=10)
    batches = {org: trigger_org(org, ME).batch.id for org in product.load(world)}
    product.end(batches.values())
    return world, batches


def test_what_is_found_charged_counted_and_pushed_is_what_is_true(product, twenty):
    world, batches = twenty

    states = product.make.sql("SELECT state, finished_by FROM batches")
    assert Counter(row["state"] for row in states) == {"completed": 20}
    assert Counter(row["finished_by"] for row in states)["chord"] >= 19
    assert disagreements(product, world) == Counter()
    assert product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 1200
    assert product.make.one("SELECT sum(available) FROM partners") == product.make.one(
        "SELECT sum(credits) FROM ledger"
    )
    assert product.make.one("SELECT count(*) FROM llm_calls WHERE outcome IS NULL") == 0
    assert wrong_numbers(product, world, batches) == []
    assert broken() == {}


def test_what_an_answer_cites_is_what_was_read_off_it_by_hand(product, twenty):
    cited = product.make.sql(
        "SELECT canonical_url, registrable_domain FROM citations c JOIN question_runs r ON r.id = c.run_id "
        "JOIN questions q ON q.id = r.question_id JOIN models m ON m.id = r.model_id "
        "JOIN locations l ON l.id = r.location_id WHERE cited AND q.text = :text AND m.slug = 'chatgpt' "
        "AND l.country = 'US' ORDER BY canonical_url",
        text=ITS_QUESTION,
    )

    assert [tuple(page.values()) for page in cited] == ITS_PAGES


def test_the_numbers_of_one_org_are_those_that_were_counted_by_hand(product, twenty):
    batch = product.make.one("SELECT b.id FROM batches b JOIN orgs o ON o.id = b.org_id WHERE o.name = :n", n=PIONEER)
    (push,) = product.pushed([batch]).values()
    overall = [one for one in push["body"]["metrics"] if {one["slice"]["model"], one["slice"]["location"]} == {None}]
    found = {(one["name"], one["slice"]["kind"], one["slice"]["surface"]): one for one in overall}

    for name, (above, below, low, high) in COUNTED.items():
        one = found[name]
        assert (name, one["numerator"], one["denominator"]) == (name, above, below)
        assert low is None or (name, round(one["these_low"], 4), round(one["these_high"], 4)) == (name, low, high)


def test_the_same_org_triggered_again_and_five_times_at_once_makes_no_further_call(product):
    (org,) = product.load(World(SEED, orgs=21, questions=4))[20:]
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: trigger_org(org, ME), range(5)))
    batch = found[0].batch.id
    product.end([batch])
    calls = len(product.sandbox.calls("openai")) + len(product.sandbox.calls("brightdata"))

    again = trigger_org(org, ME)
    time.sleep(1)

    assert {one.batch.id for one in found} | {again.batch.id} == {batch}
    assert again.outcome == "completed"
    assert len(product.sandbox.calls("openai")) + len(product.sandbox.calls("brightdata")) == calls
    assert product.make.one("SELECT count(*) FROM ledger WHERE batch_id = :b AND entry = 'charge'", b=batch) == 24


def test_one_failed_run_among_sixty_leaves_fifty_nine_charged(product):
    (org,) = product.load(World(SEED, orgs=22, questions=10))[21:]
    product.sandbox.fault("openai.responses", "refusal", times=1)

    batch = trigger_org(org, ME).batch.id
    product.end([batch])
    product.sandbox.heal()

    assert product.make.state(batch)["state"] == "partial"
    assert product.make.one("SELECT count(*) FROM ledger WHERE batch_id = :b AND entry = 'charge'", b=batch) == 59
    assert broken() == {}


def test_without_credits_nothing_is_called_and_after_a_grant_the_batch_goes_on(product):
    (org,) = product.load(World(SEED, orgs=23, questions=2))[22:]
    (partner,) = product.make.sql(
        "SELECT partner_id AS id, available FROM orgs o JOIN partners p ON p.id = partner_id WHERE o.id = :o", o=org
    )
    with transaction() as db:
        ledger.grant(db, partner["id"], 11 - partner["available"], "all but one")
    calls = len(product.sandbox.calls())
    batch = trigger_org(org, ME).batch.id
    product.end([batch])
    blocked = product.make.state(batch)["state"], len(product.sandbox.calls()) - calls

    with transaction() as db:
        ledger.grant(db, partner["id"], 1, "one more")
    trigger_org(org, ME)
    product.end([batch])

    assert blocked == ("blocked", 0)
    assert product.make.state(batch)["state"] == "completed"
    assert product.make.one("SELECT available FROM partners WHERE id = :p", p=partner["id"]) == 0


def test_each_lie_of_a_reader_is_corrected_or_marked(product):
    world = World(SEED, orgs=26, questions=10)
    orgs = product.load(world)[23:]
    requests.post(f"{product.sandbox.url}/_sandbox/lies", json={"share": 0.4}, timeout=5).raise_for_status()
    batches = [trigger_org(org, ME).batch.id for org in orgs]
    product.end(batches)
    lies = [lie for lie in product.sandbox.lies() if lie["organisation"] in {org.name for org in world.orgs[23:]}]
    requests.delete(f"{product.sandbox.url}/_sandbox/lies", timeout=5).raise_for_status()

    marks = product.make.sql(
        "SELECT id, mark->>'kind' AS kind FROM evaluations, jsonb_array_elements(marks) mark "
        "WHERE batch_id = ANY(CAST(:ids AS uuid[]))",
        ids=[str(batch) for batch in batches],
    )
    counted = Counter(row["kind"] for row in marks)
    told = Counter(lie["kind"] for lie in lies for _ in range(lie["times"]))
    assert set(told) - {*NAME_KINDS} == {*READING_LIES}
    false_mentions = told["generic-mention"] + told["false-mention"]
    assert len({row["id"] for row in marks if row["kind"] in NO_MENTION}) == false_mentions
    assert counted["quote-not-in-answer"] >= told["altered-quote"]
    assert counted["competitor-not-in-answer"] == told["invented-competitor"]
    wrong = disagreements(product, world, batches)
    assert set(wrong) <= {"sentiment"}, wrong


def test_a_killed_call_worker_costs_some_seconds_and_nothing_else(product):
    world = World(SEED, orgs=36, questions=10)
    orgs = product.load(world)[26:]
    victim = product.running.children[0].process
    before = product.make.one("SELECT coalesce(max(id), 0) FROM llm_calls")
    batches = [trigger_org(org, ME).batch.id for org in orgs]
    wait_for_flight(product, victim.pid, before)

    victim.send_signal(signal.SIGSTOP)  # frozen, so that what it has in flight can be counted
    time.sleep(0.5)
    in_flight = flight(product, victim.pid)
    victim.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    seconds = until_claimed_again(product, killed)
    product.end(batches, 180)

    twice = product.make.one(
        "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM llm_calls WHERE id > :before "
        "AND run_id IS NOT NULL GROUP BY run_id, purpose HAVING count(*) > 1) twice",
        before=before,
    )
    print(f"{in_flight} calls in flight, work claimed again after {seconds:.1f} s, {twice} calls made twice")
    states = {product.make.state(batch)["state"] for batch in batches}
    assert in_flight > 0
    assert states == {"completed"}
    assert twice <= in_flight
    assert seconds < 20
    assert disagreements(product, world, batches) == Counter()
    assert broken() == {}


def wait_for_flight(product, pid: int, before: int) -> None:
    """Until the victim has calls under way."""
    for _ in range(600):
        if (
            flight(product, pid) >= 10
            and product.make.one("SELECT count(*) FROM llm_calls WHERE id > :before", before=before) > 150
        ):
            return
        time.sleep(0.02)
    pytest.fail("the worker never had enough to do")


def flight(product, pid: int) -> int:
    return product.make.one(
        "SELECT (SELECT count(*) FROM question_runs WHERE state = 'asking' AND lease_owner LIKE :me) "
        "+ (SELECT count(*) FROM evaluations WHERE state = 'extracting' AND lease_owner LIKE :me)"
        "+ (SELECT count(*) FROM question_runs r JOIN vendor_jobs s ON s.id = r.snapshot_id "
        "WHERE s.state = 'submitting' AND s.lease_owner LIKE :me)",
        me=f"%:{pid}:%",
    )


def until_claimed_again(product, killed: float) -> float:
    while time.monotonic() - killed < 60:
        product.running.watch()
        if product.make.one(
            "SELECT count(*) FROM question_runs WHERE failures > 0 AND fence > 1 AND state <> 'planned'"
        ) or product.make.one(
            "SELECT count(*) FROM evaluations WHERE failures > 0 AND fence > 1 AND state <> 'pending'"
        ):
            return time.monotonic() - killed
        time.sleep(0.05)
    pytest.fail("its work was never claimed again")


READINGS = """
    SELECT e.batch_id, o.name AS org, q.text AS question, m.slug AS model, l.country, e.mentioned, e.sentiment, e.rank,
        ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id) AS competitors,
        ARRAY(SELECT canonical_url FROM citations c WHERE c.run_id = r.id AND cited ORDER BY position) AS cited,
        ARRAY(SELECT registrable_domain FROM citations c WHERE c.run_id = r.id AND cited ORDER BY position) AS domains
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN questions q ON q.id = r.question_id
        JOIN models m ON m.id = r.model_id JOIN locations l ON l.id = r.location_id JOIN orgs o ON o.id = e.org_id
    WHERE e.state = 'done'
"""


def disagreements(product, world, batches=None) -> Counter:
    """By field, how many evaluations differ from the truth."""
    wrong = Counter()
    for row in product.make.sql(READINGS):
        if batches is not None and row["batch_id"] not in batches:
            continue
        meant = world.truth(row["question"], row["model"], row["country"])
        wrong["mentioned"] += row["mentioned"] != meant.mentioned
        wrong["sentiment"] += row["sentiment"] != meant.sentiment
        wrong["rank"] += row["rank"] != meant.rank
        wrong["competitors"] += set(row["competitors"]) != set(meant.competitors)
        pages = {(page.url, page.domain) for page in truth.cited_pages(meant.sources)}
        wrong["citations"] += set(zip(row["cited"], row["domains"], strict=True)) != pages
    return +wrong


def wrong_numbers(product, world, batches) -> list[str]:
    """What of the pushes differs from what the world meant to say."""
    pushes = product.pushed(batches.values())
    documents = {UUID(str(org["id"])): org for org in world.import_document(MODELS, LOCATIONS)["orgs"]}
    return [
        f"{documents[org]['name']}: {fault}"
        for org, batch in batches.items()
        for fault in wrong_in(pushes[f"push:{batch}:1"]["body"], truth.said(world, documents[org]))
    ]


def wrong_in(body, answers) -> list[str]:
    wrong = truth.faults(answers, body["metrics"])
    if (body["charged"], body["counts"]["evaluated"], body["state"]) != (60, 60, "completed"):
        wrong.append(f"charged {body['charged']}, {body['counts']}, {body['state']}")
    competitors = {one["name"]: one["answers"] for one in body["competitors"]}
    if competitors != truth.leaderboard(answers):
        wrong.append(f"competitors {competitors}")
    domains = {(one["domain"], one["type"]): one["answers"] for one in body["citations"]}
    if domains != truth.domains(answers):
        wrong.append(f"domains {domains}")
    return wrong
