"""No answer takes long: what is quadratic would take minutes, and its bound here is that of a machine under load."""

import pytest
from hostile import UNITS, milliseconds

FAR_TOO_LONG = 2000  # milliseconds; `python tests/extraction/hostile.py` prints what it is


@pytest.mark.parametrize("unit", UNITS)
def test_an_answer_of_one_piece_over_and_over_is_read_in_linear_time(unit):
    assert milliseconds(unit) < FAR_TOO_LONG
