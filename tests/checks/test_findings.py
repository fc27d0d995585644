"""A finding as `doctor` prints it, and as the error of whoever refuses to start on it."""

import pytest

from senso.checks import Finding, require
from senso.errors import ConfigError, Unreachable


def test_a_fault_is_refused_in_one_line_that_says_what_why_and_what_to_do():
    fault = Finding("postgres encoding", "fault", "LATIN1", "answers cannot be stored", "make the database with UTF8")

    with pytest.raises(
        ConfigError, match=r"^postgres encoding: LATIN1; answers cannot be stored; make the database with UTF8$"
    ):
        require([Finding("postgres", "ok", "18.4"), fault])


def test_what_may_pass_by_itself_is_out_of_reach_and_no_wrong_setting():
    with pytest.raises(Unreachable, match="redis: connection refused"):
        require([Finding("redis", "fault", "connection refused", reachable=False)])


def test_a_warning_stops_nobody():
    require([Finding("disk", "warning", "90 MB free", "answers need room", "make room")])
