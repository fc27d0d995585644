"""Two beats, none for hours, its file gone; clocks that disagree, and the night in which an hour is missing."""

import re
import time
from pathlib import Path

import pytest

TIMETABLE = Path(__file__).parents[2] / "celerybeat-schedule.py"
WEDNESDAY = "2027-03-10T"
DST_NIGHT = "2027-03-14T07:30"  # in New York it is half past two on the Sunday on which half past two does not exist


@pytest.fixture
def hurried(tmp_path):
    """The timetable, looked at each second in place of each minute."""
    file = tmp_path / "hurried.py"
    file.write_text(re.sub(r'("senso.tick.due_orgs", "schedule": )60', r"\g<1>1", TIMETABLE.read_text()))
    return str(file)


def made_on(product, day: str, *, imported: str = "2027-03-09") -> None:
    """Imported the day before they are due: nothing of an earlier week is to be caught up."""
    product.load()
    product.make.sql(f"UPDATE orgs SET created_at = '{day}T09:30Z', imported_at = '{imported}T12:00Z'")


def test_two_beats_make_one_batch_an_org(start, told, hurried):
    product = start(beats=2, control_workers=2, environment=at(hurried, "02:30"), questions=2)
    made_on(product, "2026-01-07")

    recovery = product.until(lambda: product.states() == {"completed": 4}, 90, "not every org was done")

    row = told(product, 24, struck="two beats, two control workers", load="4 orgs due", recovery=recovery)
    assert product.make.one("SELECT count(*) FROM schedule_runs") == 4
    assert row["broken"] == []
    assert row["twice"] == 0


def test_beat_down_for_three_hours_and_its_file_deleted(start, told, hurried):
    product = start(environment=at(hurried, "01:30"), questions=2)
    made_on(product, "2026-01-07")
    time.sleep(3)  # the timetable is looked at each second
    product.left_dead |= {"beat-1", "control-1"}
    for name in ("beat-1", "control-1"):
        product.kill(name)
    early = product.make.one("SELECT count(*) FROM batches")
    deleted = [file.unlink() for file in (product.home / "beat-1").iterdir()]
    for name in ("control-1", "beat-1"):
        product.children[name].environment |= {"SENSO_CLOCK": f"{WEDNESDAY}05:00"}
        product.running.launch(product.children[name])
    recovery = product.until(lambda: product.states() == {"completed": 4}, 90, "not every org was done")

    row = told(product, 24, struck=f"beat down from 01:30 to 05:00, {len(deleted)} files of it deleted",
        load="4 orgs due at 02:00", recovery=recovery)  # fmt: skip
    assert early == 0
    assert len(deleted) > 0
    assert product.make.one("SELECT count(*) FROM schedule_runs") == 4
    assert row["broken"] == []


def test_the_night_in_which_an_hour_is_missing(start, told, hurried):
    product = start(environment={"SENSO_SCHEDULE": hurried, "SENSO_CLOCK": DST_NIGHT, "TZ": "America/New_York"},
        questions=2)  # fmt: skip
    made_on(product, "2026-01-04", imported="2027-03-13")

    recovery = product.until(lambda: product.states() == {"completed": 4}, 90, "not every org was done")

    dates = {str(row["batch_date"]) for row in product.make.sql("SELECT batch_date FROM batches")}
    row = told(product, 25, struck="02:30 in New York, 14 March 2027", load="4 orgs due", recovery=recovery)
    assert dates == {"2027-03-14"}
    assert row["broken"] == []
    assert row["twice"] == 0


def test_workers_whose_clocks_are_ten_minutes_apart(start, told):
    product = start(sabotage={"call-1": "clock_ahead", "call-2": "clock_behind", "control-1": "clock_ahead"})
    batches = product.trigger()

    recovery = product.end(batches)

    shifted = product.strikes("clock 300") + product.strikes("clock -300")
    row = told(product, 25, struck="clocks of call workers 5 min ahead and behind, control's ahead",
        load="160 runs", recovery=recovery)  # fmt: skip
    assert shifted >= 2
    assert product.states() == {"completed": 4}
    assert row["broken"] == []
    assert row["twice"] == 0


def at(timetable: str, time: str) -> dict[str, str]:
    return {"SENSO_SCHEDULE": timetable, "SENSO_CLOCK": WEDNESDAY + time}
