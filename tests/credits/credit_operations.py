"""Everything that can happen to the credits of a few orgs, as the product does it, without messages and providers."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from claims import READING, REPORT, VERSION
from factories import Factory, Org
from operating import Initiator, cancel, retry, trigger_org
from sqlalchemy import event

from senso import imports
from senso.db import engine, transaction
from senso.policy import POLICY
from senso.providers import Answer
from senso.queries import evaluation_endings, evaluations, ledger, runs, sweep
from senso.queries import imports as import_rows
from senso.queries.evaluations import ReadWork
from senso.settings import clock, settings
from senso.states import FinishedBy
from senso.tasks.periodic import admit
from senso.tasks.stages import finish_batch, open_batch
from senso.workflows import finishing

ME = Initiator("test")
QUESTIONS = 2


class Crash(Exception):
    """This process died before its transaction was committed."""


@contextmanager
def crashing() -> Iterator[None]:
    """Every transaction of this thread is aborted where it would be committed."""
    here = threading.get_ident()

    def die(_: object) -> None:
        if threading.get_ident() == here:
            raise Crash

    event.listen(engine(), "commit", die)
    try:
        yield
    finally:
        event.remove(engine(), "commit", die)


@contextmanager
def crashing_half_way() -> Iterator[None]:
    """A batch that ends has written its charges, and does not come to its end."""
    before = finishing.failpoint

    def die(_: str, __: str = "") -> None:
        raise Crash

    finishing.failpoint = die
    try:
        yield
    finally:
        finishing.failpoint = before


ROWS = """
    SELECT (SELECT jsonb_object_agg(id, available) FROM partners WHERE id = ANY(:partners)) AS available,
        (SELECT jsonb_object_agg(idempotency_key, credits) FROM ledger WHERE partner_id = ANY(:partners)) AS ledger,
        (SELECT jsonb_object_agg(id, jsonb_build_array(state, episode)) FROM batches WHERE org_id = ANY(:orgs))
            AS batches
"""


@dataclass(frozen=True)
class Rows:
    """What each partner has; credits by key; state and episode by batch."""

    available: list[int | None]
    ledger: dict[str, int]
    batches: dict[UUID, tuple[str, int]]


class Operations:
    """Two partners that pay and one that is not metered; the first has two orgs. All begin without credits."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self.orgs = [self.org(available) for available in (0, 0, None, 0)]
        first, *_, last = self.orgs
        self.move(last, first.partner)
        self.partners = [org.partner for org in self.orgs[:3]]

    def org(self, available: int | None) -> Org:
        return self.make.org(questions=QUESTIONS, available=available)

    def grant(self, partner: UUID, credits_given: int, ref: str) -> bool:
        with transaction() as db:
            return ledger.grant(db, partner, credits_given, ref)

    def import_grant(self, partner: UUID, credits_given: int) -> None:
        said = f"partners: [{{id: {partner}, name: Partner, credits: {credits_given}}}]"
        with transaction() as db:
            import_rows.store(db, imports.parse(said, "partners.yaml"), "test")

    def price(self, environment, credits_each: int) -> None:
        environment.setenv("CREDITS_PER_EVALUATION", str(credits_each))
        settings.cache_clear()

    def day(self, environment, days: int) -> None:
        environment.setenv("SENSO_CLOCK", f"+{days}d")
        settings.cache_clear()

    def move(self, org: Org, partner: UUID) -> None:
        self.make.sql("UPDATE orgs SET partner_id = :partner WHERE id = :org", partner=partner, org=org.id)

    def trigger(self, org: Org, *, reopen: bool = False) -> UUID:
        return trigger_org(org.id, ME, reopen=reopen).batch.id

    def open(self, batch: UUID) -> None:
        admit()
        open_batch(str(batch))

    def ask(self, batch: UUID, *, failing: int = 0) -> list[ReadWork]:
        """Claims what may be claimed: so many of its runs fail, the others are answered and claimed to be read."""
        wanted = self.make.runs(batch)
        with transaction() as db:
            claimed = runs.claim(db, wanted, "me", POLICY)
        for work in claimed[:failing]:
            with transaction() as db:
                runs.fail(db, work, REPORT, "refused")
        answers = [
            runs.answer_row(work, Answer(work.run.number, text="An answer."), (), REPORT) for work in claimed[failing:]
        ]
        found = []
        with transaction() as db:
            for row in answers:
                found += evaluations.save_answers_and_claim(db, [row], "me", POLICY, **VERSION)[0]
        with transaction() as db:
            return found + evaluations.claim(db, wanted, "me", POLICY, **VERSION)

    def read(self, work: ReadWork) -> None:
        with transaction() as db:
            evaluation_endings.save(db, [evaluation_endings.reading_row(work, READING, REPORT, version="v1")])

    def fail(self, work: ReadWork) -> None:
        with transaction() as db:
            evaluation_endings.fail(db, work, REPORT, "refused")

    def finish(self, batch: UUID, by: FinishedBy = FinishedBy.ROWS) -> None:
        finish_batch(str(batch), by)

    def finish_at_once(self, batch: UUID) -> None:
        """By the chord, the rows and the sweep, at the same moment."""
        together([lambda by=by: self.finish(batch, by) for by in FinishedBy])

    def overdue(self, batch: UUID) -> None:
        self.make.sql("UPDATE batches SET deadline = now() - interval '1 second' WHERE id = :b", b=batch)

    def cancel(self, batch: UUID) -> None:
        cancel(batch, ME)

    def retry(self, batch: UUID) -> None:
        retry(batch, ME)

    def expire(self) -> None:
        with transaction() as db:
            sweep.expire_blocked(db, clock().date(), settings().network_history_days)

    def rows(self) -> "Rows":
        """Of one moment."""
        ours = {"partners": self.partners, "orgs": [org.id for org in self.orgs]}
        (found,) = self.make.sql(ROWS, **ours)
        ledger, batches = found["ledger"] or {}, found["batches"] or {}
        available = [found["available"][str(partner)] for partner in self.partners]
        return Rows(available, ledger, {UUID(batch): tuple(state) for batch, state in batches.items()})

    def calls_of_unopened(self) -> int:
        """Calls of batches that have never held credits."""
        return self.make.one(
            "SELECT count(*) FROM llm_calls c WHERE NOT EXISTS (SELECT FROM ledger l WHERE l.batch_id = c.batch_id "
            "AND l.entry = 'hold')"
        )


def together(work: list[Callable[[], None]]) -> None:
    """Raises the first error of any of them."""
    start = threading.Barrier(len(work))

    def one(do: Callable[[], None]) -> None:
        start.wait()
        do()

    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(one, do) for do in work]:
            done.result()
