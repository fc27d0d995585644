"""Batches, runs, and the readings of their answers."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import (
    ENDED_OTHERWISE,
    HAS_PLACE,
    OF_DOMAINS,
    OPEN_BATCHES,
    OPEN_EVALUATIONS,
    OPEN_JOBS,
    OPEN_RUNS,
    BatchKind,
    BatchState,
    ClaimKind,
    CompetitorState,
    EvaluationState,
    FinishedBy,
    Honoured,
    JobKind,
    JobState,
    Polarity,
    ProposalState,
    RunState,
    Searched,
    Sentiment,
    Verdict,
    among,
)
from senso.tables.base import Base, Big, Created, Id, Moment, Serial, Word, Zero, link, one_of


class Batch(Base):
    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("kind", "org_id", "network_id", "batch_date", postgresql_nulls_not_distinct=True),
        one_of("kind", BatchKind),
        one_of("state", BatchState),
        one_of("finished_by", FinishedBy),
        CheckConstraint("remaining >= 0", name="remaining"),
        CheckConstraint(
            "reserved >= 0 AND (reserved = 0 OR coalesce(reserved_in BETWEEN 1 AND episode, false))", name="reserved"
        ),
        CheckConstraint(
            "(org_id IS NOT NULL) = (kind IN ('org', 'network_org')) AND (network_id IS NOT NULL) = (kind <> 'org')",
            name="subject",
        ),
        Index("ix_batches_queued_at", "queued_at"),
        Index("ix_batches_blocked", "batch_date", postgresql_where=text(f"state = '{BatchState.BLOCKED}'")),
        CheckConstraint("(pruned_at IS NULL) = (kept IS NULL)", name="kept"),
        CheckConstraint("emptied_at IS NULL OR (pruned_at IS NOT NULL AND emptied_at >= pruned_at)", name="emptied"),
        Index("ix_batches_unpruned", "id", postgresql_where=text("pruned_at IS NULL")),
        Index("ix_batches_pruning", "id", postgresql_where=text("pruned_at IS NOT NULL AND emptied_at IS NULL")),
        Index(
            "ix_batches_ended_badly",
            "ended_at",
            postgresql_where=text(among("state", (BatchState.PARTIAL, BatchState.FAILED))),
        ),
        # For lists of these states, the newest first: there are few of them among many that are completed.
        Index("ix_batches_ended_otherwise", "id", postgresql_where=text(among("state", ENDED_OTHERWISE))),
        # Ends that are not in the totals of `senso.tables.totals` yet.
        Index("ix_batches_uncounted", "ended_at", postgresql_where=text("ended_at IS DISTINCT FROM counted_ended_at")),
        Index("ix_batches_open", "state", "queued_at", postgresql_where=text(among("state", OPEN_BATCHES))),
    )
    id: Mapped[Id]
    kind: Mapped[Word]
    org_id: Mapped[UUID | None] = link("orgs.id", index=True)
    network_id: Mapped[UUID | None] = link("networks.id", index=True)
    batch_date: Mapped[date]
    state: Mapped[Word] = mapped_column(server_default=BatchState.QUEUED)
    episode: Mapped[int] = mapped_column(server_default="1")
    planned: Mapped[int | None]  # null until the matrix is frozen
    remaining: Mapped[int | None]
    # Readings beyond `planned` for which the hold of the episode `reserved_in` suffices.
    reserved: Mapped[Zero]
    reserved_in: Mapped[int | None]
    credits_per_evaluation: Mapped[int]
    deadline: Mapped[Moment | None]
    finished_by: Mapped[Word | None]
    triggered_by: Mapped[Word]
    user_id: Mapped[Word | None]
    error: Mapped[Word | None]
    note: Mapped[Word | None]  # a deviation from the plan that did not fail the batch, as text
    queued_at: Mapped[Created]
    started_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    counted_ended_at: Mapped[Moment | None]  # the end that the totals of the metrics include
    pruned_at: Mapped[Moment | None]  # from then on its answers and readings are deleted, and it is not opened again
    emptied_at: Mapped[Moment | None]  # the last of them was deleted
    kept: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # what `senso status` counted in them


class VendorJob(Base):
    """A vendor job.

    A row with `maybe_sent_at` and without an external id is in doubt: a request was sent, and it is unknown whether the
    vendor accepted it. A refusal, the vendor's id, or a look-up without a result after the grace ends the doubt.
    """

    __tablename__ = "vendor_jobs"
    __table_args__ = (
        UniqueConstraint("provider", "external_id"),
        one_of("kind", JobKind),
        one_of("state", JobState),
        CheckConstraint(f"(kind = '{JobKind.QUESTIONS}') = (location_id IS NOT NULL)", name="location"),
        Index(
            "ix_vendor_jobs_recent", "model_id", "created_at", postgresql_where=text(f"state = '{JobState.COLLECTED}'")
        ),
        Index("ix_vendor_jobs_due", "next_poll_at", postgresql_where=text(among("state", OPEN_JOBS))),
        Index("ix_vendor_jobs_cancel_due", "cancel_due_at", postgresql_where=text("cancel_due_at IS NOT NULL")),
        Index("ix_vendor_jobs_places", "model_id", "batch_id", postgresql_where=text(HAS_PLACE)),
        Index("ix_vendor_jobs_request_hash", "request_hash", postgresql_where=text(f"state = '{JobState.SUBMITTING}'")),
    )
    id: Mapped[Id]
    batch_id: Mapped[UUID] = link("batches.id", index=True)
    kind: Mapped[Word] = mapped_column(server_default=JobKind.QUESTIONS)
    provider: Mapped[Word]
    model_id: Mapped[UUID] = link("models.id")
    location_id: Mapped[UUID | None] = link("locations.id")  # where questions are asked; null for readings
    external_id: Mapped[Word | None]
    state: Mapped[Word] = mapped_column(server_default=JobState.SUBMITTING)
    fence: Mapped[Zero]
    failures: Mapped[Zero]
    lease_owner: Mapped[Word | None]
    lease_until: Mapped[Moment | None]
    next_poll_at: Mapped[Moment | None]  # the next poll; for submitting, when it is sent (again)
    place_at: Mapped[Moment | None]  # since when it may be sent: the vendor runs a limited number of jobs
    maybe_sent_at: Mapped[Moment | None]  # committed before the request; null: the vendor certainly has no job
    request_hash: Mapped[Word | None]  # of the inputs as they were sent
    grace_until: Mapped[Moment | None]  # until then the vendor's list may not show our job yet
    cancel_due_at: Mapped[Moment | None]  # when the next try to cancel it at the vendor is due
    cancelled_at: Mapped[Moment | None]  # the vendor accepted the cancellation, or said that the job had ended
    deadline: Mapped[Moment]
    error: Mapped[Word | None]
    created_at: Mapped[Created]
    submitted_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]


class QuestionRun(Base):
    __tablename__ = "question_runs"
    __table_args__ = (
        UniqueConstraint("batch_id", "question_id", "model_id", "location_id", "sample"),
        one_of("state", RunState),
        one_of("searched", Searched),
        one_of("location_honoured", Honoured),
        Index("ix_question_runs_open", "batch_id", postgresql_where=text(among("state", OPEN_RUNS))),
        Index(
            "ix_question_runs_due",
            "next_at",
            postgresql_where=text(f"state = '{RunState.PLANNED}' AND next_at IS NOT NULL"),
        ),
        Index("ix_question_runs_leased", "lease_owner", postgresql_where=text("lease_owner IS NOT NULL")),
        Index("ix_question_runs_question_id", "question_id"),
        Index("ix_question_runs_snapshot_id", "snapshot_id", postgresql_where=text("snapshot_id IS NOT NULL")),
        Index(
            "ix_question_runs_exhausted",
            "id",
            postgresql_where=text(f"{among('state', OPEN_RUNS)} AND failures > 0"),
        ),
        Index(
            "uq_question_runs_latest",
            "subject_id",
            "question_id",
            "model_id",
            "location_id",
            "sample",
            unique=True,
            postgresql_where=text("is_latest"),
        ),
    )
    id: Mapped[Id]
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)  # the join key that vendors return
    batch_id: Mapped[UUID] = link("batches.id")
    subject_id: Mapped[UUID]  # the batch's org or network
    question_id: Mapped[UUID] = link("questions.id")
    model_id: Mapped[UUID] = link("models.id")
    location_id: Mapped[UUID] = link("locations.id")
    sample: Mapped[Zero]
    state: Mapped[Word] = mapped_column(server_default=RunState.PLANNED)
    sent_at: Mapped[Moment | None]  # when a message was last enqueued for it; null: not handed out yet
    fence: Mapped[Zero]
    failures: Mapped[Zero]
    lease_owner: Mapped[Word | None]
    lease_until: Mapped[Moment | None]
    next_at: Mapped[Moment | None]
    snapshot_id: Mapped[UUID | None] = link("vendor_jobs.id")
    answer_text: Mapped[Word | None]
    model_version: Mapped[Word | None]
    reported_country: Mapped[Word | None]
    searched: Mapped[Word | None]
    queries: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))  # what was searched for
    location_honoured: Mapped[Word | None]
    other_model: Mapped[Word | None]  # the model that answered instead of the one that was asked
    vendor_id: Mapped[Word | None]  # the vendor's own id of the answer
    reply: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # what it said about the answer
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    cost_microusd: Mapped[Big | None]  # null: the price is not known
    is_latest: Mapped[bool] = mapped_column(server_default="false")
    error: Mapped[Word | None]
    answered_at: Mapped[Moment | None]


class Evaluation(Base):
    __tablename__ = "evaluations"
    __table_args__ = (
        UniqueConstraint("run_id", "org_id", "version"),
        one_of("state", EvaluationState),
        one_of("sentiment", Sentiment),
        Index("uq_evaluations_current", "run_id", "org_id", unique=True, postgresql_where=text("is_current")),
        Index("ix_evaluations_batch_id", "batch_id"),
        Index(
            "ix_evaluations_open",
            "run_id",
            postgresql_where=text(among("state", OPEN_EVALUATIONS)),
        ),
        Index(
            "ix_evaluations_due",
            "next_at",
            postgresql_where=text(f"state = '{EvaluationState.PENDING}' AND next_at IS NOT NULL"),
        ),
        Index(
            "ix_evaluations_exhausted",
            "id",
            postgresql_where=text(f"{among('state', OPEN_EVALUATIONS)} AND failures > 0"),
        ),
        Index("ix_evaluations_leased", "lease_owner", postgresql_where=text("lease_owner IS NOT NULL")),
        Index("ix_evaluations_job_id", "job_id", postgresql_where=text("job_id IS NOT NULL")),
    )
    id: Mapped[Id]
    run_id: Mapped[UUID] = link("question_runs.id")
    org_id: Mapped[UUID] = link("orgs.id")
    version: Mapped[int] = mapped_column(server_default="1")
    batch_id: Mapped[UUID] = link("batches.id")
    job_id: Mapped[UUID | None] = link("vendor_jobs.id")  # the job that reads the answer; no call reads it meanwhile
    is_current: Mapped[bool] = mapped_column(server_default="true")
    state: Mapped[Word] = mapped_column(server_default=EvaluationState.PENDING)
    sent_at: Mapped[Moment | None]
    fence: Mapped[Zero]
    failures: Mapped[Zero]
    lease_owner: Mapped[Word | None]
    lease_until: Mapped[Moment | None]
    next_at: Mapped[Moment | None]
    reader: Mapped[Zero]  # the next try, from 0: each of READING_MODELS with the usual room, then with more
    mentioned: Mapped[bool | None]
    mention_text: Mapped[Word | None]
    sentiment: Mapped[Word | None]
    rank: Mapped[int | None]
    sentiment_evidence: Mapped[Word | None]  # the answer's sentence that carries the sentiment
    share_of_text: Mapped[float | None]
    share_of_entries: Mapped[float | None]
    occurrences: Mapped[list[Any] | None] = mapped_column(JSONB)  # of its names, each with the model's verdict
    marks: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")  # what was dropped or corrected, and why
    extractor: Mapped[Word | None]
    prompt_version: Mapped[Word | None]
    model_version: Mapped[Word | None]
    error: Mapped[Word | None]
    ended_at: Mapped[Moment | None]


class Citation(Base):
    __tablename__ = "citations"
    __table_args__ = (
        UniqueConstraint("run_id", "canonical_url"),
        CheckConstraint(among("category", OF_DOMAINS), name="category"),
    )
    id: Mapped[Serial]
    run_id: Mapped[UUID] = link("question_runs.id")
    url: Mapped[Word]
    canonical_url: Mapped[Word]
    host: Mapped[Word]
    registrable_domain: Mapped[Word]  # "": a wrapper hides the page
    category: Mapped[Word | None]  # of the domain, by the table; null: unknown there, see domain_categories
    title: Mapped[Word | None]
    position: Mapped[int]
    cited: Mapped[bool]  # false: only listed with the answer
    spans: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))  # [first, last + 1] of characters


class DomainCategory(Base):
    """What kind of site a cited domain is that the table of the program does not know: a model is asked once for it."""

    __tablename__ = "domain_categories"
    __table_args__ = (
        CheckConstraint(among("category", OF_DOMAINS), name="category"),
        CheckConstraint("(category IS NULL) = (decided_at IS NULL)", name="decided"),
        Index("ix_domain_categories_waiting", "noticed_at", "domain", postgresql_where=text("category IS NULL")),
    )
    domain: Mapped[Word] = mapped_column(primary_key=True)
    category: Mapped[Word | None]  # null: not asked yet, or given up after some failures
    model: Mapped[Word | None]  # that decided
    version: Mapped[Word | None]  # of the prompt
    noticed_at: Mapped[Created]
    decided_at: Mapped[Moment | None]
    fence: Mapped[Zero]
    failures: Mapped[Zero]
    lease_owner: Mapped[Word | None]
    lease_until: Mapped[Moment | None]


class Competitor(Base):
    __tablename__ = "competitors"
    __table_args__ = (UniqueConstraint("evaluation_id", "name"),)
    id: Mapped[Serial]
    evaluation_id: Mapped[UUID] = link("evaluations.id")
    name: Mapped[Word]


class CanonicalCompetitor(Base):
    """One competitor of an org over all its batches, whatever its spelling: what `competitors` are counted as."""

    __tablename__ = "canonical_competitors"
    __table_args__ = (one_of("state", CompetitorState),)
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    key: Mapped[Word] = mapped_column(primary_key=True)
    name: Mapped[Word]
    state: Mapped[Word]
    answers: Mapped[int]  # that named it, of all batches
    latest_batch: Mapped[UUID] = link("batches.id")
    in_latest: Mapped[int]  # of `answers`, those of that batch: its next episode counts all of them again


class Claim(Base):
    """A statement of an answer about the org."""

    __tablename__ = "claims"
    __table_args__ = (
        UniqueConstraint("evaluation_id", "position"),
        one_of("kind", ClaimKind),
        one_of("polarity", Polarity),
        one_of("verdict", Verdict),
    )
    id: Mapped[Serial]
    evaluation_id: Mapped[UUID] = link("evaluations.id")
    position: Mapped[int]
    text: Mapped[Word]
    sentence: Mapped[Word | None]  # of the answer, which carries it
    kind: Mapped[Word | None]
    polarity: Mapped[Word | None]
    verdict: Mapped[Word | None]  # None: the org has no facts on file
    fact: Mapped[Word | None]  # the one that the verdict is by
    url: Mapped[Word | None]  # the cited source nearest to the sentence


class NameVariation(Base):
    """Names under which answers may mention an org; valid while the fingerprint is the same and until they expire."""

    __tablename__ = "name_variations"
    __table_args__ = (
        Index("ix_name_variations_leased", "lease_owner", postgresql_where=text("lease_owner IS NOT NULL")),
    )
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    names: Mapped[list[str] | None] = mapped_column(JSONB)
    fingerprint: Mapped[Word | None]
    is_fallback: Mapped[bool] = mapped_column(server_default="false")  # the call failed: only the name and domains
    expires_at: Mapped[Moment | None]
    fence: Mapped[Zero]
    failures: Mapped[Zero]
    lease_owner: Mapped[Word | None]
    lease_until: Mapped[Moment | None]


class NameProposal(Base):
    """A name that a model proposed and that does not count by itself.

    `key`: its compared form. A row that nobody has decided is replaced by the next call; `decided_by` is the operator.
    """

    __tablename__ = "name_proposals"
    __table_args__ = (
        UniqueConstraint("org_id", "key"),
        one_of("state", ProposalState),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided"),
        CheckConstraint(f"state <> '{ProposalState.ACCEPTED}' OR decided_by IS NOT NULL", name="accepted"),
        Index("ix_name_proposals_waiting", "id", postgresql_where=text(f"state = '{ProposalState.PROPOSED}'")),
    )
    id: Mapped[Serial]
    org_id: Mapped[UUID] = link("orgs.id")
    key: Mapped[Word]
    name: Mapped[Word]
    state: Mapped[Word]
    reason: Mapped[Word]
    proposed_at: Mapped[Created]
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[Word | None]
