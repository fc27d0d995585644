"""The data sets API: starts a job for many questions, polls it, collects its records, and finds lost jobs again."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from typing import Any

from senso.errors import JobFailed, Malformed, Misconfigured, Refused
from senso.http import call, json_of
from senso.providers import AnotherKey, Answer, Gate, Run, no_gate, no_other
from senso.providers.brightdata.data_sets import DATA_SETS, FIELDS, SERVICE, data_set_of, entry
from senso.providers.brightdata.records import answers
from senso.providers.wire.values import mapping, optional_text
from senso.states import JobRequest

LOOK_SECONDS = 10  # a poll that hangs must not delay the others; the next one is free of charge
LIST_SECONDS = 30
LONG_SECONDS = 90
PAGE = 5000  # the vendor's maximum
UNAUTHORISED = {401, 403}
ACCEPTED = 202
DEAD = {"failed", "error", "canceled", "cancelled"}
# Of a download: the snapshot is empty, has expired, or does not exist. None of that passes.
NO_DOWNLOAD = {400, 404, 410}


@dataclass(frozen=True, slots=True)
class BrightData:
    base_url: str
    key: str
    another_key: AnotherKey = no_other
    gate: Gate = no_gate
    longest_question: int = 4096

    def submit(self, runs: Sequence[Run]) -> str:
        """Submits one job for runs of one model. A request whose reply is lost may still have created a job."""
        data_set = data_set_of(runs[0].model)
        query = {
            "dataset_id": data_set.id,
            "format": "json",
            "include_errors": "true",
            "custom_output_fields": f"{FIELDS}|{data_set.fields}",
        }
        inputs = [entry(data_set, run) for run in runs]
        made = self.request(JobRequest.SUBMIT, "POST", "/datasets/v3/trigger", params=query, json=inputs)
        job = optional_text(mapping(made).get("snapshot_id"))
        if job is None:
            raise Malformed(SERVICE, "the job was accepted without a snapshot_id")
        return job

    def collect(self, job: str, runs: Sequence[Run]) -> list[Answer] | None:
        """One answer for each run, in their order; None if not ready.

        Raises JobFailed if the vendor says so, and TooLong for a download that is longer than we read.
        """
        path = f"/datasets/v3/progress/{job}"
        progress = mapping(self.request(JobRequest.POLL, "GET", path, timeout_seconds=LOOK_SECONDS))
        status = optional_text(progress.get("status"))
        if status in DEAD:
            raise JobFailed(SERVICE, optional_text(progress.get("error_message")) or f"the snapshot is {status}")
        if status != "ready":  # also a state that we do not know: the vendor's list of states is not closed
            return None
        records = self.download(job)
        return None if records is None else answers(runs, records)

    def download(self, job: str) -> Any:
        """None if it is still being built, which also happens after it was ready."""
        try:
            path = f"/datasets/v3/snapshot/{job}"
            return self.request(JobRequest.DOWNLOAD, "GET", path, params={"format": "json"})
        except Refused as error:
            if error.status not in NO_DOWNLOAD:
                raise
            raise JobFailed(SERVICE, error.reason, status=error.status) from error

    def fingerprint(self, runs: Sequence[Run]) -> str:
        data_set = data_set_of(runs[0].model)
        return fingerprint([entry(data_set, run) for run in runs])

    def jobs_since(self, model: str, since: datetime) -> dict[str, datetime]:
        """Lists from the day before: the vendor counts whole days and does not say whether it includes the first."""
        first_day = (since.astimezone(UTC) - timedelta(days=1)).date().isoformat()
        query = {"dataset_id": data_set_of(model).id, "from_date": first_day, "limit": PAGE}
        listed = sorted((created(one), one["id"]) for one in self.all_pages(query))
        return {id_: moment for moment, id_ in listed if moment >= since}

    def all_pages(self, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A job may appear on two pages, because new jobs shift the others while we read."""
        seen: set[str] = set()
        while True:
            page = self.page(query | {"skip": len(seen)})
            new = [one for one in page if one["id"] not in seen]
            seen |= {one["id"] for one in new}
            yield from new
            if len(page) < PAGE or not new:
                return

    def page(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        path = "/datasets/v3/snapshots"
        found = self.request(JobRequest.LIST, "GET", path, params=query, timeout_seconds=LIST_SECONDS)
        if not isinstance(found, list):
            raise Malformed(SERVICE, "its list of jobs is not a list")
        return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)]

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Listing jobs is free."""
        one = {"dataset_id": next(iter(DATA_SETS.values())).id, "limit": 1}
        self.reply(JobRequest.LIST, "GET", "/datasets/v3/snapshots", params=one, timeout_seconds=LOOK_SECONDS)

    def fingerprint_of(self, job: str) -> str | None:
        try:
            path = f"/datasets/v3/snapshot/{job}/input"
            reply = self.reply(JobRequest.INPUTS, "GET", path, timeout_seconds=LOOK_SECONDS)
        except Refused as error:
            if error.status in UNAUTHORISED:
                raise
            return None
        return fingerprint(inputs_in(reply))

    def cancel(self, job: str) -> None:
        """A job that is given up but not cancelled still counts against the limit of running jobs."""
        try:
            path = f"/datasets/v3/snapshot/{job}/cancel"
            self.request(JobRequest.CANCEL, "POST", path, timeout_seconds=LOOK_SECONDS)
        except Refused as error:
            if error.status in UNAUTHORISED:
                raise
            # any other refusal: the job is not running any more, as intended

    def request(self, kind: JobRequest, method: str, path: str, **options: Any) -> Any:
        """The parsed answer; None for a 202, which means that the work is not done yet."""
        response = self.reply(kind, method, path, **options)
        return None if response.status_code == ACCEPTED else loose_json(response)

    def reply(self, kind: JobRequest, method: str, path: str, **options: Any) -> Any:
        try:
            return self.sent(kind, method, path, **options)
        except Refused as error:
            if error.status not in UNAUTHORISED:
                raise
            other = self.another_key(self.key)
            if other is None:
                raise Misconfigured(
                    SERVICE, "the key in BRIGHTDATA_API_KEY was not accepted", status=error.status
                ) from None
            return replace(self, key=other).reply(kind, method, path, **options)

    def sent(
        self, kind: JobRequest, method: str, path: str, *, timeout_seconds: float | None = None, **options: Any
    ) -> Any:
        headers, url = {"Authorization": f"Bearer {self.key}"}, self.base_url + path
        seconds = timeout_seconds or LONG_SECONDS
        with self.gate(kind, seconds):
            return call(SERVICE, method, url, headers=headers, timeout_seconds=seconds, **options)


def loose_json(response: Any) -> Any:
    """The vendor confirms a cancelled job with the plain text OK."""
    return response.text if response.text.strip() == "OK" else json_of(SERVICE, response)


def created(job: dict[str, Any]) -> datetime:
    """A job whose time cannot be read counts as new, because it may be ours."""
    try:
        found = datetime.fromisoformat(job["created"])
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)
    return found.replace(tzinfo=found.tzinfo or UTC)


def inputs_in(reply: Any) -> list[dict[str, Any]]:
    """Reads CSV, as documented, and also JSON, the form that was sent. All our data sets have a url field."""
    told = reply.content.decode("utf-8", "replace").removeprefix("\ufeff")
    found = json_of(SERVICE, reply) if told.lstrip().startswith("[") else rows_in(told)
    if not found or not all(isinstance(one, dict) and "url" in one for one in found):
        raise Malformed(SERVICE, "the inputs of a job cannot be read")
    return found


def rows_in(told: str) -> list[dict[str, Any]]:
    try:
        return list(csv.DictReader(StringIO(told, newline="")))
    except csv.Error:  # such as a cell of more than 131,072 characters
        return []


def fingerprint(inputs: Sequence[dict[str, Any]]) -> str:
    """Equal for what was sent and what comes back: in any order, as text or as numbers, empty or left out."""
    told = sorted(json.dumps(comparable(one), sort_keys=True) for one in inputs)
    return sha256("\n".join(told).encode()).hexdigest()


def comparable(one: dict[str, Any]) -> dict[str, str]:
    words = {str(name): " ".join(str("" if value is None else value).split()) for name, value in one.items()}
    return {name: told.lower() if told.lower() in {"true", "false"} else told for name, told in words.items() if told}
