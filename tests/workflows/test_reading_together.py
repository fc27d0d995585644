"""An answer of a network is read for all its orgs by one call, which costs each its share."""

import json
from dataclasses import replace
from uuid import UUID

import pytest
from at_work import work_off_network
from ground import forget_limits
from operating import Initiator, trigger_network

from senso.db import transaction
from senso.extraction import READING_VERSION
from senso.policy import POLICY
from senso.providers import Completion, Usage
from senso.queries import evaluations, invariants, workers
from senso.queries.prompts import alone
from senso.settings import settings
from senso.tasks.stages import extract, finish_readers
from senso.workflows import answer_reading, extracting, reading_models

ME = Initiator("mara")
ANSWER = "1. **Globex** is popular.\n2. **Initech** is excellent.\n3. **Umbrella** has many complaints."
NAMED, SILENT = ("Globex", "Initech"), ("Hooli", "Vandelay", "Dunder")
# Prices at which a token more or less is seen in what a call cost.
DEAR = """
    UPDATE models SET prices = prices || '{"token_in": 3, "token_cached": 1, "token_written": 4, "token_out": 9}'
    WHERE prices ? 'token_in'
"""


@pytest.fixture(autouse=True)
def unsampled(monkeypatch):
    """Which readings are samples follows from their ids, which differ from test to test."""
    monkeypatch.setattr(answer_reading, "POLICY", replace(POLICY, sampled_percent=0))


def answered(make, *names: str, answer: str = ANSWER, questions: int = 1) -> tuple[UUID, list[UUID]]:
    """A network of orgs with these names, whose batches wait to read the same answer; its batch, and the runs."""
    make.sql(DEAR)
    orgs = [named(make, name) for name in names]
    batch = trigger_network(make.network(*orgs, questions=questions), ME).batch.id
    work_off_network(make, batch, windows=0)
    make.sql("UPDATE question_runs SET answer_text = :answer", answer=answer)
    return batch, make.runs(batch)


def named(make, name: str):
    org = make.org(questions=0)
    make.sql("UPDATE orgs SET name = :name WHERE id = :org", name=name, org=org.id)
    make.sql("DELETE FROM org_websites WHERE org_id = :org", org=org.id)
    return org


def read(make, batch: UUID) -> dict[str, dict]:
    """Until nothing waits: by org what was read for it."""
    for _ in range(3):
        make.sql("UPDATE evaluations SET next_at = now() WHERE state = 'pending'")
        forget_limits()  # also what a vendor asked for is over
        extract(*map(str, make.runs(batch)))
    finish_readers(str(batch), "chord")
    rows = make.sql(
        "SELECT o.name AS org, e.*, ARRAY(SELECT c.name FROM competitors c WHERE c.evaluation_id = e.id ORDER BY c.id) "
        "AS competitors FROM evaluations e JOIN orgs o ON o.id = e.org_id"
    )
    return {row["org"]: row for row in rows}


def reading_calls(sandbox) -> list[dict]:
    return [call for call in sandbox.calls("openai.chat") if call["schema"] == "answer_reading"]


def broken() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def test_one_call_reads_for_those_that_occur_and_the_rule_for_the_others(make, sandbox):
    batch, _ = answered(make, *NAMED, *SILENT)

    found = read(make, batch)

    (call,) = reading_calls(sandbox)
    assert sorted(call["organisations"]) == sorted(NAMED)
    assert {org: (one["mentioned"], one["rank"], one["sentiment"]) for org, one in found.items()} == {
        "Globex": (True, 1, "positive"),
        "Initech": (True, 2, "positive"),
    } | dict.fromkeys(SILENT, (False, None, None))
    assert found["Globex"]["mention_text"] == "1. **Globex** is popular."
    assert found["Globex"]["competitors"] == ["Initech", "Umbrella"]
    assert {tuple(found[org]["competitors"]) for org in SILENT} == {("Globex", "Initech", "Umbrella")}
    assert {org for org, one in found.items() if one["marks"] == [RULED]} == set(SILENT)
    assert {one["prompt_version"] for one in found.values()} == {READING_VERSION}
    assert broken() == {}


RULED = {"field": "mentioned", "kind": "read-by-rule", "value": ""}


