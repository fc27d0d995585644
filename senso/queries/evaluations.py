"""Stage 3: claiming an answer to read; `evaluation_endings` has how that ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import Link
from senso.db.bulk import as_json
from senso.db.lease import LEASE, READING
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.encryption import opened_websites
from senso.extraction import Watched
from senso.extraction.naming import distinct, domains
from senso.policy import Policy
from senso.queries.competitors import tracked
from senso.queries.fragments import COUNT_DOWN
from senso.queries.models import Model, Reader, by_reader
from senso.queries.outbox import Pipeline, enqueue_by, intents_of
from senso.queries.prompts import Prompts, version_of
from senso.queries.runs import SAVED
from senso.queries.stopped import BY_READER, holds_reading, may_begin


@dataclass(frozen=True, slots=True)
class ReadWork:
    """A claimed evaluation with all that its reading needs."""

    id: UUID
    run_id: UUID
    asked_by: UUID  # the batch of the run; that of the evaluation may be another
    batch_id: UUID
    fence: int
    failures: int
    call_id: int
    answer: str
    question: str
    org: Watched
    version: str  # of the prompt
    place: int  # of this try in the list of readers
    reader: Model  # the model that the call's row names
    max_tokens: int  # of its output
    with_more_room: int | None  # the try that follows what was cut off or unusable; None: there is none
    by_another: int | None  # the try that follows where this model cannot read it; None: there is none
    sources: tuple[str, ...] = ()  # addresses in the vendor's order, of an answer that refers to them by numbers


# Of answers that another batch has asked for: they are due after a while, unless they are handed out before.
RELEASE = Prepared(f"""
    UPDATE evaluations SET next_at = now() + make_interval(secs => CAST(:seconds AS float))
    WHERE batch_id = :batch AND {looked_up("state")} = 'pending' AND sent_at IS NULL AND next_at IS NULL
    RETURNING id
""")


def release(db: Connection, batch: UUID, seconds: float) -> int:
    """Called when the names of the batch's org are known; returns how many readings may be handed out now."""
    return len(RELEASE.column(db, {"batch": batch, "seconds": seconds}))


# Picks answers with released readings, up to the window, and all of these readings, of whichever batch. The moment in
# the key tells apart intents that begin with the same run.
HAND_OUT = text(f"""
    WITH waiting AS MATERIALIZED (
        SELECT e.id, e.run_id, r.number FROM question_runs r JOIN evaluations e ON e.run_id = r.id
        WHERE r.batch_id = :asked_by AND r.state = 'answered' AND e.state = 'pending' AND e.sent_at IS NULL
            AND e.next_at IS NOT NULL AND e.failures = 0 AND e.job_id IS NULL
        FOR NO KEY UPDATE OF e SKIP LOCKED
    ),
    chosen AS MATERIALIZED (
        SELECT run_id, min(number) AS number FROM waiting GROUP BY run_id ORDER BY min(number)
        LIMIT greatest(0, :window - (
            SELECT count(DISTINCT o.run_id) FROM question_runs r JOIN evaluations o ON o.run_id = r.id
            WHERE r.batch_id = :asked_by AND o.sent_at IS NOT NULL AND o.state IN {READING.open}
        ))
    ),
    sent AS (
        UPDATE evaluations e SET sent_at = now(), next_at = NULL FROM waiting w JOIN chosen ON chosen.run_id = w.run_id
        WHERE e.id = w.id
        RETURNING e.id
    )
    {
    intents_of(
        Pipeline.EVALUATE,
        *(":asked_by", "min(number)", "(1000 * extract(epoch FROM now()))::bigint"),
        ids="jsonb_agg(run_id ORDER BY number)",
        batch="CAST(:asked_by AS uuid)",
        source="FROM chosen HAVING count(*) > 0",
    )
}
""")


def hand_out(db: Connection, asked_by: UUID, window: int) -> int:
    """Returns the number of messages: 1, or 0 if no answer of that batch waits or `window` are handed out already."""
    return enqueue_by(db, HAND_OUT, {"asked_by": str(asked_by), "window": window})


