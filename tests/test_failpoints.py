"""Places that do nothing until a test arms them."""

import json
import subprocess
import sys

import pytest

from senso import failpoints
from senso.errors import ConfigError
from senso.failpoints import failpoint
from senso.settings import read_settings, settings


@pytest.fixture
def arm(environment, tmp_path):
    def arm(*traps):
        environment.setenv("FAILPOINTS", json.dumps(traps))
        environment.setenv("FAILPOINTS_FOLDER", str(tmp_path))
        settings.cache_clear()
        failpoints.armed.cache_clear()

    yield arm
    failpoints.armed.cache_clear()


def test_unarmed_nothing_happens(tmp_path):
    failpoints.armed.cache_clear()

    failpoint("answer came", "anything")

    assert failpoints.armed() == ()


def test_an_armed_place_strikes_as_often_as_it_was_told_and_says_so(arm, tmp_path):
    arm({"at": "answer came", "do": "error", "times": 2})

    struck = 0
    for _ in range(5):
        try:
            failpoint("answer came")
        except ConnectionResetError:
            struck += 1

    assert struck == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer came.0", "answer came.1"]


def test_only_the_place_and_the_matter_that_were_named(arm, tmp_path):
    arm({"at": "answer came", "do": "error", "match": "poison"})

    failpoint("reading came", "poison")
    failpoint("answer came", "tea")

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConnectionResetError):
        failpoint("answer came", "rat poison")


def test_a_kill_is_one(tmp_path):
    traps = json.dumps([{"at": "here", "do": "kill"}])
    program = "from senso import edge, failpoints; edge.supply(); failpoints.failpoint('here'); print('alive')"

    found = subprocess.run(
        [sys.executable, "-c", program],
        env={"FAILPOINTS": traps, "FAILPOINTS_FOLDER": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (found.returncode, found.stdout) == (-9, "")


def test_they_are_refused_in_production():
    with pytest.raises(ConfigError, match="FAILPOINTS: not allowed when ENVIRONMENT=production"):
        read_settings(environment="production", failpoints="[]")


@pytest.mark.parametrize(
    "given",
    [
        "nonsense",
        "{",
        "{}",
        "7",
        "[1]",
        '[{"at": 1, "do": "kill"}]',
        '[{"at": "here"}]',
        '[{"at": "here", "do": "dance"}]',
    ],
)
def test_what_is_no_list_of_places_is_refused_in_one_line(environment, given):
    environment.setenv("FAILPOINTS", given)
    settings.cache_clear()
    failpoints.armed.cache_clear()

    with pytest.raises(ConfigError, match="FAILPOINTS: "):
        failpoint("here")
    failpoints.armed.cache_clear()
