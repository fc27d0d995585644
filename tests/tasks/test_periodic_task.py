"""A periodic task may be sent as often as beat likes, and may find no Postgres."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from senso.errors import Unreachable
from senso.tasks import periodic_task
from senso.tasks.periodic_task import Outage, wait_for_turn


def test_of_ticks_that_piled_up_the_first_is_done_and_one_for_all_the_others(monkeypatch):
    """One that comes right after another was sent for something newer, such as a batch that waits to be admitted."""
    monkeypatch.setattr(periodic_task, "CLOSEST_SECONDS", 0.5)
    assert wait_for_turn("a tick")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: wait_for_turn("a tick"), range(8))) == 1


def test_ticks_of_different_names_do_not_wait_for_one_another(monkeypatch):
    monkeypatch.setattr(periodic_task, "CLOSEST_SECONDS", 3600)
    assert wait_for_turn("one")
    assert wait_for_turn("two")


def away(**_: object) -> None:
    raise Unreachable("Postgres: the server has gone")


def test_an_outage_is_said_once_when_it_begins_and_once_when_it_is_over():
    outage = Outage()

    with capture_logs() as said:
        for work in (away, away, away, dict, dict):
            outage.run(work, {})

    assert [one["event"] for one in said] == [
        "periodic tasks paused: Postgres is not reachable",
        "periodic tasks resumed",
    ]
    assert said[0]["error"] == "Postgres: the server has gone"


def test_what_is_a_mistake_of_ours_is_no_outage():
    def wrong(**_: object) -> None:
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        Outage().run(wrong, {})
