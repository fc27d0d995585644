"""What ends together is handed on together, and what is slow holds nothing back."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from senso.runtime.joint_results import joint_results


def test_what_ends_together_comes_together():
    with ThreadPoolExecutor(3) as pool:
        (found,) = joint_results(pool, lambda item: item * 2, [1, 2, 3], seconds=60)

    assert sorted(found) == [2, 4, 6]


def test_a_slow_item_comes_later_and_by_itself():
    may_end = Event()

    def work(item: str) -> str:
        if item == "slow":
            may_end.wait(60)
        return item

    with ThreadPoolExecutor(2) as pool:
        results = joint_results(pool, work, ["slow", "quick"], seconds=0)
        first = next(results)
        may_end.set()

        assert (first, list(results)) == (["quick"], [["slow"]])


def test_of_nothing_nothing_comes():
    with ThreadPoolExecutor(1) as pool:
        assert list(joint_results(pool, str, [])) == []
