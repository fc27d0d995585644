"""The chord breaks in every way that is known, and the batch ends all the same, once, with all of its runs."""

import pytest

ANY = {"chord", "rows"}  # and never the sweep, which is for what nobody foresaw
WAYS = [
    (8, "between_members_of_a_chord", "when_publishing", "kill -9 at the third member's publish", ANY),
    (9, "at_the_join", "when_publishing", "kill -9 between the join and the body's publish", ANY),
    (10, "exit_at_the_join", "when_publishing", "SystemExit in the body's publish", ANY),
    (11, "twice_delivered", "twice_delivered", "every member delivered twice", ANY),
    (12, "parts_lose_their_line", "parts_lose_their_line", "5 parts lose their line, guarded backend", {"chord"}),
    (12, "parts_are_lost", "parts_lose_their_line", "1 part loses its line, stock backend", ANY),
]


SELECTED = {"at_the_join"}
MARKED = [pytest.param(way, id=way[1], marks=[pytest.mark.selection] * (way[1] in SELECTED)) for way in WAYS]


@pytest.mark.parametrize("way", MARKED)
def test_however_a_chord_breaks_its_batch_ends_once_with_all_runs(start, told, way):
    number, sabotage, strike, struck, expected = way
    product = start(sabotage={"all": sabotage}, orgs=2, answer_seconds=0.5)
    batches = product.trigger()

    product.until(lambda: product.strikes(strike), 60, "the fault never struck")
    recovery = product.end(batches, 120)

    row = told(product, number, struck=struck, load="80 runs in 2 chords", recovery=recovery, note=ended_by(product))
    assert product.states() == {"completed": 2}
    assert row["broken"] == []
    assert row["twice"] <= product.repairs().get("reaped runs", 0) + product.repairs().get("reaped evaluations", 0)
    assert product.make.one("SELECT count(*) FROM ledger WHERE entry = 'charge'") == 80
    assert product.make.one("SELECT count(*) FROM pushes") == 2
    assert {found["finished_by"] for found in by(product)} <= expected


def by(product) -> list:
    return product.make.sql("SELECT finished_by, count(*) AS n FROM batches GROUP BY 1 ORDER BY 1")


def ended_by(product) -> str:
    return "ended by " + ", ".join(f"{row['finished_by']} {row['n']}" for row in by(product))