# The inputs of a reading. The CTE `claimed` must have id, run, the run's batch, org, batch, fence, failures, reader,
# answer, question; the CTE `called` the call's id, run, org and version of the prompt.
NUMBERED = "[1]"  # such an answer may refer to its sources by their places
SELECTED = f"""
    SELECT c.id, c.run_id, c.org_id, c.asked_by, c.batch_id, c.fence, c.failures, c.reader, called.id AS call_id,
        c.answer_text, called.prompt_version AS version,
        q.text AS question, o.name, o.competitors, coalesce(n.names, '[]') AS names,
        coalesce(n.is_fallback, false) AS by_fallback,
        ARRAY(SELECT url FROM org_websites w WHERE w.org_id = o.id ORDER BY position, url) AS websites,
        ARRAY(SELECT name FROM org_aliases a WHERE a.org_id = o.id ORDER BY position, name) AS aliases,
        ARRAY(SELECT name FROM org_not_names x WHERE x.org_id = o.id ORDER BY position, name) AS not_names,
        CASE WHEN strpos(c.answer_text, '{NUMBERED}') > 0 THEN
            ARRAY(SELECT s.url FROM citations s WHERE s.run_id = c.run_id ORDER BY s.position) END AS sources,
        ARRAY(SELECT f.text FROM org_facts f WHERE f.org_id = o.id ORDER BY position, f.text) AS facts,
        ARRAY(SELECT name FROM name_proposals p WHERE p.org_id = o.id AND p.state = 'accepted' ORDER BY id) AS accepted
    FROM claimed c JOIN called ON (called.run_id, called.org_id) = (c.run_id, c.org_id)
        JOIN questions q ON q.id = ANY(ARRAY(SELECT question_id FROM claimed)) AND q.id = c.question_id
        JOIN orgs o ON o.id = ANY(ARRAY(SELECT org_id FROM claimed)) AND o.id = c.org_id
        LEFT JOIN name_variations n ON n.org_id = ANY(ARRAY(SELECT org_id FROM claimed)) AND n.org_id = o.id
"""
READ_WORK = f"""
    called AS (
        INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, prompt_version)
        SELECT 'read', batch_id, run_id, org_id, fence, {BY_READER.format("providers")}, {BY_READER.format("models")},
            {version_of("run_id")}
        FROM claimed
        RETURNING id, run_id, org_id, prompt_version
    )
    {SELECTED}
"""
CLAIM = Prepared(f"""
    WITH mine AS (
        SELECT e.id, r.answer_text, r.question_id, r.batch_id AS asked_by
        FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        WHERE e.run_id = ANY(CAST(:runs AS uuid[])) AND r.id = ANY(CAST(:runs AS uuid[])) AND r.state = 'answered'
            AND e.job_id IS NULL AND {READING.claimable("e")} AND {may_begin(holds_reading("e"))}
        FOR NO KEY UPDATE OF e SKIP LOCKED
    ),
    claimed AS (
        UPDATE evaluations e SET {READING.claimed("e")}
        FROM mine WHERE e.id = ANY(ARRAY(SELECT id FROM mine)) AND e.id = mine.id
        RETURNING e.id, e.run_id, mine.asked_by, e.org_id, e.batch_id, e.fence, e.failures, e.reader,
            mine.answer_text, mine.question_id
    ),
    {READ_WORK}
""")


def claim(
    db: Link,
    runs: Sequence[UUID],
    owner: str,
    policy: Policy,
    *,
    readers: Sequence[Reader],
    prompts: Prompts,
) -> list[ReadWork]:
    """Leaves out readings that are done, claimed by another worker, not due yet or no longer wanted."""
    values = {"runs": list(runs), "owner": owner, "lease": policy.lease_seconds, "most": policy.most_failures}
    found = CLAIM.rows(db, values | called(readers, prompts))
    return [read_work(one, readers) for one in found]


def called(readers: Sequence[Reader], prompts: Prompts) -> dict[str, Any]:
    return by_reader(readers) | prompts.values()


