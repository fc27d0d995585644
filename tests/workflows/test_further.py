"""Asking once more where a few more answers may decide a change: when, for whom, how often, and at what price."""

from uuid import UUID

import pytest
from at_work import start
from networks import ME, broken
from operating import cancel, retry, trigger_org

from senso.cli.terms import terms
from senso.comparison import Change
from senso.db import transaction
from senso.numbers.verdicts import Verdict
from senso.queries.further import Cell
from senso.settings import settings
from senso.states import QuestionKind, Surface
from senso.tasks.stages import ask_batch, finish_batch, read
from senso.workflows import further
from senso.workflows.estimating import estimate_triggers
from senso.workflows.stopping import pause

QUESTIONS = 10
NEAR, DECIDED, FAR = 6, 10, 4  # of ten answers name the org, after three


@pytest.fixture
def weeks(make, sandbox, environment):
    return Weeks(make, environment)


class Weeks:
    def __init__(self, make, environment) -> None:
        self.make, self.environment = make, environment

    def org(self, **options):
        org = self.make.org(**{"questions": QUESTIONS, "most_samples": 3, "available": 1000} | options)
        self.make.names(org)
        return org

    def before(self, org, named: int = 3) -> None:
        """The batch of a week ago."""
        self.on("-7d")
        batch = trigger_org(org.id, ME).batch.id
        self.read(batch, named)
        self.end(batch)
        self.on("")

    def on(self, clock: str) -> None:
        self.environment.setenv("SENSO_CLOCK", clock)
        settings.cache_clear()

    def now(self, org, named: int) -> UUID:
        """Today's batch, of which everything that was planned is read."""
        batch = trigger_org(org.id, ME).batch.id
        self.read(batch, named)
        return batch

    def read(self, batch: UUID, named: int) -> None:
        start(batch)
        self.read_more(batch, named)

    def read_more(self, batch: UUID, named: int) -> None:
        ask_batch(str(batch))
        for run in self.make.runs(batch):
            read(str(run))
        self.make.sql(
            "UPDATE evaluations e SET mentioned = q.position < :named, rank = NULL, sentiment = NULL "
            "FROM question_runs r JOIN org_questions q ON q.question_id = r.question_id "
            "WHERE e.batch_id = :b AND r.id = e.run_id",
            b=batch,
            named=named,
        )
        self.make.sql(
            "DELETE FROM competitors WHERE evaluation_id IN (SELECT id FROM evaluations WHERE batch_id = :b)", b=batch
        )

    def end(self, batch: UUID) -> str:
        finish_batch(str(batch), "chord")
        return self.make.state(batch)["state"]

    def stands(self, batch: UUID) -> tuple[int, int, int]:
        found = self.make.state(batch)
        return found["planned"], found["remaining"], found["reserved"]

    def moved(self, batch: UUID) -> list[tuple[str, int]]:
        """Holds, releases and the sum of the charges."""
        return [
            (one["entry"], one["credits"])
            for one in self.make.sql(
                "SELECT entry, sum(credits)::int AS credits FROM ledger WHERE batch_id = :b "
                "GROUP BY entry, CASE WHEN entry <> 'charge' THEN id END ORDER BY min(id)",
                b=batch,
            )
        ]


def test_a_change_that_is_nearly_decided_is_asked_about_again(weeks, make, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)

    assert weeks.end(batch) == "running"

    assert weeks.stands(batch) == (20, 10, 10)
    assert make.unpublished() == []
    assert "10 questions asked once more after 1 answer each, to decide a change" in make.state(batch)["note"]
    samples = make.sql("SELECT sample, count(*) AS n FROM question_runs WHERE batch_id = :b GROUP BY 1", b=batch)
    assert sorted((one["sample"], one["n"]) for one in samples) == [(0, 10), (1, 10)]
    assert broken() == {}


def test_it_goes_on_until_it_is_decided_and_what_was_not_needed_is_released(weeks, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)
    weeks.end(batch)

    weeks.read_more(batch, DECIDED)

    assert weeks.end(batch) == "completed"
    assert weeks.stands(batch) == (20, 0, 10)
    assert weeks.moved(batch) == [("hold", -30), ("release", 30), ("charge", -20)]
    assert broken() == {}


def test_it_ends_after_the_most_that_was_asked_for(weeks, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)
    rounds = 0

    while weeks.end(batch) == "running":
        weeks.read_more(batch, NEAR)
        rounds += 1
        assert rounds < 5

    assert rounds == 2
    assert weeks.stands(batch) == (30, 0, 0)
    assert weeks.moved(batch) == [("hold", -30), ("release", 30), ("charge", -30)]
    assert broken() == {}


@pytest.mark.parametrize("named", [DECIDED, FAR])
def test_what_is_decided_or_far_from_it_is_not_asked_about(weeks, sandbox, named):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, named)

    assert weeks.end(batch) == "completed"

    assert weeks.moved(batch) == [("hold", -30), ("release", 30), ("charge", -10)]
    assert broken() == {}


