"""Who notices what, with real processes: a supervisor whose children die, and a worker that sends what was written."""

import subprocess
import sys

import pytest
from alarm_steps import messages

from senso import stack
from senso.cli import running
from senso.tasks.beat import Ticks
from senso.workflows.alarms import watching


@pytest.fixture
def dying(monkeypatch) -> stack.Stack:
    """Its only child ends as soon as it is started, and is started again at once."""
    monkeypatch.setattr(stack, "LONGEST_PAUSE_SECONDS", 0)
    child = stack.Child("call-1", ["-c", "raise SystemExit(70)"])
    return stack.Stack([child], say=lambda _: None, dies_on=running.raise_alarm)


def test_a_supervisor_whose_children_die_at_their_start_tells_of_it_itself(make, sandbox, dying, monkeypatch):
    monkeypatch.setattr(watching, "LATE_SECONDS", 0)
    dying.start()
    (child,) = dying.children
    while child.deaths < 2 * stack.DEATHS_IN_A_ROW:
        child.process.wait(30)
        dying.watch()
    dying.stop()

    assert [(one["process"], one["exit_code"], one["deaths"]) for one in make.sql("SELECT * FROM restarts")] == [
        ("call-1", 70, 5),
        ("call-1", 70, 10),
    ]
    assert messages(make) == [("restarts", "first", 1, "sent")]
    (told,) = sandbox.slack()
    assert "was started 5 times in a row; it ended with 70" in told


def test_a_supervisor_goes_on_while_postgres_is_away(make, dying, monkeypatch, environment):
    def away(*_):
        raise ConnectionError

    monkeypatch.setattr(watching.looking, "look", away)
    make.sql("ALTER TABLE restarts RENAME TO elsewhere")
    try:
        running.raise_alarm(dying.children[0])
    finally:
        make.sql("ALTER TABLE elsewhere RENAME TO restarts")


def test_a_message_is_no_tick():
    ticks = Ticks()
    ticks.sent(sender="senso.alarm")
    assert ticks.last is None

    ticks.sent(sender="senso.tick.relay")
    assert ticks.last is not None


def test_the_thread_ends_with_its_process():
    """It is nobody's duty to stop it: a program that has done its work does not wait for the next look."""
    program = "from senso import edge; edge.supply(); from senso.workflows.alarms import watching; watching.start()"

    subprocess.run([sys.executable, "-c", program], timeout=30, check=True)
