"""All that is known of a run: its calls, its vendor job, its sources, and what was read from its answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import keys
from senso.db.typed import each, first
from senso.encryption import opened_websites
from senso.extraction import citations as cited
from senso.reads import owners
from senso.reads.inspection import RunAlone
from senso.records import UNTOLD, record
from senso.score import visibility
from senso.states import (
    OPEN_JOBS,
    Category,
    EvaluationState,
    JobState,
    Outcome,
    Purpose,
    RunState,
    Sentiment,
    Visibility,
    among,
)


@dataclass(frozen=True, slots=True)
class Call:
    """Without an outcome it is `under_way` while its claim holds; afterwards it is unknown whether it was billed."""

    id: int
    purpose: Purpose
    provider: str
    model: str
    prompt_version: str | None
    fence: int
    started_at: datetime
    outcome: Outcome | None
    error: str | None
    job_id: UUID | None
    org_id: UUID | None  # for which it read, or whose batch asked
    latency_ms: int | None
    tokens_in: int | None
    tokens_cached: int | None
    tokens_out: int | None
    cost_microusd: int | None
    shared_id: int | None  # of a share of a call that read for several orgs: the id of the first share
    under_way: bool


CALLS = text(f"""
    SELECT c.id, c.purpose, c.provider, c.model, c.prompt_version, c.fence, c.started_at, c.outcome, c.error, c.job_id,
        c.org_id, c.latency_ms, c.tokens_in, c.tokens_cached, c.tokens_out, c.cost_microusd,
        c.shared_id, c.outcome IS NULL AND (
            (c.purpose = '{Purpose.ASK}' AND r.state = '{RunState.ASKING}' AND c.fence = r.fence
                AND (r.lease_until > now() OR {among("s.state", OPEN_JOBS)}))
            OR EXISTS (SELECT FROM evaluations e WHERE c.purpose = '{Purpose.READ}' AND e.run_id = r.id
                AND e.org_id = c.org_id AND e.state = '{EvaluationState.EXTRACTING}' AND e.fence = c.fence
                AND e.lease_until > now())
        ) AS under_way
    FROM llm_calls c JOIN question_runs r ON r.id = c.run_id LEFT JOIN vendor_jobs s ON s.id = r.snapshot_id
    WHERE c.run_id = :run ORDER BY c.id
""")


def calls(db: Connection, run_id: UUID) -> list[Call]:
    return each(Call, db.execute(CALLS, {"run": run_id}))


@dataclass(frozen=True, slots=True)
class Job:
    """A vendor job. `external_id`: the vendor's id for it. `runs`: how many it covers."""

    id: UUID
    provider: str
    external_id: str | None
    state: JobState
    fence: int
    failures: int
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    next_poll_at: datetime | None
    maybe_sent_at: datetime | None
    cancel_due_at: datetime | None
    cancelled_at: datetime | None
    deadline: datetime
    error: str | None
    runs: int


SNAPSHOT = text("""
    SELECT id, provider, external_id, state, fence, failures, created_at, submitted_at, ended_at, next_poll_at,
        maybe_sent_at, cancel_due_at, cancelled_at, deadline, error,
        (SELECT count(*) FROM question_runs r WHERE r.snapshot_id = vendor_jobs.id) AS runs
    FROM vendor_jobs WHERE id = :id
""")


def snapshot(db: Connection, snapshot_id: UUID) -> Job | None:
    return first(Job, db.execute(SNAPSHOT, {"id": snapshot_id}))


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer read for an org, or to be read. `marks`: what was dropped or corrected, and why: field, kind, value.

    `charged`: credits; None until the batch has ended.
    """

    id: UUID
    org_id: UUID
    org: str
    version: int
    state: EvaluationState
    mentioned: bool | None
    mention_text: str | None
    sentiment: Sentiment | None
    rank: int | None
    share_of_text: float | None
    share_of_entries: float | None
    marks: list[dict[str, str]]
    extractor: str | None
    prompt_version: str | None
    model_version: str | None
    error: str | None
    failures: int
    fence: int
    lease_owner: str | None
    lease_until: datetime | None
    next_at: datetime | None
    ended_at: datetime | None
    competitors: list[str]
    claims: list[dict[str, Any]]  # text, sentence, kind, polarity, verdict, fact, url
    websites: list[str]
    websites_of_competitors: list[str]
    charged: int | None


EVALUATIONS = text(f"""
    SELECT e.id, e.org_id, o.name AS org, e.version, e.state, e.mentioned, e.mention_text, e.sentiment, e.rank,
        e.share_of_text, e.share_of_entries, e.marks, e.extractor, e.prompt_version, e.model_version, e.error,
        e.failures, e.fence, e.lease_owner, e.lease_until, e.next_at, e.ended_at,
        ARRAY(SELECT name FROM competitors c WHERE c.evaluation_id = e.id ORDER BY c.id) AS competitors,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('text', text, 'sentence', sentence, 'kind', kind,
                'polarity', polarity, 'verdict', verdict, 'fact', fact, 'url', url) ORDER BY position), '[]')
            FROM claims WHERE evaluation_id = e.id) AS claims,
        ARRAY(SELECT url FROM org_websites w WHERE w.org_id = e.org_id ORDER BY position, url) AS websites,
        ARRAY(SELECT jsonb_array_elements_text(c -> 'websites') FROM jsonb_array_elements(o.competitors) c
            WHERE jsonb_typeof(c -> 'websites') = 'array') AS websites_of_competitors,
        (SELECT -credits FROM ledger WHERE idempotency_key = {keys.CHARGE.sql("e.run_id", "e.org_id")}) AS charged
    FROM evaluations e JOIN orgs o ON o.id = e.org_id
    WHERE e.run_id = :run AND e.is_current AND (CAST(:orgs AS uuid[]) IS NULL OR e.org_id = ANY(CAST(:orgs AS uuid[])))
    ORDER BY o.name, o.id
