"""`trigger network`, `trigger missing`, and what the other commands say of their batches."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from at_work import read_for_all, work_off_network
from networks import answered
from shell import Shell

from senso.settings import settings


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


def lenders(make, *available):
    orgs = [make.org(questions=0, available=credits_) for credits_ in available or (1000, 1000)]
    for org in orgs:
        make.names(org)
    return orgs, make.network(*orgs)


def asked(senso, make, network) -> UUID:
    batch = UUID(senso("trigger", "network", network, "--json").json["id"])
    work_off_network(make, batch)
    return batch


def moved(environment, clock: str) -> None:
    environment.setenv("SENSO_CLOCK", clock)
    settings.cache_clear()


def test_a_network_is_triggered_and_told_with_the_batches_of_its_orgs(senso, make, sandbox):
    (first, _), network = lenders(make)

    opened = senso("trigger", "network", network, "--json").json
    batch = opened["id"]
    work_off_network(make, UUID(batch))
    stands = senso("status", batch, "--json").json
    again = senso("trigger", "network", network, "--json").json
    listed = senso("status").out

    assert (opened["kind"], opened["network_id"], opened["org_id"]) == ("network", str(network), None)
    assert (opened["network"], opened["outcome"]) == ("Lenders", "opened")
    assert (stands["planned"], stands["answered"], stands["evaluated"], stands["failed"]) == (2, 2, 2, 0)
    assert (stands["charged"], stands["orgs"]) == (0, {"completed": 2})
    assert (again["id"], again["outcome"]) == (batch, "completed")
    assert listed.count(f"{first.name} in Lenders") == 2
    said = senso("status", batch).out
    assert "2 planned, 2 answered, 0 failed" in said
    assert "2 completed" in said


def test_a_batch_of_an_org_of_a_network_is_told_like_any_other(senso, make, sandbox):
    (org, _), network = lenders(make)
    asked(senso, make, network)
    (member,) = make.sql("SELECT id FROM batches WHERE org_id = :org", org=org.id)

    stands = senso("status", member["id"], "--json").json
    runs = senso("runs", member["id"], "--json").json
    report = senso("report", org.id).out
    chosen = senso("report", org.id, "--network", network, "--json").json
    ledger = senso("ledger", org.partner, "--json").json

    assert (stands["kind"], stands["org"], stands["network"]) == ("network_org", org.name, "Lenders")
    assert (stands["planned"], stands["answered"], stands["evaluated"], stands["charged"]) == (2, 2, 2, 2)
    assert [(one["state"], one["evaluation"], one["tries"]) for one in runs] == [("answered", "done", 1)] * 2
    assert "in answers to the questions of the network Lenders" in report
    assert chosen["batch"]["id"] == str(member["id"])
    assert {row["kind"] for row in ledger if row["entry"] == "charge"} == {"network"}
    assert senso("report", org.id, "--network", uuid4()).code == 4


def test_an_answer_of_a_network_is_shown_with_each_org_it_was_read_for(senso, make, sandbox):
    orgs, network = lenders(make)
    make.sql("UPDATE orgs SET name = 'Vantry' WHERE id = :org", org=orgs[1].id)
    batch = asked(senso, make, network)
    run = make.runs(batch)[0]

    said = senso("show", run).out

    assert "Lenders, " in said
    assert f"Read for {orgs[0].name}" in said
    assert "the reading for Vantry ended: done" in said


def test_what_is_missing_for_one_org_is_opened_and_printed(senso, make, sandbox, environment):
    _, network = lenders(make)
    moved(environment, "-1d")
    batch = asked(senso, make, network)
    moved(environment, "+0d")
    late = make.org(questions=0)
    make.names(late)
    make.join(network, late)

    opened = senso("trigger", "missing", network, late.id, "--json").json
    read_for_all(make, batch)
    again = senso("trigger", "missing", network, late.id).out

    assert (opened["kind"], opened["org_id"], opened["outcome"]) == ("network_org", str(late.id), "opened")
    assert opened["date"] == make.state(batch)["batch_date"].isoformat()
    assert f"Batch {opened['id']} is completed already; nothing to do." in " ".join(again.split())


def test_without_orgs_all_of_the_network_are_looked_after(senso, make, sandbox):
    _, network = lenders(make, 1000, 1)
    asked(senso, make, network)
    make.sql("UPDATE partners SET available = available + 5 WHERE available = 1")

    found = senso("trigger", "missing", network, "--json").json

    assert sorted(one["outcome"] for one in found) == ["completed", "resumed"]


def stopped_for_one(senso, make, environment):
    """Two orgs of a network, whose answers of yesterday are read for the second; the first one's batch is cancelled."""
    orgs, network = lenders(make)
    moved(environment, "-1d")
    batch = answered(make, network)
    mine, theirs = (make.one("SELECT id FROM batches WHERE org_id = :org", org=org.id) for org in orgs)
    assert senso("cancel", mine).code == 0
    read_for_all(make, batch)
    moved(environment, "+0d")
    return orgs, network, str(mine), str(theirs)


