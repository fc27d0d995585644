"""How a claimed evaluation ends: its reading is saved, it is put back for another try, or it fails."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from senso.db import Link
from senso.db.bulk import REPORT_CALLS, REPORTED, given
from senso.db.lease import READING, RELEASED, ended
from senso.db.statement import Prepared
from senso.extraction import Reading
from senso.queries.evaluations import ReadWork, by_key
from senso.queries.fragments import COUNT_DOWN, REPORT_CALL
from senso.queries.runs import Report

READ = REPORTED | {
    "id": "uuid",
    "fence": "bigint",
    "mentioned": "bool",
    "mention_text": "text",
    "sentiment": "text",
    "evidence": "text",
    "rank": "int",
    "share_of_text": "float8",
    "share_of_entries": "float8",
    "marks": "jsonb",
    "occurrences": "jsonb",
    "competitors": "jsonb",
    "claims": "jsonb",
    "extractor": "text",
    "prompt_version": "text",
    "model_version": "text",
}
CLAIM_COLUMNS = ("text", "sentence", "kind", "polarity", "verdict", "fact", "url")
# Readings of one answer may be of many batches: those of one turn are counted down one after the other, since two
# statements that each lock several batches could deadlock.
SAVE = Prepared(f"""
    WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended('count down:' || :turn, 0))),
    {given(READ)},
    {REPORT_CALLS},
    ended AS (
        UPDATE evaluations e SET state = 'done', mentioned = given.mentioned, mention_text = given.mention_text,
            sentiment = given.sentiment, rank = given.rank, share_of_text = given.share_of_text,
            share_of_entries = given.share_of_entries, marks = given.marks,
            sentiment_evidence = given.evidence, occurrences = nullif(given.occurrences, '[]'),
            extractor = given.extractor, prompt_version = given.prompt_version, model_version = given.model_version,
            {RELEASED}, next_at = NULL, error = NULL, ended_at = now()
        FROM given, turn
        WHERE e.id = ANY(CAST(:ids AS uuid[])) AND e.id = given.id AND e.fence = given.fence
            AND {READING.held("e")}
        RETURNING e.id, e.batch_id, given.competitors, given.claims
    ),
    named AS (
        INSERT INTO competitors (evaluation_id, name)
        SELECT ended.id, name
        FROM ended CROSS JOIN jsonb_array_elements_text(ended.competitors) WITH ORDINALITY AS one(name, place)
        ORDER BY ended.id, place
        ON CONFLICT DO NOTHING
    ),
    claimed AS (
        INSERT INTO claims (evaluation_id, position, {", ".join(CLAIM_COLUMNS)})
        SELECT ended.id, place, {", ".join(f"one ->> '{name}'" for name in CLAIM_COLUMNS)}
        FROM ended CROSS JOIN jsonb_array_elements(ended.claims) WITH ORDINALITY AS one(one, place)
        ON CONFLICT DO NOTHING
    ),
    {COUNT_DOWN}
    SELECT remaining FROM counted
""")


def save(db: Link, readings: Sequence[Mapping[str, Any]]) -> list[None]:
    """`readings`: of `reading_row`, of answers to one batch. Where a fence has risen, only the call's cost is saved."""
    SAVE.rows(db, by_key(readings) | {"turn": readings[0]["turn"]})
    return [None] * len(readings)


def reading_row(work: ReadWork, reading: Reading, report: Report, *, version: str) -> dict[str, Any]:
    """A row of READ."""
    return report.values() | {
        "call_id": work.call_id,
        "id": work.id,
        "turn": str(work.asked_by),
        "fence": work.fence,
        "mentioned": reading.mentioned,
        "mention_text": reading.mention_text,
        "sentiment": reading.sentiment,
        "evidence": reading.evidence,
        "rank": reading.rank,
        "share_of_text": reading.share_of_text,
        "share_of_entries": reading.share_of_entries,
        "marks": [asdict(mark) for mark in reading.marks],
        "occurrences": [asdict(one) for one in reading.occurrences],
        "competitors": reading.competitors,
        "claims": [asdict(one) for one in reading.claims],
        "extractor": work.reader.name,
        "prompt_version": version,
        "model_version": reading.completion.model_version,
    }


PUT_BACK = Prepared(f"WITH {REPORT_CALL} {READING.put_back('reader = coalesce(:reader, reader),')}")


def put_back(
    db: Link,
    work: ReadWork,
    report: Report,
    error: str,
    *,
    seconds: float,
    counts_as_failure: bool,
    reader: int | None = None,
) -> None:
    """`reader`: the place of the next try in the list of readers; None: the same one."""
    values = report.values() | {"call_id": work.call_id, "id": work.id, "fence": work.fence, "reader": reader}
    PUT_BACK.rows(db, values | {"error": error, "seconds": seconds, "counted": int(counts_as_failure)})


FAIL = Prepared(f"""
    WITH {REPORT_CALL},
    ended AS (
        UPDATE evaluations e SET state = 'failed', error = :error, ended_at = now(), {ended("e")}
        WHERE e.id = :id AND e.fence = :fence AND {READING.held("e")}
        RETURNING e.batch_id
    ),
    {COUNT_DOWN}
    SELECT remaining FROM counted
""")


def fail(db: Link, work: ReadWork, report: Report, error: str) -> None:
    values = report.values() | {"call_id": work.call_id, "id": work.id, "fence": work.fence}
    FAIL.rows(db, values | {"error": error})


def fail_row(db: Link, row: Mapping[str, Any], error: str) -> None:
    """`row`: of `reading_row`; its reading cannot be stored."""
    FAIL.rows(db, {name: row[name] for name in (*REPORTED, "id", "fence")} | {"error": error})