""")


def evaluations(db: Connection, run_id: UUID, orgs: Collection[UUID] | None = None) -> list[Reading]:
    """`orgs`: only for these."""
    wanted = None if orgs is None else list(map(str, orgs))
    found = each(Reading, db.execute(EVALUATIONS, {"run": run_id, "orgs": wanted}))
    return [replace(one, websites=list(opened_websites(one.org_id, one.websites))) for one in found]


@dataclass(frozen=True, slots=True)
class Source:
    """A page that an answer cites, or that was only listed with it."""

    url: str
    canonical_url: str
    host: str
    registrable_domain: str
    title: str | None
    position: int
    cited: bool
    category: Category | None  # of the domain; None: not known


CITATIONS = text("""
    SELECT url, canonical_url, host, registrable_domain, title, position, cited,
        coalesce(category, (SELECT d.category FROM domain_categories d WHERE d.domain = registrable_domain)) AS category
    FROM citations
    WHERE run_id = :run ORDER BY position
""")


def citations(db: Connection, run_id: UUID) -> list[Source]:
    return each(Source, db.execute(CITATIONS, {"run": run_id}))


@dataclass(frozen=True, slots=True)
class JudgedSource(Source):
    """For the id of each org that the answer was read for: whose the page is, and its category."""

    whose: dict[str, Literal["primary", "secondary"]]
    categories: dict[str, Category]


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to `run`."""

    run: RunAlone = field(metadata=UNTOLD)
    calls: Sequence[Call]
    snapshot: Job | None
    evaluations: Sequence[Reading]
    citations: Sequence[JudgedSource]
    visibility: dict[str, Visibility]  # for the id of each org whose reading is done


def story(db: Connection, run: RunAlone, orgs: Collection[UUID] | None = None) -> Story:
    """`orgs`: only what was read for these."""
    readings = evaluations(db, run.id, orgs)
    pages = [judged(one, readings) for one in citations(db, run.id)]
    return Story(
        run,
        calls=calls(db, run.id),
        snapshot=snapshot(db, run.snapshot_id) if run.snapshot_id else None,
        evaluations=readings,
        citations=pages,
        visibility={str(one.org_id): seen(one, pages) for one in readings if one.state is EvaluationState.DONE},
    )


def story_for(db: Connection, run: RunAlone, partner: UUID) -> Story | None:
    """What is that partner's: readings for its orgs and their calls; the asking, where its batch has asked.

    None: nothing of it is.
    """
    orgs = owners.readers_of_run(db, run.id, partner)
    is_own = owners.of_batch(db, run.batch_id) == partner
    if not is_own and not orgs:
        return None
    return limited(story(db, run, orgs), orgs, is_own=is_own)


def limited(found: Story, orgs: Collection[UUID], *, is_own: bool) -> Story:
    """Without calls for other orgs and, unless `is_own`, without the asking."""
    calls = [one for one in found.calls if (one.org_id in orgs if one.org_id else is_own)]
    costs = [one.cost_microusd for one in calls if one.cost_microusd is not None]
    run = replace(found.run, cost_microusd=sum(costs), calls_of_unknown_cost=len(calls) - len(costs))
    return replace(found, run=run, calls=calls, snapshot=found.snapshot if is_own else None)


def seen(read: Reading, pages: Sequence[JudgedSource]) -> Visibility:
    own = any(page.cited and page.whose[str(read.org_id)] == "primary" for page in pages)
    return visibility(mentioned=bool(read.mentioned), cited=own)


def judged(one: Source, readings: Sequence[Reading]) -> JudgedSource:
    page = cited.Citation(**record(one))
    whose = {str(read.org_id): cited.kind(page, read.websites) for read in readings}
    categories = {
        str(read.org_id): cited.category(page, read.websites, read.websites_of_competitors) for read in readings
    }
    return JudgedSource(**record(one), whose=whose, categories=categories)
