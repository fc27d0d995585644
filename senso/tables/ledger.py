"""Credits, and what the calls cost."""

from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import Entry, LedgerKind, Outcome, Purpose
from senso.tables.base import Base, Big, Created, Serial, Word, link, one_of


class LedgerRow(Base):
    """Credits move only by a row here; `partners.available` is their sum."""

    __tablename__ = "ledger"
    __table_args__ = (one_of("entry", Entry), one_of("kind", LedgerKind))
    id: Mapped[Serial]
    idempotency_key: Mapped[Word] = mapped_column(unique=True)
    entry: Mapped[Word]
    partner_id: Mapped[UUID] = link("partners.id", index=True)
    org_id: Mapped[UUID | None] = link("orgs.id")
    kind: Mapped[Word | None]
    credits: Mapped[Big]  # signed: the change of `available`
    batch_id: Mapped[UUID | None] = link("batches.id", index=True)
    run_id: Mapped[UUID | None] = link("question_runs.id")
    created_at: Mapped[Created]


class LlmCall(Base):
    """Every paid call, written before it is made. If the outcome is null after the lease, it may have been billed."""

    __tablename__ = "llm_calls"
    __table_args__ = (
        one_of("purpose", Purpose),
        one_of("outcome", Outcome),
        Index("ix_llm_calls_unreported", "batch_id", postgresql_where=text("outcome IS NULL")),
    )
    id: Mapped[Serial]
    purpose: Mapped[Word]
    batch_id: Mapped[UUID | None] = link("batches.id", index=True)
    run_id: Mapped[UUID | None] = link("question_runs.id", index=True)
    org_id: Mapped[UUID | None] = link("orgs.id")
    fence: Mapped[int]  # of the claim that made it
    job_id: Mapped[UUID | None] = link("vendor_jobs.id")  # the job that asked it; null: a call of its own
    provider: Mapped[Word]
    model: Mapped[Word]
    prompt_version: Mapped[Word | None]
    tokens_in: Mapped[int | None]
    tokens_cached: Mapped[int | None]  # of these, read from a cache
    tokens_written: Mapped[int | None]  # of these, written to one
    tokens_out: Mapped[int | None]
    tokens_thinking: Mapped[int | None]  # of these, not shown
    cost_microusd: Mapped[Big | None]  # null: the price is not known, or the call has not reported back
    latency_ms: Mapped[int | None]
    outcome: Mapped[Word | None]
    error: Mapped[Word | None]  # why it brought nothing
    started_at: Mapped[Created]
    estimate_microusd: Mapped[Big | None]  # what it counts until its cost is known; null: claimed without a ceiling
    shared_id: Mapped[Big | None]  # the first of the rows that divide one call for several orgs; null: not divided
