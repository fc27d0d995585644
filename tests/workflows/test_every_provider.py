"""One batch that asks every provider: each answer comes, is read and charged once, and tells what its vendor told."""

import pytest
from at_work import start, work_off
from jobs import collect

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.registry import PROVIDERS
from senso.sandbox.env import SEED
from senso.sandbox.world import World
from senso.tasks.stages import extract, finish_batch, read, submit_snapshot

MODELS = (
    *("gpt-6-luna", "claude-haiku-5-5", "gemini-api", "gemini-3.5-flash-lite", "sonar", "linkup", "our-answers"),
    *("chatgpt", "perplexity", "gemini", "google-ai-mode", "copilot"),
)
# Questions of the sandbox's world, which answers them with sources.
WORLD = World(SEED, orgs=1, questions=5)
KNOWN = [question["text"] for question in WORLD.import_document((), ())["orgs"][0]["questions"]]
AZURE = """
    INSERT INTO models (id, slug, provider, name, surface, deadline_seconds)
    VALUES (gen_random_uuid(), 'our-answers', 'azure_openai', 'our-answers', 'api', 90)
"""
RUNS = """
    SELECT m.slug, m.provider, r.state, r.searched, r.location_honoured, r.other_model, r.model_version, r.vendor_id,
        r.queries, r.cost_microusd, (SELECT count(*) FROM citations c WHERE c.run_id = r.id AND c.cited) AS cited
    FROM question_runs r JOIN models m ON m.id = r.model_id ORDER BY r.number
"""


@pytest.fixture
def batch(make, sandbox):
    """60 runs, worked off: what is asked at once, then the jobs, then all is read and finished."""
    make.sql(AZURE)
    made = make.queued(make.org(texts=KNOWN, models=MODELS))
    start(made)
    for run in make.runs(made):
        read(str(run))
    for job in make.sql("SELECT id FROM vendor_jobs ORDER BY id"):
        submit_snapshot(str(job["id"]))
    collect(make)
    extract(*map(str, make.runs(made)))
    finish_batch(str(made), "chord")
    return made


def test_sixty_runs_of_all_providers_are_answered_read_and_charged_once(make, sandbox, batch):
    runs = make.sql(RUNS)

    assert len(runs) == 60
    assert {run["provider"] for run in runs} == set(PROVIDERS)
    assert {run["state"] for run in runs} == {"answered"}
    assert make.sql("SELECT state, count(*) AS n FROM evaluations GROUP BY 1") == [{"state": "done", "n": 60}]
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 60
    assert make.state(batch)["state"] == "completed"
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'ask'") == 60


def test_each_answer_tells_what_its_vendor_tells(make, sandbox, batch):
    runs = make.sql(RUNS)

    assert {run["slug"] for run in runs if run["other_model"]} == set()
    assert {run["provider"] for run in runs if run["location_honoured"] == "yes"} == {"brightdata"}
    assert {run["provider"] for run in runs if run["cited"]} == set(PROVIDERS)
    assert {run["provider"] for run in runs if run["vendor_id"]} >= {"openai", "anthropic", "gemini", "perplexity"}
    assert {run["slug"] for run in runs if run["cost_microusd"] is None} == {"our-answers"}
    nameless = {run["slug"] for run in runs if "senso-sandbox/" not in (run["model_version"] or "")}
    assert nameless == {"perplexity", "google-ai-mode", "copilot"}  # their records name no model


def test_an_answer_by_another_model_is_of_its_own_in_every_number_and_of_unknown_cost(make, sandbox):
    batch = make.queued(make.org(texts=KNOWN, models=("gemini-3.5-flash-lite",)))
    sandbox.fault("gemini.generate", "other-model", times=2)

    work_off(make, batch)

    runs = make.sql("SELECT other_model, cost_microusd FROM question_runs")
    assert sorted((one["other_model"] is None, one["cost_microusd"] is None) for one in runs) == [
        *[(False, True)] * 2,
        *[(True, False)] * 3,
    ]
    assert len(make.sql("SELECT DISTINCT model FROM metrics WHERE model IS NOT NULL")) == 2
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


def test_a_model_that_is_called_otherwise_since_breaks_no_promise(make, sandbox):
    batch = make.queued(make.org(texts=KNOWN, models=("gpt-6-luna",)))
    work_off(make, batch)

    make.sql("UPDATE models SET name = 'another', changed_at = now() WHERE slug = 'gpt-6-luna'")

    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}
