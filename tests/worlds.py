"""Two databases in which every kind of batch stands: one in which all has ended, and one in which work is going on."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from at_work import start, work_off, work_off_network
from jobs import collect
from operating import Initiator, cancel, retry, trigger_network, trigger_org
from rereading import read_again

from senso.db import transaction
from senso.extraction import READING_VERSION
from senso.policy import POLICY
from senso.queries import evaluations as evaluation_rows
from senso.queries import runs as run_rows
from senso.queries import workers
from senso.queries.prompts import alone
from senso.queries.reevaluations import Scope
from senso.runtime.heartbeat import worker_id
from senso.settings import settings
from senso.tasks.stages import extract, finish_batch, push, read, submit_snapshot
from senso.workflows import reading_models

ME = Initiator("mara")
MODELS = ("gpt-6.1-terra", "gpt-6-luna")
CONSUMER = ("chatgpt", "perplexity")


class Worlds:
    """`ended()`, `running()`: makes the rows by the product's own tasks, against the sandbox."""

    def __init__(self, make, sandbox, environment) -> None:
        self.make, self.sandbox, self.environment = make, sandbox, environment

    def on(self, day: datetime) -> None:
        self.environment.setenv("SENSO_CLOCK", day.isoformat())
        settings.cache_clear()

    def ended(self) -> None:
        today = datetime.now(UTC).replace(hour=12)
        completed = self.make.org(models=MODELS, countries=("US", "CA"))
        for day in (today - timedelta(days=7), today):
            self.on(day)
            self.work_off(self.trigger(completed.id))
        batch = self.trigger(self.make.org(models=MODELS, available=None).id)
        self.work_off(batch)
        read_again(Scope(None, batch))
        self.jobs(self.trigger(self.make.org(models=CONSUMER, countries=("US", "DE")).id))
        self.retried()
        self.cancelled()
        self.failed()
        self.blocked()
        self.asked_again()
        self.networks()
        self.push_all()
        self.make.later(hours=1)  # what may still report back has done so

    def running(self) -> None:
        self.half_way(self.trigger(self.make.org(models=MODELS).id))
        self.jobs_out(self.trigger(self.make.org(models=CONSUMER).id))
        self.network_half_way()
        self.trigger(self.make.org().id)
        self.beat()

    def trigger(self, org: UUID) -> UUID:
        return trigger_org(org, ME, idempotency_key=f"first of {org} {settings().senso_clock}").batch.id

    def work_off(self, batch: UUID) -> None:
        work_off(self.make, batch)
        assert self.make.state(batch)["state"] in {"completed", "partial", "failed"}

    def jobs(self, batch: UUID) -> None:
        self.jobs_out(batch)
        collect(self.make)
        extract(*map(str, self.make.runs(batch)))
        finish_batch(str(batch), "rows")
        assert self.make.state(batch)["state"] == "completed"

    def jobs_out(self, batch: UUID) -> None:
        start(batch)
        self.submit(batch)

    def submit(self, batch: UUID) -> None:
        for job in self.make.sql("SELECT id FROM vendor_jobs WHERE batch_id = :batch", batch=batch):
            submit_snapshot(str(job["id"]))

    def retried(self) -> None:
        """Partial, then asked again, and then completed: two holds, two releases."""
        org = self.make.org(texts=["Which lender is best for a boat?", "And for a barn?", "And for a mill?"])
        batch = self.trigger(org.id)
        self.sandbox.fault("openai.responses", "refusal", times=1)
        self.work_off(batch)
        assert self.make.state(batch)["state"] == "partial"
        retry(batch, ME)
        self.work_off(batch)

    def asked_again(self) -> None:
        """An unusable answer by another call, a record that brought nothing in another job."""
        batch = self.trigger(self.make.org(models=("gpt-6-luna", "chatgpt"), questions=2).id)
        self.sandbox.fault("openai.responses", "empty", times=1)
        self.sandbox.fault("brightdata.trigger", "error-records", times=1)
        start(batch)
        for _ in range(2):
            self.make.sql("UPDATE question_runs SET next_at = now() WHERE next_at IS NOT NULL")
            read(*map(str, self.make.runs(batch)))
            self.submit(batch)
            collect(self.make)
        extract(*map(str, self.make.runs(batch)))
        finish_batch(str(batch), "rows")
        assert self.make.state(batch)["state"] == "completed"

    def cancelled(self) -> None:
        batch = self.trigger(self.make.org(questions=3).id)
        start(batch)
        read(str(self.make.runs(batch)[0]))
        cancel(batch, ME)

    def failed(self) -> None:
        batch = self.trigger(self.make.org(questions=1).id)
        self.sandbox.fault("openai.responses", "refusal", times=1)
        self.work_off(batch)
        assert self.make.state(batch)["state"] == "failed"

    def blocked(self) -> None:
        start(self.trigger(self.make.org(available=1).id))

    def networks(self) -> None:
        """Of two days; one org cannot pay for it, and of another a reading failed. The first day is asked again."""
        today = datetime.now(UTC).replace(hour=12)
        orgs = [self.make.org(questions=0, available=available) for available in (1000, 1000, 1)]
        network = self.make.network(*orgs)
        self.on(today - timedelta(days=7))
        self.sandbox.fault("openai.responses", "refusal", times=1)
        first = trigger_network(network, ME, idempotency_key="first of the network").batch.id
        work_off_network(self.make, first)
        retry(first, ME)
        work_off_network(self.make, first)
        self.on(today)
        self.sandbox.fault("openai.chat", "refusal", times=1)
        work_off_network(self.make, trigger_network(network, ME).batch.id)

    def network_half_way(self) -> None:
        """One whose questions are asked, and one whose answers are read: the first for one org, the others not yet."""
        orgs = [self.make.org(questions=0) for _ in range(2)]
        self.half_way(trigger_network(self.make.network(*orgs, questions=3), ME).batch.id)
        read_on = trigger_network(self.make.network(*orgs, questions=2), ME).batch.id
        work_off_network(self.make, read_on, windows=0)
        self.push_all()
        first, second = self.make.runs(read_on)
        extract(str(first))
        with transaction() as db:
            evaluation_rows.claim(
                db, [second], worker_id(), POLICY, readers=reading_models.readers(db), prompts=alone(READING_VERSION)
            )

    def push_all(self) -> None:
        for row in self.make.sql("SELECT key FROM pushes"):
            push(row["key"])
        self.make.sql("UPDATE outbox SET published_at = now() WHERE published_at IS NULL")

    def half_way(self, batch: UUID) -> None:
        """One run read, one in a worker's hands, the others handed out."""
        start(batch)
        first, second, *_ = self.make.runs(batch)
        read(str(first))
        with transaction() as db:
            run_rows.claim(db, [second], worker_id(), POLICY)
        self.make.sql("UPDATE outbox SET published_at = now() WHERE published_at IS NULL")

    def beat(self) -> None:
        with transaction() as db:
            workers.beat(db, worker_id())
