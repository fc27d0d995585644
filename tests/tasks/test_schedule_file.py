"""The operator's file, looked at before beat takes it."""

import pytest

from senso.settings import settings
from senso.tasks import schedule_file
from senso.tasks.app import app


@pytest.fixture
def table(environment, tmp_path):
    """`table("text of the file")`: what is found in it."""
    before = app.conf.beat_schedule
    app.conf.beat_schedule = {}

    def looked(text):
        file = tmp_path / "timetable.py"
        file.write_text(text)
        environment.setenv("SENSO_SCHEDULE", str(file))
        settings.cache_clear()
        return schedule_file.findings()

    yield looked
    app.conf.beat_schedule = before


def ticking(*names):
    entries = {name: {"task": f"senso.tick.{name}", "schedule": 1} for name in names}
    return f"from senso.tasks.app import app\napp.conf.beat_schedule = {entries!r}\n"


ALL = (*schedule_file.NEEDED, *schedule_file.OPTIONAL, schedule_file.PRUNE)


def test_the_packaged_one_has_all_that_is_needed(environment):
    (found,) = schedule_file.findings()

    assert (found.state, found.said) == ("ok", str(schedule_file.path()))


def test_the_ticks_that_are_known_are_those_that_there_are():
    app.loader.import_default_modules()

    assert {f"senso.tick.{name}" for name in ALL} == {name for name in app.tasks if name.startswith("senso.tick.")}


@pytest.mark.parametrize("without", schedule_file.NEEDED)
def test_a_tick_that_is_missing_is_warned_of(table, without):
    (found,) = table(ticking(*(name for name in ALL if name != without)))

    assert found.state == "warning"
    assert f"lacks {without}" in found.said


def test_without_the_tick_that_prunes_a_set_age_is_warned_of(table, environment):
    without = ticking(*schedule_file.NEEDED, *schedule_file.OPTIONAL)
    assert [one.state for one in table(without)] == ["ok"]

    environment.setenv("PRUNE_AFTER", "90")
    (found,) = table(without)

    assert (found.state, found.why) == ("warning", "PRUNE_AFTER is set, and nothing is deleted by itself")


def test_a_table_without_the_weekly_tick_is_somebodys_choice(table):
    (found,) = table(ticking(*schedule_file.NEEDED))

    assert found.state == "note"


def test_a_name_that_no_worker_knows_is_warned_of(table):
    found = table(ticking(*ALL, "swep"))

    assert [one.state for one in found] == ["ok", "warning"]
    assert "swep" in found[1].said


@pytest.mark.parametrize("text", ["this is no Python", "1 / 0", "import nowhere", "open('/nowhere')"])
def test_a_file_that_cannot_be_run_is_a_fault_that_names_it(table, text):
    (found,) = table(text)

    assert found.state == "fault"
    assert "timetable.py" in found.said
