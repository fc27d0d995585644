"""`cancel` and `retry` with filters: which batches they are about, what they say and do."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from at_work import start, work_off
from shell import Shell

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.queries import runs as run_rows
from senso.tasks.stages import push, read, submit_snapshot


@pytest.fixture
def senso(monkeypatch, capsys):
    return Shell(monkeypatch, capsys)


def broken() -> dict:
    with transaction() as db:
        return invariants.broken(db, POLICY, 500)


def failing(make, sandbox, org=None, *, questions=1, fault="400") -> UUID:
    """Of one run, which fails; the others are read."""
    batch = make.queued(org, questions=questions)
    sandbox.fault("openai.responses", fault, times=1)
    work_off(make, batch)
    return batch


def states(make, *batches):
    return [(make.state(batch)["state"], make.state(batch)["episode"]) for batch in batches]


def test_a_retry_of_all_that_failed_retries_these_and_no_other(senso, make, sandbox):
    first, second = failing(make, sandbox), failing(make, sandbox, questions=3)
    completed, running = make.queued(), make.batch()
    work_off(make, completed)

    done = senso("retry", "--state", "failed", "--state", "partial", "--json").json

    assert states(make, first, second) == [("queued", 2), ("queued", 2)]
    assert states(make, completed, running) == [("completed", 1), ("running", 1)]
    assert set(done["done"]) == {str(first), str(second)}
    assert (done["matched"], done["asked_again"], done["read_again"], done["credits"]) == (2, 2, 0, 2)
    for batch in (first, second):
        work_off(make, batch)
    assert states(make, first, second) == [("completed", 2), ("completed", 2)]
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'hold' AND right(idempotency_key, 2) = ':' || 2") == 2
    assert broken() == {}


def test_filters_are_combined_by_and(senso, make, sandbox):
    one, other = make.org(questions=1), make.org(questions=1)
    batch, neighbour = failing(make, sandbox, one), failing(make, sandbox, other)

    assert senso("retry", "--state", "partial", "--org", one.id).code == 4
    assert senso("retry", "--partner", other.partner, "--org", one.id).code == 4
    assert senso("retry", "--partner", one.partner, "--since", "1h", "--reason", "openai").code == 0

    assert states(make, batch, neighbour) == [("queued", 2), ("failed", 1)]


def test_since_leaves_out_what_ended_before(senso, make, sandbox):
    old = failing(make, sandbox)
    make.later(hours=5)
    new = failing(make, sandbox)

    assert senso("retry", "--since", "2h").code == 0

    assert states(make, old, new) == [("failed", 1), ("queued", 2)]


@pytest.mark.parametrize("reason", ["OPENAI 400", "refused", "1 × openai"])
def test_a_reason_is_found_in_errors_and_in_outcomes_of_calls_whatever_its_capitals(senso, make, sandbox, reason):
    batch, refused_to_read = failing(make, sandbox), make.batch(questions=1)
    sandbox.fault("openai.chat", "empty", times=9)
    work_off(make, refused_to_read)
    sandbox.heal()

    done = senso("retry", "--reason", reason, "--json").json

    assert done["done"] == [str(batch)]


def test_a_reason_is_that_of_a_reading_too_and_its_signs_are_taken_as_they_are(senso, make, sandbox):
    batch = make.batch(questions=1)
    sandbox.fault("openai.chat", "refusal", times=1)
    work_off(make, batch)

    assert senso("retry", "--reason", "%").code == 4
    assert senso("retry", "--reason", "READ the answer").code == 0

    assert states(make, batch) == [("queued", 2)]


def test_what_a_call_said_that_another_call_made_good_is_no_reason(senso, make, sandbox):
    batch = make.queued(questions=2)
    sandbox.fault("openai.responses", "503", times=1)
    sandbox.fault("openai.responses", "400", times=1)
    start(batch)
    for _ in range(2):
        make.sql("UPDATE question_runs SET next_at = now() WHERE next_at IS NOT NULL")
        read(*map(str, make.runs(batch)))
    work_off(make, batch)
    assert make.state(batch)["state"] == "partial"

    assert senso("retry", "--reason", "unavailable").code == 4


def test_what_is_not_applicable_is_counted_and_no_error(senso, make, sandbox):
    batch = failing(make, sandbox)
    make.batch()
    stopped, completed = make.batch(), make.queued()
    work_off(make, completed)
    senso("cancel", stopped)

    done = senso("retry", "--since", "1h")
    told = senso("retry", "--since", "1h", "--json").json

    assert done.code == 0
    assert "4 batches match; 1 retried: 1 run will be asked again and 0 answers read again, for 1 credit." in done.out
    assert "- 1 left: under way already" in done.out
    assert "- 1 left: cancelled before: --reopen asks for the rest of it" in done.out
    assert "- 1 left: completed: nothing of it failed" in done.out
    assert told["not_applicable"] == {"queued": 1, "running": 1, "cancelled": 1, "completed": 1}
    assert states(make, batch, stopped) == [("queued", 2), ("cancelled", 1)]


def test_cancelled_batches_are_asked_again_where_that_is_said(senso, make, sandbox):
    batch, never_opened = make.batch(), make.queued()
    assert senso("cancel", "--since", "1h").code == 0
    assert states(make, batch, never_opened) == [("cancelled", 1), ("cancelled", 1)]

    assert senso("retry", "--state", "cancelled", "--reopen").code == 0

    assert states(make, batch, never_opened) == [("queued", 2), ("queued", 2)]


def test_no_more_is_retried_than_can_be_paid(senso, make, sandbox):
    org, other = make.org(questions=2, available=4), make.org(questions=2)
    make.sql("UPDATE orgs SET partner_id = :p WHERE id = :o", p=org.partner, o=other.id)
    batches = []
    for one in (org, other):
        batches.append(make.queued(one))
        sandbox.fault("openai.responses", "400", times=2)
        work_off(make, batches[-1])
    make.sql("UPDATE partners SET available = 3 WHERE id = :p", p=org.partner)
    make.sql(
        "INSERT INTO ledger (idempotency_key, entry, partner_id, credits) VALUES ('x', 'grant', :p, -2)", p=org.partner
    )

    done = senso("retry", "--state", "failed")

    assert done.code == 3
    assert f"1 batch was not retried for want of credits, such as {batches[1]}" in done.err
    assert states(make, *batches) == [("queued", 2), ("failed", 1)]
    start(batches[0])
    assert make.state(batches[0])["state"] == "running"
    assert senso("retry", "--state", "failed").code == 3
    assert make.one("SELECT available FROM partners WHERE id = :p", p=org.partner) == 1


def test_credits_that_its_own_batches_hold_meanwhile_are_not_counted_twice(make, sandbox, monkeypatch, senso):
    org, other = make.org(questions=2, available=4), make.org(questions=2)
    make.sql("UPDATE orgs SET partner_id = :p WHERE id = :o", p=org.partner, o=other.id)
    batches = []
    for one in (org, other):
        batches.append(make.queued(one))
        sandbox.fault("openai.responses", "400", times=2)
        work_off(make, batches[-1])
    monkeypatch.setattr(
        "senso.workflows.bulk_changes.failpoint", lambda _, about: start(UUID(about.split()[1]))
    )  # a worker opens each at once

    assert senso("retry", "--state", "failed").code == 0

    assert states(make, *batches) == [("running", 2), ("running", 2)]


def test_one_that_is_refused_does_not_stop_the_others(senso, make, sandbox, environment):
    batch = failing(make, sandbox)
    jobs = make.batch(models=("chatgpt",))
    senso("cancel", jobs)
    environment.delenv("BRIGHTDATA_API_KEY")
    from senso.settings import settings  # noqa: PLC0415

    settings.cache_clear()

    done = senso("retry", "--since", "1h", "--reopen")

    assert done.code == 1
    assert "BRIGHTDATA_API_KEY" in done.err
    assert states(make, batch, jobs) == [("queued", 2), ("cancelled", 1)]


def test_a_blocked_batch_is_named_with_what_it_wants(senso, make, sandbox):
    blocked = make.queued(questions=3, available=2)
    start(blocked)

    done = senso("retry", "--state", "blocked")

    assert (done.code, str(blocked) in done.err) == (3, True)
    assert states(make, blocked) == [("blocked", 1)]


def test_a_cancel_of_many_charges_what_was_read_and_says_what_may_still_cost(senso, make, sandbox):
    sandbox.timing(snapshot_seconds=60)
    half, jobs = make.batch(questions=3), make.batch(models=("chatgpt",))
    first, second, _ = make.runs(half)
    read(str(first))
    with transaction() as db:
        run_rows.claim(db, [second], "me", POLICY)
    submit_snapshot(str(make.one("SELECT id FROM vendor_jobs")))
    queued = make.queued()

    done = senso("cancel", "--state", "running", "--state", "queued")

    assert done.code == 0
    assert "3 batches match; 3 cancelled: charged 1 answer that had been read." in done.out
    assert "1 call is under way and may still cost about $0.0" in done.out
    assert "1 job at brightdata is being cancelled." in done.out
    assert states(make, half, jobs, queued) == [("cancelled", 1)] * 3
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 1
    assert broken() == {}


def test_a_cancel_of_one_says_what_may_still_cost(senso, make, sandbox):
    batch = make.batch(questions=2)
    with transaction() as db:
        run_rows.claim(db, make.runs(batch), "me", POLICY)

    done = senso("cancel", batch)

    assert "2 calls are under way and may still cost about $0." in done.out
    assert senso("cancel", batch, "--json").json["under_way"]["calls"] == 2


def test_of_a_call_whose_lease_has_ended_nothing_is_said(senso, make, sandbox):
    batch = make.batch(questions=1)
    with transaction() as db:
        run_rows.claim(db, make.runs(batch), "me", POLICY)
    make.sql("UPDATE llm_calls SET started_at = now() - interval '1 hour'")

    assert "under way" not in senso("cancel", batch).out


def test_a_dry_run_of_a_cancel_says_what_would_end_and_writes_nothing(senso, make, sandbox):
    batch = make.batch(questions=3)
    first, second, _ = make.runs(batch)
    read(str(first))
    with transaction() as db:
        run_rows.claim(db, [second], "me", POLICY)
    before = make.everything(), make.sql("SELECT * FROM audit")

    told = senso("cancel", batch, "--dry-run", "--json").json
    said = senso("cancel", "--since", "1h", "--dry-run").out

    assert (make.everything(), make.sql("SELECT * FROM audit")) == before
    assert (told["matched"], told["runs"], told["readings"]) == (1, 2, 2)
    assert (told["held"], told["charged"], told["released"]) == (3, 1, 2)
    assert told["under_way"]["calls"] == 1
    assert "2 open runs, 2 open readings, 1 credit charged, 2 of 3 released" in said
    assert "Nothing was written." in said
    senso("cancel", batch)
    assert make.one("SELECT available FROM partners") == 999


def test_a_dry_run_of_a_retry_says_what_it_would_ask_and_cost_and_writes_nothing(senso, make, sandbox):
    batch, stopped = failing(make, sandbox, questions=3), make.batch()
    senso("cancel", stopped)
    before = make.everything(), make.sql("SELECT * FROM audit")

    told = senso("retry", "--since", "1h", "--dry-run", "--json").json
    one = senso("retry", stopped, "--dry-run", "--json").json
    said = senso("retry", "--since", "1h", "--dry-run").out

    assert (make.everything(), make.sql("SELECT * FROM audit")) == before
    assert (told["matched"], told["not_applicable"], told["totals"]["runs"]) == (2, {"cancelled": 1}, 1)
    assert [org["batch"] for org in told["orgs"]] == [str(batch)]
    assert told["credits"][0]["needed"] == 1
    assert told["totals"]["cost_microusd"] > 0
    assert (one["matched"], one["totals"]["runs"], one["not_applicable"]) == (1, 2, {})
    assert "2 batches match; 1 would be retried." in said
    assert "Nothing was written." in said


def test_a_dry_run_of_networks_is_that_of_their_questions(senso, make, sandbox):
    org = make.org(questions=0)
    network = make.network(org, questions=2)
    batch = UUID(senso("trigger", "network", network, "--json").json["id"])
    senso("cancel", batch)
    start(batch)

    told = senso("retry", "--state", "cancelled", "--reopen", "--dry-run", "--json").json

    assert [(one["batch"], one["runs"]) for one in told["networks"]] == [(str(batch), 2)]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "say which"),
        ((str(uuid4()), "--since", "1h"), 2, "not both"),
        (("--reason", " "), 2, "--reason"),
        (("--since", "tomorrow"), 2, "--since"),
        (("--partner", "acme"), 2, "not the id of a partner"),
        (("--org", str(uuid4())), 4, "no batch matches"),
        ((str(uuid4()), "--dry-run"), 4, "no batch"),
    ],
)
def test_what_cannot_be_meant_is_refused(senso, make, arguments, code, said):
    for command in ("cancel", "retry"):
        done = senso(command, *arguments)

        assert (done.code, said in done.err, len(done.err.splitlines())) == (code, True, 1)
    assert make.one("SELECT count(*) FROM audit") == 0


def test_the_audit_has_the_filters_and_each_batch_names_the_change(senso, make, sandbox):
    batch = failing(make, sandbox)
    senso("retry", "--state", "failed", "--since", "2d")

    begun, changed, ended = make.sql("SELECT batch_id, details FROM audit WHERE action = 'retry' ORDER BY id")

    assert begun["details"]["filters"] == {"state": ["failed"], "since": "2d"}
    assert changed["batch_id"] == batch
    assert changed["details"]["bulk"] == begun["details"]["bulk"] == ended["details"]["bulk"]
    assert ended["details"]["ended"] == {"done": 1}
    since = datetime.fromisoformat(begun["details"]["since"])
    assert timedelta(0) < datetime.now(UTC) - timedelta(days=2) - since < timedelta(minutes=5)


def test_the_answer_of_a_cancel_comes_before_what_follows_is_published(senso, make, sandbox, monkeypatch, capsys):
    batch = make.batch(questions=2)
    read(str(make.runs(batch)[0]))
    seen = []
    monkeypatch.setattr("senso.cli.publish", lambda ids: seen.append((ids, capsys.readouterr().out)))

    senso("cancel", batch, "--json")

    ((ids, said),) = seen
    assert json.loads(said[said.index("{") :])["outcome"] == "cancelled"
    assert ids == [make.one("SELECT id FROM outbox WHERE pipeline = 'push'")]
    push(f"push:{batch}:1")
    assert make.one("SELECT status FROM pushes") == "sent"