def test_a_cancelled_batch_of_one_org_stops_none_of_the_others(senso, make, sandbox, environment):
    orgs, network, mine, theirs = stopped_for_one(senso, make, environment)

    foreseen = senso("trigger", "missing", network, orgs[0].id, "--dry-run", "--json").json
    alone = senso("trigger", "missing", network, orgs[0].id)
    both = senso("trigger", "missing", network, "--json")
    told = senso("trigger", "missing", network).out
    waited = senso("trigger", "missing", network, "--wait")
    again = senso("trigger", "missing", network, orgs[0].id, "--reopen", "--json").json

    assert [(one["outcome"], one["credits"]) for one in foreseen["orgs"]] == [("cancelled", 0)]
    assert (alone.code, "was cancelled; say --reopen to open it again" in alone.err) == (2, True)
    assert both.code == 0
    assert {one["id"]: one["outcome"] for one in both.json} == {mine: "cancelled", theirs: "completed"}
    assert waited.code == 0
    assert f"again: senso trigger missing {network} {orgs[0].id} --reopen" in " ".join(waited.err.split())
    assert f"Batch {mine} was cancelled and stays so; say --reopen" in " ".join(told.split())
    assert (again["id"], again["outcome"]) == (mine, "reopened")


def test_what_is_being_asked_is_told_once_for_all_orgs(senso, make, sandbox):
    _, network = lenders(make)
    batch = senso("trigger", "network", network, "--json").json["id"]

    foreseen = senso("trigger", "missing", network, "--dry-run", "--json").json
    one = senso("trigger", "missing", network, "--json").json
    told = senso("trigger", "missing", network).out

    assert [org["outcome"] for org in foreseen["orgs"]] == ["attached"] * 2
    assert (one["id"], one["outcome"]) == (batch, "attached")
    assert "is under way already, and its end opens those of its orgs" in " ".join(told.split())


def test_a_blocked_org_is_told_what_to_pay_and_how_to_go_on(senso, make, sandbox):
    (_, poor), network = lenders(make, 1000, 1)
    asked(senso, make, network)
    (blocked,) = make.sql("SELECT id FROM batches WHERE state = 'blocked'")

    said = senso("status", blocked["id"]).err

    assert f"senso credits {poor.partner} --grant N --ref REF" in said
    assert f"senso trigger missing {network} {poor.id}" in said


def test_a_dry_run_of_a_network_says_what_it_asks_and_what_each_org_reads(senso, make, sandbox):
    orgs, network = lenders(make)
    before = make.everything()

    found = senso("trigger", "network", network, "--dry-run", "--json").json
    said = senso("trigger", "network", network, "--dry-run").out

    (one,) = found["networks"]
    assert (one["outcome"], one["runs"], len(one["orgs"])) == ("opened", 2, 2)
    assert {(each["evaluations"], each["credits"]) for each in one["orgs"]} == {(2, 2)}
    assert (found["totals"]["runs"], found["totals"]["evaluations"], found["totals"]["calls"]) == (2, 4, 6)
    assert {one["partner"] for one in found["credits"]} == {str(org.partner) for org in orgs}
    assert "2 runs, to be read for 2 orgs" in said
    assert make.everything() == before


