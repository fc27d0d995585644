"""The chord breaks in every way that is known, and the batch ends all the same, once, with all of its runs."""

from dataclasses import dataclass

import pytest

ANY = {"chord", "rows"}  # and never the sweep, which is for what nobody foresaw


@dataclass(frozen=True)
class Way:
    """`strike`: the name of its trace; `hit`: what one strike hits; `deadly`: the process dies of it."""

    number: int
    sabotage: str
    said: str
    hit: str
    strike: str = ""
    deadly: bool = False
    ended_by: frozenset[str] = frozenset(ANY)

    @property
    def trace(self) -> str:
        return self.strike or self.sabotage


WAYS = [
    Way(8, "half_published", "kill -9 with half of a chord's members sent", "chords", deadly=True),
    Way(9, "at_the_join", "kill -9 between the join and the body's publish", "chords", "when_publishing", deadly=True),
    Way(10, "exit_at_the_join", "SystemExit in the body's publish", "chords", "when_publishing"),
    Way(11, "twice_delivered", "every member delivered twice", "messages"),
    Way(12, "parts_lose_their_line", "5 parts lose their line, guarded backend", "messages",
        ended_by=frozenset({"chord"})),
    Way(12, "parts_are_lost", "1 part loses its line, stock backend", "messages", "parts_lose_their_line"),
]  # fmt: skip
SELECTED = {"at_the_join"}
MARKED = [
    pytest.param(way, id=way.sabotage, marks=[pytest.mark.selection] * (way.sabotage in SELECTED)) for way in WAYS
]


@pytest.mark.parametrize("way", MARKED)
def test_however_a_chord_breaks_its_batch_ends_once_with_all_runs(fault, way):
    with fault(way.number, way.said, sabotage={"all": way.sabotage}) as it:
        it.product.wait_for_strike(way.trace)
        if way.deadly:
            it.product.wait_for_death()
            it.hit(processes=1)
        it.strikes()
        it.recovered(it.product.next_end())
        it.product.load.enough()
        it.product.end()
        it.hit(**{way.hit: it.product.strikes(way.trace)})
        if lost := it.product.said("members lost"):
            it.hit(messages=int(sum(lost)))
        it.row.note = "ended by " + ", ".join(f"{one['finished_by']} {one['n']}" for one in by(it.product))
        ended_by = {one["finished_by"] for one in by(it.product)}

    assert ended_by <= way.ended_by


def by(product) -> list:
    return product.make.sql("SELECT finished_by, count(*) AS n FROM batches GROUP BY 1 ORDER BY 1")
