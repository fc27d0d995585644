"""A BrightData job: its faults are drawn when it is created; then its status follows from its age or a cancel."""

import csv
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from uuid import uuid4

from senso.sandbox.answers import Ask
from senso.sandbox.brightdata.inputs import ENGINES
from senso.sandbox.brightdata.records import Record, failed, now, record
from senso.sandbox.dice import dice
from senso.sandbox.fault_kinds import JOB, RECORD
from senso.sandbox.faults import Faults
from senso.sandbox.shapes import MEGABYTE

PLACES = ("brightdata.trigger", "brightdata.progress", "brightdata.snapshot")
STARTING = 0.1  # the share of its time in which a job is starting

# What stands in the place of a record: the vendor's words, and its code.
ERRORS = {
    "error-records": ("Crawler error: waiting for selector ... timeout 30000ms exceeded", "timeout"),
    "no-peers": ("Crawler error: Unexpected Status 502 (no_peer)", "no_peers"),
    "crawler-502": ("Crawler error: Unexpected Status 502", "crawl_error"),
}
NOT_RECORDED = ("Crawler error: no recorded answer to this prompt", "dead_page")
# Jobs that are ready, and cannot be downloaded.
REFUSED = {"snapshot-empty": "Snapshot is empty", "snapshot-expired": "Snapshot is expired"}


@dataclass(slots=True)
class Snapshot:
    """`job_fault` is a fault of the whole job; `record_faults` has those of single inputs by their positions."""

    dataset_id: str
    inputs: list[Record]
    seconds: float
    include_errors: bool
    fields: list[str] | None
    job_fault: str | None
    record_faults: Mapping[int, str]
    id: str = field(default_factory=lambda: f"s_{uuid4().hex[:18]}")
    created: str = field(default_factory=now)
    began: float = field(default_factory=time.monotonic)
    cancelled: bool = False
    built: bool = False  # the first download after ready finds it still building

    @property
    def status(self) -> str:
        if self.cancelled:
            return "canceled"
        age = time.monotonic() - self.began
        if age < self.seconds * STARTING:
            return "starting"
        if self.job_fault == "never-ready":
            return "running"
        if age < self.seconds:
            return "digesting" if self.job_fault == "unknown-status" else "running"
        return "failed" if self.job_fault == "snapshot-failed" else "ready"

    @property
    def running(self) -> bool:
        return self.status in ("starting", "running", "digesting")


def draw_faults(faults: Faults, inputs: list[Record]) -> tuple[str | None, dict[int, str]]:
    """Draws the faults when the job is created, so that a failed job stays failed however often it is polled."""
    job = faults.draw(PLACES, JOB, "\n".join(asked["prompt"] for asked in inputs))
    drawn = {place: faults.draw(PLACES, RECORD, asked["prompt"]) for place, asked in enumerate(inputs)}
    return job.kind if job else None, {place: rule.kind for place, rule in drawn.items() if rule}


def records_of(snapshot: Snapshot, seed: int, ask: Ask) -> list[Record]:
    found = [_record(snapshot, place, asked, ask) for place, asked in enumerate(snapshot.inputs)]
    records = [one for one in found if one and (snapshot.include_errors or "error" not in one)]
    dice(seed, "order", snapshot.id).shuffle(records)
    return [_reduced(one, snapshot.fields) for one in records]


def _record(snapshot: Snapshot, place: int, asked: Record, ask: Ask) -> Record | None:
    fault = snapshot.record_faults.get(place)
    if fault == "missing-records":
        return None
    if fault in ERRORS:
        return failed(asked, *ERRORS[fault])
    engine = ENGINES[snapshot.dataset_id]
    answer = ask(asked["prompt"], engine.slug, asked.get("country") or "US")
    if answer is None:
        return failed(asked, *NOT_RECORDED)
    whole = record(engine, asked, answer)
    return SPOILS[fault](whole) if fault else whole


def _silent(whole: Record) -> Record:
    return whole | {"answer_text": "", "answer_text_markdown": ""}


def _echoed(whole: Record) -> Record:
    return whole | {"answer_text": whole["prompt"], "answer_text_markdown": whole["prompt"]}


def _elsewhere(whole: Record) -> Record:
    return whole | {"country": "DE" if whole["input"].get("country") != "DE" else "US"}


def _without_sources(whole: Record) -> Record:
    return whole | {
        name: None for name in ("citations", "links_attached", "search_sources", "sources") if name in whole
    }


def _plain_addresses(whole: Record) -> Record:
    return whole | {
        name: [source["url"] for source in whole[name]] for name in ("citations", "sources") if name in whole
    }


SPOILS: dict[str, Callable[[Record], Record]] = {
    "null-index": lambda whole: whole | {"index": None},
    "echo-prompt": _echoed,
    "empty": _silent,
    "null-texts": lambda whole: whole | dict.fromkeys(("answer_text", "answer_text_markdown")),
    "long": lambda whole: whole | {"answer_text_markdown": whole["answer_text_markdown"] + MEGABYTE},
    "wrong-country": _elsewhere,
    "null-citations": _without_sources,
    "true-citations": lambda whole: whole | {"citations": True},
    "plain-addresses": _plain_addresses,
    "null-queries": lambda whole: whole | {"web_search_query": None},
}


def _reduced(whole: Record, fields: list[str] | None) -> Record:
    """The requested fields. An error keeps all of its fields, whichever were requested."""
    if fields is None or "error" in whole:
        return whole
    return {name: value for name, value in whole.items() if name in fields}


def listed(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "created": snapshot.created,
        "status": snapshot.status,
        "dataset_id": snapshot.dataset_id,
        "dataset_size": len(snapshot.inputs),
    }


def as_csv(inputs: list[Record]) -> str:
    file = StringIO(newline="")
    writer = csv.DictWriter(file, list({name: None for one in inputs for name in one}))
    writer.writeheader()
    writer.writerows({name: _in_cell(value) for name, value in one.items()} for one in inputs)
    return file.getvalue()


def _in_cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
