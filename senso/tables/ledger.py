"""Credits, and what the calls cost."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import HOLDING, Entry, LedgerKind, Outcome, Purpose, among
from senso.tables.base import Base, Big, Created, Moment, Serial, Word, link, one_of


class LedgerRow(Base):
    """Credits move only by a row here; `partners.available` is their sum."""

    __tablename__ = "ledger"
    __table_args__ = (
        one_of("entry", Entry),
        one_of("kind", LedgerKind),
        Index("ix_ledger_partner_id_id", "partner_id", "id"),
        Index(
            "ix_ledger_granted",
            "partner_id",
            postgresql_include=["credits"],
            postgresql_where=text(f"entry = '{Entry.GRANT}'"),
        ),
        Index("ix_ledger_created_at", "created_at", postgresql_using="brin"),
        Index(
            "ix_ledger_held",
            "batch_id",
            postgresql_include=["credits"],
            postgresql_where=text(among("entry", HOLDING)),
        ),
    )
    id: Mapped[Serial]
    idempotency_key: Mapped[Word] = mapped_column(unique=True)
    entry: Mapped[Word]
    partner_id: Mapped[UUID] = link("partners.id")
    org_id: Mapped[UUID | None] = link("orgs.id")
    kind: Mapped[Word | None]
    credits: Mapped[Big]  # signed: the change of `available`
    batch_id: Mapped[UUID | None] = link("batches.id", index=True)
    run_id: Mapped[UUID | None]  # no foreign key: a charge outlives its run, which `senso prune` deletes
    created_at: Mapped[Created]


class Reconciliation(Base):
    """A comparison of the ledger with the work that it was moved for, and where the two differ."""

    __tablename__ = "reconciliations"
    __table_args__ = (CheckConstraint("count >= jsonb_array_length(differences)", name="count"),)
    id: Mapped[Serial]
    ran_at: Mapped[Created]
    by: Mapped[Word]  # schedule, or the user of the command
    day: Mapped[date | None] = mapped_column(unique=True)  # of the schedule, which makes one a day
    since: Mapped[Moment | None]  # looked at what moved since then; null: at everything
    partner_id: Mapped[UUID | None] = link("partners.id")  # looked at this one alone
    is_whole: Mapped[bool]  # for all partners, and since no later than was due: the next one may begin where it ended
    differences: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")  # the first of them
    count: Mapped[int]
    accepted: Mapped[Word | None]  # why these differences are known and are not told again; null: they are


class LlmCall(Base):
    """Every paid call, written before it is made. If the outcome is null after the lease, it may have been billed."""

    __tablename__ = "llm_calls"
    __table_args__ = (
        one_of("purpose", Purpose),
        one_of("outcome", Outcome),
        Index("ix_llm_calls_unreported", "batch_id", postgresql_where=text("outcome IS NULL")),
        Index("ix_llm_calls_started_at", "started_at", postgresql_using="brin"),
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
