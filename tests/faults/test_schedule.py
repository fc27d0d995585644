"""Two beats, none for hours, its file gone; clocks that disagree, and the night in which an hour is missing."""

import re
import time
from pathlib import Path

import pytest
from load import A_LOAD, store

TIMETABLE = Path(__file__).parents[2] / "celerybeat-schedule.py"
WEDNESDAY = "2027-03-10T"
DST_NIGHT = "2027-03-14T07:30"  # in New York it is half past two on the Sunday on which half past two does not exist


@pytest.fixture
def hurried(tmp_path):
    """The timetable, looked at each second in place of each minute."""
    file = tmp_path / "hurried.py"
    file.write_text(re.sub(r'("senso.tick.due_orgs", "schedule": )60', r"\g<1>1", TIMETABLE.read_text()))
    return str(file)


def made_on(product, day: str, *, imported: str = "2027-03-09") -> int:
    """Imported the day before they are due: nothing of an earlier week is to be caught up. How many orgs."""
    orgs = len(store(product.plan, 0, -(-A_LOAD // product.load.each), product.load.questions))
    product.make.sql(f"UPDATE orgs SET created_at = '{day}T09:30Z', imported_at = '{imported}T12:00Z'")
    return orgs


def await_all(product, orgs: int) -> float:
    return product.until(lambda: product.states() == {"completed": orgs}, 150, "not every org was done")


def test_two_beats_make_one_batch_an_org(fault, hurried):
    with fault(24, "two beats and two control workers over a due week", own_load=True, beats=2, control_workers=2,
        sabotage={"all": "ticks_say_who"}, environment=at(hurried, "02:30")) as it:  # fmt: skip
        orgs = made_on(it.product, "2026-01-07")
        it.strikes(orgs=orgs)
        it.recovered(await_all(it.product, orgs))
        it.hit(processes=len(set(it.product.said("tick"))))
        runs = it.product.make.one("SELECT count(*) FROM schedule_runs")

    assert it.row.struck["processes"] == 2
    assert runs == orgs
    assert it.row.twice == 0


def test_beat_down_for_three_hours_and_its_file_deleted(fault, hurried):
    with fault(24, "beat down from 01:30 to 05:00, its files deleted", own_load=True,
        environment=at(hurried, "01:30")) as it:  # fmt: skip
        orgs = made_on(it.product, "2026-01-07")
        time.sleep(3)  # the timetable is looked at each second
        it.product.left_dead |= {"beat-1", "control-1"}
        for name in ("beat-1", "control-1"):
            it.product.kill(name)
        early = it.product.make.one("SELECT count(*) FROM batches")
        deleted = [file.unlink() for file in (it.product.home / "beat-1").iterdir()]
        it.strikes(orgs=orgs, processes=2, files=len(deleted))
        for name in ("control-1", "beat-1"):
            it.product.children[name].environment |= {"SENSO_CLOCK": f"{WEDNESDAY}05:00"}
            it.product.running.launch(it.product.children[name])
        it.recovered(await_all(it.product, orgs))
        runs = it.product.make.one("SELECT count(*) FROM schedule_runs")

    assert early == 0
    assert runs == orgs


def test_the_night_in_which_an_hour_is_missing(fault, hurried):
    with fault(25, "02:30 in New York, 14 March 2027", own_load=True,
        environment={"SENSO_SCHEDULE": hurried, "SENSO_CLOCK": DST_NIGHT, "TZ": "America/New_York"}) as it:  # fmt: skip
        orgs = made_on(it.product, "2026-01-04", imported="2027-03-13")
        it.strikes(orgs=orgs)
        it.recovered(await_all(it.product, orgs))
        dates = {str(row["batch_date"]) for row in it.product.make.sql("SELECT batch_date FROM batches")}

    assert dates == {"2027-03-14"}
    assert it.row.twice == 0


def test_workers_whose_clocks_are_ten_minutes_apart(fault):
    shifted = {"call-1": "clock_ahead", "call-2": "clock_behind", "control-1": "clock_ahead"}
    with fault(25, "clocks of the workers 5 min ahead and behind", sabotage=shifted) as it:
        it.strikes(calls=it.product.wait_for_flight(20))
        it.recovered(it.product.next_end())
        it.product.load.enough()
        it.product.end()
        off = it.product.said("clock")
        it.hit(tasks=len(off))
        it.row.note = f"{off.count(300)} tasks under a clock that was ahead, {off.count(-300)} behind"

    assert set(off) == {300, -300}
    assert it.row.twice == 0


def at(timetable: str, time: str) -> dict[str, str]:
    return {"SENSO_SCHEDULE": timetable, "SENSO_CLOCK": WEDNESDAY + time}
