"""Cited domains that no table knows: noticed at the end of a batch, classified by one call, never asked for twice."""

from at_work import start

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import domains as rows
from senso.sandbox.env import SEED
from senso.sandbox.world import World
from senso.settings import settings
from senso.tasks.periodic import classify
from senso.tasks.stages import classify_domains, finish_batch, read
from senso.workflows import domains, reading_models

# Questions of the sandbox's world, which answers them with sources.
KNOWN = [one["text"] for one in World(SEED, orgs=1, questions=2).import_document((), ())["orgs"][0]["questions"]]


def noticed(*names):
    with transaction() as db:
        rows.notice(db, names)


def known(make):
    return {row["domain"]: row["category"] for row in make.sql("SELECT * FROM domain_categories ORDER BY domain")}


def calls(make):
    return [row["outcome"] for row in make.sql("SELECT outcome FROM llm_calls WHERE purpose = 'domains' ORDER BY id")]


def test_many_domains_are_classified_by_one_call_and_never_asked_for_again(make, sandbox):
    noticed("daily-news.example", "acme.example", "the-shop.example")

    classify_domains()
    noticed("acme.example")
    classify_domains()

    assert known(make) == {"acme.example": "other", "daily-news.example": "news", "the-shop.example": "shop"}
    assert calls(make) == ["found"]
    (row,) = make.sql("SELECT DISTINCT model, version, lease_owner, fence FROM domain_categories")
    assert tuple(row.values()) == ("gpt-6-luna", "domains-1", None, 1)


def test_a_call_takes_a_limited_number_and_the_first_noticed_first(make, sandbox):
    noticed(*(f"a{place}.example" for place in range(POLICY.domains_at_once)))
    noticed("later.example")
    make.sql("UPDATE domain_categories SET noticed_at = now() + interval '1 second' WHERE domain = 'later.example'")

    classify_domains()

    assert [domain for domain, category in known(make).items() if category is None] == ["later.example"]


def test_two_workers_do_not_ask_for_the_same_domain(make, sandbox):
    noticed("acme.example")
    with transaction() as db:
        model = reading_models.naming(db)
        first = domains.claim_some(db, model)
    with transaction() as db:
        assert domains.claim_some(db, model) is None
    assert list(first.fences) == ["acme.example"]
    assert calls(make) == [None]


def test_a_failed_call_is_tried_again_later_and_given_up_in_the_end(make, sandbox):
    sandbox.fault("openai.chat", "malformed", share=1)
    noticed("acme.example")

    for _ in range(POLICY.domain_tries + 1):
        classify_domains()
        classify_domains()  # waits: the next try is not due
        make.sql("UPDATE domain_categories SET lease_until = NULL")

    assert calls(make) == ["malformed"] * POLICY.domain_tries
    assert known(make) == {"acme.example": None}


def test_without_a_key_nothing_is_sent_or_claimed(make, sandbox, environment, messages):
    noticed("acme.example")
    environment.setenv("OPENAI_API_KEY", "")
    settings.cache_clear()

    classify()
    classify_domains()

    assert calls(make) == []
    assert make.one("SELECT fence FROM domain_categories") == 0


def test_a_pause_of_everything_holds_it(make, sandbox):
    noticed("acme.example")
    make.sql("INSERT INTO pauses (scope, paused_by) VALUES ('all', 'test')")

    classify_domains()

    assert calls(make) == []


def test_a_batch_notices_what_its_answers_cite_and_counts_it_by_category(make, sandbox):
    batch = make.queued(make.org(texts=KNOWN, models=("sonar",)))
    start(batch)
    read(*map(str, make.runs(batch)))
    finish_batch(str(batch), "chord")

    cited = {row["registrable_domain"]: row["category"] for row in make.sql("SELECT * FROM citations WHERE cited")}
    assert cited
    assert known(make).keys() == {domain for domain, category in cited.items() if category is None}
    (body,) = make.sql("SELECT body FROM pushes")
    assert {one["category"] for one in body["body"]["citations"]} <= {"own", *filter(None, cited.values()), "other"}
    seen = {
        one["name"]: one for one in body["body"]["metrics"] if one["slice"]["model"] is None is one["slice"]["location"]
    }
    four = [seen[name] for name in ("named_and_cited", "named_only", "cited_only", "neither")]
    assert sum(one["numerator"] for one in four) == four[0]["denominator"] == 2
