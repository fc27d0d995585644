"""kill -9 at each step of a job that reads: nothing is lost, nothing read or paid for twice, every promise kept."""

import json
import os
import subprocess
import sys

import pytest
from reading_jobs import LINES, answered, broken, job_state, jobs, read_rest, states, work

from senso.tasks.periodic import reap
from senso.tasks.stages import finish_batch

pytestmark = pytest.mark.usefixtures("in_batches")

PROGRAM = """
from senso.workflows.reading_jobs import collecting
from senso.tasks.stages import read_by_job
collecting.AT_ONCE = 2
read_by_job({!r})
"""


def killed_at(place: str, make, folder) -> None:
    """A worker that has a job's message in hand is killed at that place."""
    armed = {"FAILPOINTS": json.dumps([{"at": place, "do": "kill"}]), "FAILPOINTS_FOLDER": str(folder)}
    make.sql("UPDATE vendor_jobs SET next_poll_at = now()")
    program = PROGRAM.format(str(jobs(make)[0]))
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | armed, check=False, timeout=120)
    assert done.returncode == -9
    reap()


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("readings uploaded", ("submitting", 0)),
        ("readings about to be sent", ("submitting", 5)),
        ("readings sent", ("submitting", 5)),
        ("some readings saved", ("running", 5)),
    ],
)
def test_a_killed_worker_costs_no_reading_and_no_second_payment(make, sandbox, tmp_path, place, left):
    batch = answered(make, questions=5)
    if place == "some readings saved":
        work(make)
    killed_at(place, make, tmp_path)
    assert (job_state(make), make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'read'")) == left

    make.sql("UPDATE vendor_jobs SET grace_until = now() WHERE grace_until IS NOT NULL")
    work(make, 3)
    read_rest(make, batch)
    finish_batch(str(batch), "rows")

    assert states(make) == {"done": 5}
    assert make.one("SELECT state FROM batches") == "completed"
    assert make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 5
    assert len(sandbox.calls(LINES)) == 5
    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'read' AND outcome = 'read'") == 5
    assert broken() == {}