@lru_cache(maxsize=10_000)
def domains_of(websites: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(domains(websites))


def read_work(found: dict[str, Any], readers: Sequence[Reader]) -> ReadWork:
    place = min(found["reader"], len(readers) - 1)
    reader, later = readers[place], range(place + 1, len(readers))
    websites, names = opened_websites(found["org_id"], found["websites"]), found["names"] or [found["name"]]
    org = Watched(
        name=found["name"],
        # The domains are not among stored names where websites are encrypted.
        variations=tuple(
            distinct([*names[:1], *domains_of(websites), *names[1:], *found["aliases"], *found["accepted"]])
        ),
        websites=websites,
        competitors=tracked(found["competitors"]),
        not_names=tuple(found["not_names"]),
        facts=tuple(found["facts"]),
        by_fallback=found["by_fallback"],
    )
    return ReadWork(
        id=found["id"],
        run_id=found["run_id"],
        asked_by=found["asked_by"],
        batch_id=found["batch_id"],
        fence=found["fence"],
        failures=found["failures"],
        call_id=found["call_id"],
        answer=found["answer_text"],
        question=found["question"],
        org=org,
        version=found["version"],
        place=place,
        reader=reader.model,
        max_tokens=reader.max_tokens,
        with_more_room=next(iter(later), None),
        sources=tuple(found["sources"] or ()),
        by_another=next((one for one in later if readers[one].model != reader.model), None),
    )


# Saves answers and claims their readings for the same worker in one statement, so that no run is unclaimed in between.
SAVE_ANSWERS_AND_CLAIM = Prepared(f"""
    WITH {SAVED},
    claimed AS (
        UPDATE evaluations e SET {READING.claimed("e")}, sent_at = now()
        FROM saved
        WHERE e.run_id = ANY(CAST(:ids AS uuid[])) AND e.run_id = saved.id AND {looked_up("e.state")} = 'pending'
            AND e.job_id IS NULL AND e.failures < :most AND CAST(:claims AS boolean) AND {may_begin(holds_reading("e"))}
        RETURNING e.id, e.run_id, saved.batch_id AS asked_by, e.org_id, e.batch_id, e.fence, e.failures, e.reader,
            saved.text AS answer_text, saved.question_id
    ),
    {READ_WORK}
""")
# For a network batch, which has no readings.
SAVE_ANSWERS_AND_COUNT = Prepared(f"""
    WITH {SAVED},
    ended AS (SELECT batch_id FROM saved),
    {COUNT_DOWN}
    SELECT remaining FROM counted
""")


# Finds a claim whose reply was lost by its call's row: the statement that saved the answer wrote it, so it has the same
# timestamp; a later claim has another. The lease is renewed.
CLAIMED_BY_SAVING = Prepared(f"""
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS bigint[])) AS given(id, fence)
    ),
    claimed AS (
        UPDATE evaluations e SET lease_until = {LEASE}
        FROM given, question_runs r, llm_calls l
        WHERE r.id = ANY(CAST(:ids AS uuid[])) AND r.id = given.id AND r.fence = given.fence
            AND l.run_id = r.id AND l.purpose = 'read' AND l.started_at = r.answered_at
            AND e.run_id = r.id AND {looked_up("e.state")} = 'extracting'
            AND e.lease_owner = :owner AND l.org_id = e.org_id AND l.fence = e.fence
            AND {looked_up("l.outcome")} IS NULL
        RETURNING e.id, e.run_id, r.batch_id AS asked_by, e.org_id, e.batch_id, e.fence, e.failures, e.reader,
            r.answer_text, r.question_id, l.id AS call_id, l.prompt_version
    ),
    called AS (SELECT call_id AS id, run_id, org_id, prompt_version FROM claimed)
    {SELECTED}
""")


def save_answers_and_claim(
    db: Link,
    answers: Sequence[Mapping[str, Any]],
    owner: str,
    policy: Policy,
    *,
    readers: Sequence[Reader],
    prompts: Prompts,
    claims: bool = True,
) -> list[list[ReadWork]]:
    """`answers`: of `runs.answer_row`, all of one batch. The claimed readings of each; none where its fence has risen,
    or where it is stopped. `claims`: whether any are to be claimed.

    Safe to call again if the connection was lost before the reply.
    """
    if any(answer["is_counted"] for answer in answers):
        SAVE_ANSWERS_AND_COUNT.rows(db, by_key(answers))
        return [[] for _ in answers]
    leased = {"owner": owner, "lease": policy.lease_seconds}
    values = by_key(answers) | leased | {"most": policy.most_failures, "claims": claims}
    found = SAVE_ANSWERS_AND_CLAIM.rows(db, values | called(readers, prompts))
    saved = {one["run_id"] for one in found}
    if claims and (missing := [answer for answer in answers if answer["id"] not in saved]):
        lost = {"ids": [one["id"] for one in missing], "fences": [one["fence"] for one in missing]}
        found += CLAIMED_BY_SAVING.rows(db, lost | leased)
    claimed = [read_work(one, readers) for one in found]
    return [
        [with_sources(work, answer) for work in claimed if work.run_id == answer["id"] and is_last(answer, answers)]
        for answer in answers
    ]


def with_sources(work: ReadWork, answer: Mapping[str, Any]) -> ReadWork:
    """The statement that saves the sources does not see them yet."""
    if NUMBERED not in work.answer:
        return work
    ordered = sorted(answer["citations"], key=lambda one: one["position"])
    return replace(work, sources=tuple(one["url"] for one in ordered))


def is_last(answer: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> bool:
    """Only the last claim of a run is saved: the answer of an earlier claim must not be read too."""
    return all(other["fence"] <= answer["fence"] for other in answers if other["id"] == answer["id"])


def by_key(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows as JSON, and their keys as lists, by which Postgres finds them whatever it estimates for the JSON.

    Sorted by id, so that two statements that touch the same rows do not deadlock.
    """
    ordered = sorted(rows, key=lambda row: row["id"])
    ids, calls = [row["id"] for row in ordered], [row["call_id"] for row in ordered]
    return {"given": as_json(ordered), "ids": ids, "calls": calls}