def test_what_a_call_cost_is_divided_exactly(make, sandbox):
    batch, _ = answered(make, *NAMED, *SILENT)
    read(make, batch)

    shares = make.sql(
        "SELECT tokens_in, tokens_cached, tokens_out, cost_microusd, shared_id, outcome, prompt_version FROM llm_calls "
        "WHERE purpose = 'read' ORDER BY id"
    )
    names = ("tokens_in", "tokens_cached", "tokens_out", "cost_microusd")
    whole = {name: sum(share[name] for share in shares) for name in names}
    tokens = 3 * (whole["tokens_in"] - whole["tokens_cached"]) + whole["tokens_cached"] + 9 * whole["tokens_out"]
    costs = make.sql("SELECT body->'cost_microusd' AS cost FROM pushes p JOIN batches b ON b.id = p.batch_id "
                     "WHERE b.kind = 'network_org'")  # fmt: skip
    of_names = make.one("SELECT sum(cost_microusd)::bigint FROM llm_calls WHERE purpose = 'names'")
    assert len(shares) == 5
    assert len({share["shared_id"] for share in shares}) == 1
    assert {share["prompt_version"] for share in shares} == {READING_VERSION}
    assert max(share["tokens_in"] for share in shares) - min(share["tokens_in"] for share in shares) <= 1
    assert whole["cost_microusd"] == tokens
    assert sum(one["cost"] for one in costs) == whole["cost_microusd"] + of_names
    assert broken() == {}


def test_a_sample_of_what_the_rule_decides_is_read_by_the_model_too(make, sandbox, monkeypatch):
    monkeypatch.setattr(answer_reading, "POLICY", replace(POLICY, sampled_percent=100))
    batch, _ = answered(make, *NAMED, *SILENT)

    found = read(make, batch)

    (call,) = reading_calls(sandbox)
    assert sorted(call["organisations"]) == sorted(NAMED + SILENT)
    kinds = {org: {mark["kind"] for mark in one["marks"]} for org, one in found.items()}
    assert {org for org, marks in kinds.items() if marks == {"sampled-beside-rule"}} == set(SILENT)
    assert {org for org, marks in kinds.items() if not marks} == set(NAMED)


def test_more_orgs_than_fit_into_a_call_are_read_by_several(make, sandbox, environment):
    environment.setenv("ORGS_PER_READING", "2")
    settings.cache_clear()
    batch, _ = answered(make, *NAMED, "Umbrella", *SILENT)

    found = read(make, batch)

    assert sorted(len(call["organisations"] or [call["organisation"]]) for call in reading_calls(sandbox)) == [1, 2]
    assert [one["mentioned"] for _, one in sorted(found.items())] == [False, True, False, True, True, False]
    assert make.one("SELECT count(DISTINCT coalesce(shared_id, id)) FROM llm_calls WHERE purpose = 'read'") == 2
    assert broken() == {}


def test_where_nobody_occurs_one_call_finds_who_is_named_instead(make, sandbox):
    batch, _ = answered(make, *SILENT)

    found = read(make, batch)

    (call,) = reading_calls(sandbox)
    assert call["organisations"] == []
    assert {tuple(one["competitors"]) for one in found.values()} == {("Globex", "Initech", "Umbrella")}


def test_each_org_that_occurs_may_have_a_call_of_its_own(make, sandbox, environment):
    environment.setenv("ORGS_PER_READING", "1")
    settings.cache_clear()
    batch, _ = answered(make, *NAMED, *SILENT)

    found = read(make, batch)

    assert sorted(call["organisation"] or "none" for call in reading_calls(sandbox)) == sorted([*NAMED, "none"])
    assert {org for org, one in found.items() if one["mentioned"]} == set(NAMED)
    assert make.one("SELECT count(*) FROM llm_calls WHERE shared_id IS NOT NULL") == len(SILENT)
    assert broken() == {}


@pytest.mark.parametrize("fault", ["malformed", "refusal", "length"])
def test_what_one_call_could_not_read_is_read_by_a_call_for_each_that_occurs(make, sandbox, fault):
    batch, _ = answered(make, *NAMED, *SILENT)
    sandbox.fault("openai.chat", fault, times=1)

    found = read(make, batch)

    first, *others = reading_calls(sandbox)
    assert sorted(first["organisations"]) == sorted(NAMED)
    assert sorted(call["organisation"] or "none" for call in others) == sorted([*NAMED, "none"])
    assert {one["state"] for one in found.values()} == {"done"}
    assert found["Initech"]["rank"] == 2
    assert broken() == {}


def test_after_a_rate_limit_they_are_read_together_again(make, sandbox):
    batch, _ = answered(make, *NAMED, *SILENT)
    sandbox.fault("openai.chat", "429", times=1)

    found = read(make, batch)

    assert [sorted(call["organisations"]) for call in reading_calls(sandbox)] == [sorted(NAMED)] * 2
    assert {(one["state"], one["failures"]) for one in found.values()} == {("done", 0)}
    assert broken() == {}


