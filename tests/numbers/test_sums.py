import random

import pytest

from senso.numbers.sums import PARTS, Sums


def column(rng, kind, length):
    """Numerators and denominators of one number."""
    if kind == "rate":
        return [(rng.randint(0, 1), 1) for _ in range(length)]
    if kind == "share":
        return [(rng.randint(0, n), n) for n in rng.choices(range(6), k=length)]
    if kind == "net":
        return [(rng.randint(-n, n), n) for n in rng.choices((0, 1), k=length)]
    if kind == "text":
        return [(rng.randint(0, n), n) for n in rng.choices((0, PARTS), k=length)]
    return [(0, 0)] * length


@pytest.mark.parametrize("length", [1, 2, 7, 60])
def test_the_sums_of_a_table_are_those_of_its_numbers(length):
    rng = random.Random(length)
    for _ in range(20):
        numbers = [column(rng, kind, length) for kind in ("rate", "share", "net", "text", "nothing")]
        rows = [[*(x for x, _ in units), *(n for _, n in units)] for units in zip(*numbers, strict=True)]

        assert Sums.of_table(rows, [(at, at + 5) for at in range(5)]) == [Sums.of(number) for number in numbers]


def test_numbers_of_a_table_may_have_the_same_denominator():
    rows = [[1, 0, 2], [3, -1, 4], [0, 0, 0]]

    assert Sums.of_table(rows, [(0, 2), (1, 2)]) == [Sums(2, 4, 6, 10, 14, 20), Sums(2, -1, 6, 1, -4, 20)]