def test_a_dry_run_of_what_is_missing_says_what_the_history_costs(senso, make, sandbox, environment):
    _, network = lenders(make)
    for day in ("-2d", "-1d"):
        moved(environment, day)
        asked(senso, make, network)
    moved(environment, "+0d")
    late = make.org(questions=0)
    make.join(network, late)

    found = senso("trigger", "missing", network, late.id, "--dry-run", "--json").json

    (one,) = found["orgs"]
    assert (one["outcome"], one["runs"], one["evaluations"], one["credits"]) == ("opened", 0, 4, 4)
    assert {(call["purpose"], call["calls"]) for call in one["estimates"]} == {("names", 1), ("read", 4)}
    assert one["estimates"][1]["cost_microusd"] > 0


def test_what_a_trigger_of_a_network_refuses(senso, make, sandbox):
    (org, _), network = lenders(make)

    for arguments, code, said in (
        (("network", uuid4()), 4, "no network"),
        (("network",), 2, "say which networks: their ids, or --file"),
        (("network", "x"), 2, "is not the id of a network"),
        (("missing", network, make.org().id), 2, "is not in network"),
        (("missing", network, org.id), 2, "has no answers of the last 30 days"),
        (("missing", uuid4()), 4, "no network"),
    ):
        done = senso("trigger", *arguments)
        assert (done.code, said in done.err) == (code, True), done.err


def document(org, network, orgs) -> str:
    partner = {"id": str(org.partner), "name": "Partner", "credits": None}
    return json.dumps({
        "partners": [partner],
        "orgs": [
            {"id": str(one), "name": f"Lender {number}", "partner": str(org.partner), "websites": [],
             "created_at": datetime(2026, 1, 5, tzinfo=UTC).isoformat()}
            for number, one in enumerate(orgs)
        ],
        "networks": [{
            "id": str(network), "name": "Lenders", "partner": str(org.partner), "orgs": [str(one) for one in orgs],
            "questions": [{"id": str(UUID(int=1)), "text": "Who lends?", "kind": "unbranded"}],
            "models": ["gpt-6.1-terra"], "locations": [{"country": "US"}],
        }],
    })  # fmt: skip


def test_an_import_says_what_it_costs_to_read_for_an_org_what_it_missed(senso, make, sandbox, tmp_path):
    org, network, members = make.org(questions=0, available=None), uuid4(), [uuid4(), uuid4(), uuid4()]
    file = tmp_path / "world.json"
    file.write_text(document(org, network, members[:2]))
    new = senso("import", file, "--json").json
    asked(senso, make, network)

    file.write_text(document(org, network, members))
    joined = senso("import", file, "--json").json["joined"]
    file.write_text(document(org, network, members))

    assert new["new_networks"] == [{"id": str(network), "name": "Lenders"}]
    assert new["joined"] == []
    assert [(one["org_id"], one["answers"], one["credits"]) for one in joined] == [(str(members[2]), 1, 1)]
    assert joined[0]["cost_microusd"] > 0


def test_an_import_ends_what_is_open_of_an_org_that_leaves(senso, make, sandbox, tmp_path):
    org, network, members = make.org(questions=0, available=None), uuid4(), [uuid4(), uuid4()]
    file = tmp_path / "world.json"
    file.write_text(document(org, network, members))
    senso("import", file)
    batch = UUID(senso("trigger", "network", network, "--json").json["id"])
    work_off_network(make, batch, windows=0)
    (mine,) = make.sql("SELECT id FROM batches WHERE org_id = :org", org=members[1])

    file.write_text(document(org, network, members[:1]))
    senso("import", file)

    assert make.one("SELECT count(*) FROM outbox WHERE key = :key", key=f"leave:{mine['id']}:1") == 1


def test_a_retry_of_a_network_says_how_many_runs_are_asked_again(senso, make, sandbox):
    _, network = lenders(make)
    sandbox.fault("openai.responses", "refusal", times=2)
    batch = asked(senso, make, network)

    said = senso("retry", batch)

    assert "queued again, as episode 2: 2 runs will be asked again." in said.out


def test_a_retry_of_a_network_tells_programs_the_same(senso, make, sandbox):
    _, network = lenders(make)
    sandbox.fault("openai.responses", "refusal", times=1)
    batch = asked(senso, make, network)

    told = senso("retry", batch, "--json").json

    assert (told["asked_again"], told["read_again"]) == (1, 0)
