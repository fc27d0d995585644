"""A periodic task may be sent as often as beat likes."""

from concurrent.futures import ThreadPoolExecutor

from senso.tasks import periodic_task
from senso.tasks.periodic_task import wait_for_turn


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
