"""Cancel, retry and reopen: five at once, mixed, and killed half-way. Nothing is done twice, and the promises hold."""

import json
from collections import Counter
from uuid import UUID

import pytest
from at_once import AtOnce
from at_work import start, work_off
from operating import Initiator, cancel

from senso.db import transaction
from senso.policy import POLICY
from senso.queries import invariants
from senso.tasks.stages import read

ME = Initiator("mara")
KILLED = -9


@pytest.fixture(scope="module")
def at_once():
    parent = AtOnce()
    yield parent
    parent.close()


def failing(make, sandbox, count: int) -> list[UUID]:
    """Each read one of its two runs, and the other failed."""
    batches = []
    for _ in range(count):
        batches.append(make.queued(questions=2))
        sandbox.fault("openai.responses", "400", times=1)
        work_off(make, batches[-1])
    return batches


def holds(make, batch) -> list[str]:
    keys = make.sql(
        "SELECT idempotency_key AS key FROM ledger WHERE batch_id = :b AND entry = 'hold' ORDER BY id", b=batch
    )
    return [one["key"].rpartition(":")[2] for one in keys]


def changes(make, action) -> Counter:
    found = make.sql("SELECT batch_id FROM audit WHERE action = :action AND batch_id IS NOT NULL", action=action)
    return Counter(one["batch_id"] for one in found)


def episodes(make, batches) -> list[int]:
    return [make.state(batch)["episode"] for batch in batches]


def work_all_off(make, batches) -> None:
    for batch in batches:
        work_off(make, batch)
    with transaction() as db:
        assert invariants.broken(db, POLICY, 500) == {}


def armed(folder, *, match="") -> dict[str, str]:
    trap = {"at": "bulk step", "do": "kill", "match": match}
    return {"FAILPOINTS": json.dumps([trap]), "FAILPOINTS_FOLDER": str(folder)}


def test_five_retries_of_all_that_failed_open_one_episode_each_although_one_is_killed(at_once, make, sandbox, tmp_path):
    batches = failing(make, sandbox, 3)

    ended = at_once(*[["retry", "--state", "partial", "--json"]] * 5, **armed(tmp_path))

    assert sorted(one.code for one in ended if one.code not in {0, 4}) == [KILLED]
    assert episodes(make, batches) == [2, 2, 2]
    assert changes(make, "retry") == dict.fromkeys(batches, 1)
    done = [batch for one in ended if one.code == 0 for batch in json.loads(one.out)["done"]]
    assert len(done) == 2  # and the third by the one that was killed
    work_all_off(make, batches)
    assert [holds(make, batch) for batch in batches] == [["1", "2"]] * 3


def test_five_cancels_of_all_that_are_open_cancel_each_once_although_one_is_killed(at_once, make, sandbox, tmp_path):
    batches = [make.batch(questions=2) for _ in range(3)]
    for batch in batches:
        read(str(make.runs(batch)[0]))

    ended = at_once(*[["cancel", "--state", "running"]] * 5, **armed(tmp_path))

    assert sorted(one.code for one in ended if one.code not in {0, 4}) == [KILLED]
    assert {make.state(batch)["state"] for batch in batches} == {"cancelled"}
    assert changes(make, "cancel") == dict.fromkeys(batches, 1)
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 3
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'release'") == 3
    assert make.one("SELECT count(*) FROM pushes") == 3
    work_all_off(make, batches)


def test_five_that_reopen_a_cancelled_batch_open_one_episode(at_once, make, sandbox):
    org = make.org()
    batch = make.batch(org)
    cancel(batch, ME)

    ended = at_once(*[["trigger", "org", org.id, "--reopen", "--json"]] * 5)

    assert Counter(json.loads(one.out)["outcome"] for one in ended) == {"reopened": 1, "attached": 4}
    assert episodes(make, [batch]) == [2]
    work_all_off(make, [batch])
    assert holds(make, batch) == ["1", "2"]


def test_cancels_retries_and_reopens_at_once_and_a_kill_leave_whole_episodes(at_once, make, sandbox, tmp_path):
    org = make.org()
    half = make.batch(org)
    read(str(make.runs(half)[0]))
    failed = failing(make, sandbox, 2)
    commands = [
        ["cancel", "--since", "1h"],
        ["retry", "--since", "1h", "--reopen"],
        ["cancel", half],
        ["retry", failed[0]],
        ["trigger", "org", org.id, "--reopen"],
    ]

    ended = at_once(*commands, **armed(tmp_path))

    assert {one.code for one in ended} <= {0, 1, 2, KILLED}, [one.err for one in ended]
    assert not [one.err for one in ended if "internal error" in one.err]
    batches = [half, *failed]
    for batch in batches:
        opened = changes(make, "retry")[batch] + make.one(
            "SELECT count(*) FROM audit WHERE batch_id = :b AND details->>'outcome' = 'reopened'", b=batch
        )
        assert make.state(batch)["episode"] == 1 + opened
    work_all_off(make, batches)
    assert all(len(set(found)) == len(found) for found in (holds(make, batch) for batch in batches))


def test_a_command_that_was_killed_is_gone_on_with_and_does_nothing_twice(at_once, make, sandbox, tmp_path):
    batches = failing(make, sandbox, 3)
    command = ["retry", "--state", "partial", "--json"]
    (killed,) = at_once(command, **armed(tmp_path, match=str(batches[1])))
    assert (killed.code, episodes(make, batches)) == (KILLED, [2, 2, 1])
    sandbox.fault("openai.responses", "400", times=1)
    work_off(make, batches[0])  # fails again, and so matches again
    assert make.state(batches[0])["state"] == "partial"

    (again,) = at_once(command)

    told = json.loads(again.out)
    assert (again.code, told["done"], told["done_before"]) == (0, [str(batches[2])], 2)
    assert "Goes on with the same command" in again.err
    assert episodes(make, batches) == [2, 2, 2]
    (new,) = at_once(command)
    assert (json.loads(new.out)["done"], episodes(make, batches)) == ([str(batches[0])], [3, 2, 2])
    work_all_off(make, batches)


def test_one_that_was_killed_before_it_published_is_published_by_the_relay(at_once, make, sandbox, tmp_path):
    (batch,) = failing(make, sandbox, 1)
    trap = [{"at": "intent committed", "do": "kill"}]

    (killed,) = at_once(["retry", "--state", "partial"], FAILPOINTS=json.dumps(trap), FAILPOINTS_FOLDER=str(tmp_path))

    assert (killed.code, make.state(batch)["state"]) == (KILLED, "queued")
    assert make.unpublished() == [f"admit:{batch}:2"]
    start(batch)
    work_all_off(make, [batch])
    assert make.state(batch)["state"] == "completed"
