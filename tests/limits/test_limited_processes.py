"""Two processes of the product, without Celery, that share a model."""

import subprocess
import sys

import pytest

from senso.limits import redis_scripts, script
from senso.workflows import breakers

ASKED = "gpt-6.1-terra"
# Arguments: rounds, and the runs. Between two rounds all that waits becomes due.
WORK = """
import sys
from sqlalchemy import text
from senso import edge
edge.supply()
from senso.db import transaction
from senso.tasks.stages import read
rounds, *runs = sys.argv[1:]
for _ in range(int(rounds)):
    for start in range(0, len(runs), 10):
        read(*runs[start:start + 10])
    with transaction() as db:
        db.execute(text("UPDATE question_runs SET next_at = now() WHERE state = 'planned'"))
from senso.limits.process import allowances
allowances.leave()
"""


@pytest.fixture
def work(make):
    """Each process has half of the runs."""

    def both(batch, rounds=1):
        runs = [str(run) for run in make.runs(batch)]
        started = [
            subprocess.Popen([sys.executable, "-c", WORK, str(rounds), *half]) for half in (runs[::2], runs[1::2])
        ]
        assert [one.wait(timeout=300) for one in started] == [0, 0]

    return both


def test_both_together_keep_to_the_limit(make, sandbox, work):
    make.sql("UPDATE models SET rpm = 40 WHERE slug = :model", model=ASKED)
    minute_ago = round((redis_scripts.client().time()[0] - 61) * 1e6)
    script.run({"provider": "openai", "model": ASKED, "owner": "before", "now": minute_ago})
    batch = make.batch(questions=60)

    work(batch)

    made = len(sandbox.calls("openai.responses"))
    assert 10 <= made <= 40
    assert make.one("SELECT count(*) FROM question_runs WHERE state = 'answered'") == made
    assert make.one("SELECT max(failures) FROM question_runs") == 0


def test_an_outage_is_found_out_together_and_ends_no_run(make, sandbox, work):
    batch = make.batch(questions=60)
    sandbox.fault("openai.responses", "503")

    work(batch, rounds=8)

    events = [row["event"] for row in made_events(make)]
    assert events[0] == "opened"
    assert len(sandbox.calls("openai.responses")) <= 60 + events.count("probing")
    assert make.one("SELECT count(*) FROM question_runs WHERE state <> 'planned'") == 0
    assert make.one("SELECT max(failures) FROM question_runs") <= 2


def made_events(make):
    breakers.record()
    return make.sql("SELECT event FROM breaker_events ORDER BY id")
