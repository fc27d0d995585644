"""Runs over HTTP: lists of them, and all about one."""

import json

import pytest
from at_work import start
from batch_rows import as_told, walk
from networks import asked, lenders

from senso.db import looking
from senso.reads import inspection
from senso.reads.inspection import RunFilters
from senso.reads.run_details import story
from senso.records import record
from senso.states import Scope
from senso.tasks.stages import finish_batch, read


@pytest.fixture
def get(api, make):
    everything = make.token(Scope.READ)
    return lambda path, token=None, **headers: api.ask("GET", path, token or everything, headers=headers)


@pytest.fixture
def batch(make, sandbox):
    """Of four runs, of which one has failed."""
    sandbox.fault("openai.responses", "refusal", times=1)
    org = make.org(models=("gpt-6.1-terra", "gpt-6-luna"))
    make.names(org)
    batch = make.queued(org)
    start(batch)
    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "rows")
    return batch


def numbers(answer):
    return [one["number"] for one in answer.json()["items"]]


def test_runs_are_listed_as_the_command_lists_them_and_filtered(get, batch, make):
    with looking() as db:
        alike = as_told(inspection.runs(db, batch, RunFilters()))

    answer = get(f"/batches/{batch}/runs")

    assert answer.json()["items"] == alike
    failed = [one["number"] for one in alike if one["state"] == "failed"]
    assert len(failed) == 1
    assert numbers(get(f"/batches/{batch}/runs?failed=true")) == failed
    assert numbers(get(f"/batches/{batch}/runs?state=failed")) == failed
    assert numbers(get(f"/batches/{batch}/runs?state=planned")) == []
    of_model = [one["number"] for one in alike if one["model"] == "gpt-6-luna"]
    assert len(of_model) == 2
    assert numbers(get(f"/batches/{batch}/runs?model=gpt-6-luna")) == of_model
    assert numbers(get(f"/batches/{batch}/runs?model=no-such")) == []
    assert get(f"/batches/{batch}/runs", If_None_Match=answer.headers["ETag"]).status_code in {200, 304}


def test_runs_are_walked_to_the_end_while_others_come(get, batch, make):
    expected = numbers(get(f"/batches/{batch}/runs"))

    found = walk(get, f"/batches/{batch}/runs?limit=1", make.batch)

    assert [one["number"] for one in found] == expected


@pytest.mark.parametrize("query", ["state=done", "failed=perhaps", "limit=500", "cursor=bm8", "status=failed"])
def test_a_filter_that_cannot_be_meant_is_refused(get, make, query):
    assert get(f"/batches/{make.queued()}/runs?{query}").status_code == 422


def test_a_run_is_told_as_the_command_tells_it(get, batch, make):
    number = make.one("SELECT min(number) FROM question_runs WHERE state = 'answered'")
    with looking() as db:
        run = inspection.run(db, number)
        alike = as_told(record(run) | record(story(db, run)))

    answer = get(f"/runs/{number}")

    assert answer.json() == alike
    assert [one["purpose"] for one in alike["calls"]] == ["ask", "read"]
    assert alike["evaluations"][0]["charged"] == 1
    same = get(f"/runs/{number}", **{"If-None-Match": answer.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")


def test_of_another_partner_there_is_no_run(get, make):
    run = make.run()
    number = make.one("SELECT number FROM question_runs WHERE id = :id", id=run)
    other = make.token(Scope.READ, make.partner())

    answers = [get(f"/runs/{one}", other) for one in (number, number + 1000)]

    assert [one.status_code for one in answers] == [404, 404]
    assert [one.json()["detail"] for one in answers] == [f"no run {number}", f"no run {number + 1000}"]


@pytest.mark.parametrize("number", ["0", "-5", "x", "9223372036854775808"])
def test_what_is_no_number_is_refused(get, number):
    assert get(f"/runs/{number}").status_code == 422


def test_of_a_networks_answer_each_partner_is_told_its_own_part(get, make, sandbox):
    """The first org's partner has the network; the second reads its answers; the third has nothing of it."""
    orgs, network = lenders(make, 2)
    batch, readers = asked(make, network)
    number = make.one("SELECT min(number) FROM question_runs WHERE batch_id = :batch", batch=batch)
    first, second = (get(f"/runs/{number}", make.token(Scope.READ, org.partner)).json() for org in orgs)

    assert [one["org_id"] for one in first["evaluations"]] == [str(orgs[0].id)]
    assert [one["org_id"] for one in second["evaluations"]] == [str(orgs[1].id)]
    assert {one["purpose"] for one in first["calls"]} == {"ask", "read"}
    assert {(one["purpose"], one["org_id"]) for one in second["calls"]} == {("read", str(orgs[1].id))}
    assert second["cost_microusd"] == sum(one["cost_microusd"] for one in second["calls"])
    assert str(orgs[0].id) not in json.dumps(second)
    assert get(f"/runs/{number}", make.token(Scope.READ, make.partner())).status_code == 404
    whole = get(f"/runs/{number}").json()
    assert {one["org_id"] for one in whole["evaluations"]} == {str(org.id) for org in orgs}
    of_reader = get(f"/batches/{readers[orgs[1].id]}/runs", make.token(Scope.READ, orgs[1].partner))
    assert number in numbers(of_reader)
