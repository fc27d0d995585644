import math

import pytest

from senso.numbers.student import quantile, two_sided


@pytest.mark.parametrize(
    ("tail", "freedom", "t"),
    [
        (0.025, 2, 4.30265),
        (0.025, 3, 3.18245),
        (0.025, 4, 2.77645),
        (0.025, 9, 2.26216),
        (0.025, 59, 2.00100),
        (0.05, 2, 2.91999),
        (0.05, 5, 2.01505),
        (0.2, 10, 0.87906),
        (0.025, math.inf, 1.95996),
    ],
)
def test_quantiles_are_those_of_the_tables(tail, freedom, t):
    assert quantile(tail, freedom) == pytest.approx(t, rel=2e-4)


@pytest.mark.parametrize("freedom", [2, 2.4, 3.7, 11.2, 400.5])
def test_the_probability_beyond_a_quantile_is_its_tail(freedom):
    assert two_sided(quantile(0.025, freedom), freedom) == pytest.approx(0.05, rel=2e-3)
    assert two_sided(-quantile(0.025, freedom), freedom) == two_sided(quantile(0.025, freedom), freedom)
    assert two_sided(0, freedom) == pytest.approx(1)