def test_a_first_batch_has_nothing_to_decide(weeks, sandbox):
    batch = weeks.now(weeks.org(), NEAR)

    assert weeks.end(batch) == "completed"


def test_an_org_that_did_not_ask_for_it_holds_and_asks_what_it_did_before(weeks, sandbox):
    org = weeks.org(most_samples=1)
    weeks.before(org)
    batch = weeks.now(org, NEAR)

    assert weeks.end(batch) == "completed"

    assert weeks.moved(batch) == [("hold", -10), ("release", 10), ("charge", -10)]


def test_a_partner_without_credits_for_more_gets_the_plain_batch(weeks, make, sandbox):
    org = weeks.org(available=10 + 29)
    weeks.before(org)
    batch = weeks.now(org, NEAR)

    assert weeks.end(batch) == "completed"

    assert weeks.moved(batch) == [("hold", -10), ("release", 10), ("charge", -10)]
    assert "no further answers are asked for: 30 credits needed" in make.state(batch)["note"]
    assert broken() == {}


def test_however_often_its_end_is_tried_one_round_is_opened(weeks, make, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)

    for by in ("chord", "rows", "sweep"):
        finish_batch(str(batch), by)

    assert weeks.stands(batch) == (20, 10, 10)


def test_nothing_more_is_asked_while_it_is_stopped(weeks, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)
    pause("gpt-6.1-terra", "mara", None)

    assert weeks.end(batch) == "completed"


def test_nothing_more_is_asked_shortly_before_the_deadline(weeks, make, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)
    make.sql("UPDATE batches SET deadline = now() + interval '1 hour' WHERE id = :b", b=batch)

    assert weeks.end(batch) == "completed"


def test_an_org_that_wants_it_no_more_is_not_asked_about_again(weeks, make, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)
    make.sql("UPDATE orgs SET most_samples = 1")

    assert weeks.end(batch) == "completed"
    assert broken() == {}


def test_what_failed_is_not_asked_further(weeks, make, sandbox):
    org = weeks.org(questions=QUESTIONS + 1)
    weeks.before(org)
    sandbox.fault("openai.responses", "refusal", times=1)
    batch = weeks.now(org, NEAR)

    weeks.end(batch)

    assert weeks.stands(batch) == (21, 10, 12)
    assert broken() == {}


def test_a_cancelled_round_keeps_and_charges_what_was_read(weeks, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)
    weeks.end(batch)

    cancel(batch, ME)

    assert weeks.moved(batch) == [("hold", -30), ("release", 30), ("charge", -10)]
    assert broken() == {}


def test_a_retry_holds_for_what_failed_alone_and_asks_nothing_further(weeks, make, sandbox):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)
    weeks.end(batch)
    sandbox.fault("openai.responses", "refusal", times=2)
    weeks.read_more(batch, DECIDED)
    assert weeks.end(batch) == "partial"

    retry(batch, ME)
    weeks.read(batch, NEAR)

    assert weeks.end(batch) == "completed"
    assert weeks.moved(batch) == [("hold", -30), ("release", 30), ("charge", -20), ("hold", -2), ("release", 2)]
    assert broken() == {}


def test_a_comparison_that_fails_does_not_keep_a_batch_from_ending(weeks, sandbox, monkeypatch):
    org = weeks.org()
    weeks.before(org)
    batch = weeks.now(org, NEAR)
    monkeypatch.setattr(further, "compared", lambda *_: int("no number"))

    assert weeks.end(batch) == "completed"


def test_a_dry_run_tells_what_may_be_asked_besides(weeks, make):
    org = weeks.org()

    with transaction() as db:
        (found,) = estimate_triggers(db, [org.id], terms())

    assert (found.runs, found.credits, found.further) == (10, 10, 20)


# --- which cells


def cell(kind=QuestionKind.UNBRANDED, surface=Surface.API, *, stopped=False) -> Cell:
    one = UUID(int=1)
    return Cell(one, one, one, kind, surface, samples=1, stopped=stopped)


def change(kind=QuestionKind.UNBRANDED, surface=Surface.API) -> Change:
    return Change("mention_rate", kind, surface, None, None, None, Verdict.WITHIN_NOISE, None, 0.1, 1.0, 20)


def test_a_pool_is_asked_whole_or_not_at_all():
    branded = [cell(QuestionKind.BRANDED)] * 2
    found = [change(), change(QuestionKind.BRANDED)]

    assert further.within(5, [cell()] * 3 + branded, found) == branded + [cell()] * 3
    assert further.within(4, [cell()] * 3 + branded, found) == branded
    assert further.within(5, [cell(stopped=True), cell(), *branded], found) == branded
    assert further.within(5, [cell()] * 3 + branded, found[:1]) == [cell()] * 3
    assert further.within(5, [cell()] * 3, []) == []
