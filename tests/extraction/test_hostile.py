"""No answer takes long: what is quadratic would take minutes, and its bound here is that of a machine under load."""

import pytest
from hostile import UNITS, milliseconds, prompt, read, usable

FAR_TOO_LONG = 2000  # milliseconds; `python tests/extraction/hostile.py` prints what it is


@pytest.mark.parametrize("unit", UNITS)
def test_an_answer_of_one_piece_over_and_over_is_read_in_linear_time(unit):
    assert milliseconds(read, unit) < FAR_TOO_LONG


@pytest.mark.parametrize("unit", usable())
def test_a_model_is_asked_about_such_an_answer_in_linear_time(unit):
    assert milliseconds(prompt, unit) < FAR_TOO_LONG
