"""A tick that finds no Postgres."""

import pytest
from structlog.testing import capture_logs

from senso.errors import Unreachable
from senso.tasks.periodic_task import Outage


def away(**_: object) -> None:
    raise Unreachable("Postgres: the server has gone")


def test_an_outage_is_said_once_when_it_begins_and_once_when_it_is_over():
    outage = Outage()

    with capture_logs() as said:
        for work in (away, away, away, dict, dict):
            outage.bear(work, {})

    assert [one["event"] for one in said] == ["ticks wait", "ticks go on"]
    assert said[0]["error"] == "Postgres: the server has gone"


def test_what_is_a_mistake_of_ours_is_no_outage():
    def wrong(**_: object) -> None:
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        Outage().bear(wrong, {})