@pytest.fixture
def said(monkeypatch):
    """What the readers are asked for; `change` is done to what they reply for several orgs."""
    complete, asked_for = extracting.complete, []

    def with_change(change):
        async def completed(prompt, model):
            done = await complete(prompt, model)
            content = json.loads(done.content)
            asked_for.append(len(content["readings"]))
            if len(content["readings"]) > 1:
                content["readings"] = change(content["readings"])
            return Completion(json.dumps(content), done.model_version, done.usage, done.provider)

        monkeypatch.setattr(extracting, "complete", completed)
        return asked_for

    return with_change


def test_orgs_whose_numbers_the_model_mixed_up_are_read_again_alone(make, sandbox, said):
    batch, _ = answered(make, *NAMED, "Umbrella", answer=ANSWER)

    asked_for = said(lambda readings: [one | {"org": one["org"] % 3 + 1} for one in readings])
    found = read(make, batch)

    assert asked_for == [3, 1, 1, 1]
    assert {org: (org in one["mention_text"], one["sentiment"]) for org, one in found.items()} == {
        "Globex": (True, "positive"),
        "Initech": (True, "positive"),
        "Umbrella": (True, "negative"),
    }
    assert broken() == {}


def test_an_org_for_which_the_model_said_nothing_is_read_again_alone(make, sandbox, said):
    batch, _ = answered(make, *NAMED, *SILENT)

    asked_for = said(lambda readings: readings[:1])
    found = read(make, batch)

    assert asked_for == [2, 1]
    assert {one["mentioned"] for org, one in found.items() if org in NAMED} == {True}
    assert make.one("SELECT count(*) FROM llm_calls WHERE outcome = 'malformed'") == 1
    assert broken() == {}


def test_the_report_says_what_was_decided_by_rule_and_what_a_sample_found(make, sandbox, monkeypatch):
    from senso.reads import history  # noqa: PLC0415
    from senso.reports.basis import by_rule, cautions  # noqa: PLC0415

    batch, _ = answered(make, *NAMED, *SILENT, questions=2)
    read(make, batch)
    hooli = make.one("SELECT id FROM orgs WHERE name = 'Hooli'")
    make.sql(
        "UPDATE evaluations SET marks = CAST(:marks AS jsonb) WHERE id = (SELECT id FROM evaluations "
        "WHERE org_id = :org ORDER BY id LIMIT 1)",
        marks=json.dumps([{"kind": "sampled-beside-rule"}, {"kind": "missed-by-rule"}]),
        org=hooli,
    )

    with transaction() as db:
        (found,) = history.batches(db, hooli)

    assert (found.basis.by_rule, found.basis.sampled, found.basis.missed) == (1, 1, 1)
    assert by_rule(found.basis) == (
        "in 1 of 2 answers none of the names occurs, and no model was asked; of 1 more that a model was asked about as "
        "well, it found a mention in 1"
    )
    assert any("names may be missing: in 1 of 1 answers sampled" in said for said in cautions(found.basis))


def test_shares_add_up_whatever_is_divided():
    from senso.queries.runs import Report  # noqa: PLC0415
    from senso.workflows.call_reports import divided  # noqa: PLC0415

    whole = Report("read", Usage(tokens_in=1003, tokens_cached=7, tokens_out=50, tokens_thinking=49), 101, 9)
    shares = divided(whole, 7, 42)

    for name in ("tokens_in", "tokens_cached", "tokens_out", "tokens_thinking"):
        assert sum(getattr(one.usage, name) for one in shares) == getattr(whole.usage, name)
    assert sum(one.cost_microusd for one in shares) == 101
    assert all(one.usage.tokens_cached <= one.usage.tokens_in for one in shares)
    assert all(one.usage.tokens_thinking <= one.usage.tokens_out for one in shares)
    assert {one.cost_microusd for one in divided(replace(whole, cost_microusd=None), 3, 1)} == {None}


def test_what_a_dead_worker_was_reading_for_all_is_due_for_all_at_one_moment(make, sandbox):
    batch, runs = answered(make, *NAMED, *SILENT, questions=2)
    with transaction() as db:
        works = evaluations.claim(
            db, runs, "a dead one", POLICY, readers=reading_models.readers(db), prompts=alone("1")
        )
        workers.take_back(db, POLICY)

    moments = make.sql("SELECT DISTINCT run_id, next_at FROM evaluations WHERE failures = 1")
    found = read(make, batch)

    assert len(works) == 10
    assert len(moments) == 2
    assert len(reading_calls(sandbox)) == 2
    assert {one["state"] for one in found.values()} == {"done"}
