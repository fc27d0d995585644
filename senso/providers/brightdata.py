"""BrightData: asks the consumer pages of AI assistants. A job (snapshot) collects the answers to many questions.

Sources for the protocol: docs.brightdata.com (data sets API v3); three saved records of the ChatGPT data set.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from typing import Any

from senso.errors import ConfigError, JobFailed, Malformed, Refused
from senso.http import call, json_of
from senso.providers import AnotherKey, Answer, Run, Source, Usage, no_other

SERVICE = "brightdata"
LOOK_SECONDS = 10  # a poll that hangs must not delay the others; the next one is free of charge
LIST_SECONDS = 30
PAGE = 5000  # the vendor's maximum
UNAUTHORISED = {401, 403}
ACCEPTED = 202
DEAD = {"failed", "error", "canceled", "cancelled"}


@dataclass(frozen=True, slots=True)
class DataSet:
    id: str
    url: str  # the engine's own; any other is refused
    fields: str  # of a record, besides the common FIELDS
    extra: dict[str, Any] = field(default_factory=dict)


DATA_SETS = {
    "chatgpt": DataSet(
        "gd_m7aof0k82r803d5bjm",
        "https://chatgpt.com/",
        "links_attached|country|model|web_search_triggered|web_search_query",
        {"web_search": True},
    ),
    "perplexity": DataSet("gd_m7dhdot1vw9a7gc1n", "https://www.perplexity.ai", "sources|web_search_query"),
    "gemini": DataSet(
        "gd_mbz66arm2mf9cu856y",
        "https://gemini.google.com/",
        "links_attached|country|model|web_search_triggered",
    ),
}

# A whole record is half a megabyte or more of HTML; these fields are a few kilobytes.
FIELDS = "prompt|answer_text_markdown|answer_text|citations|index|input"


@dataclass(frozen=True, slots=True)
class BrightData:
    base_url: str
    key: str
    another_key: AnotherKey = no_other
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
        made = self.request("POST", "/datasets/v3/trigger", params=query, json=[entry(data_set, run) for run in runs])
        if not isinstance(made, dict) or not made.get("snapshot_id"):
            raise Malformed(SERVICE, "the job was accepted without a snapshot_id")
        return str(made["snapshot_id"])

    def collect(self, job: str, runs: Sequence[Run]) -> list[Answer] | None:
        """One answer for each run, in their order; None if not ready. Raises JobFailed if the vendor says so."""
        progress = self.request("GET", f"/datasets/v3/progress/{job}", timeout_seconds=LOOK_SECONDS)
        status = progress.get("status") if isinstance(progress, dict) else None
        if status in DEAD:
            raise JobFailed(SERVICE, progress.get("error_message") or f"the snapshot is {status}")
        if status != "ready":  # also a state that we do not know: the vendor's list of states is not closed
            return None
        records = self.request("GET", f"/datasets/v3/snapshot/{job}", params={"format": "json"})
        return None if records is None else answers(runs, records)

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
        found = self.request("GET", "/datasets/v3/snapshots", params=query, timeout_seconds=LIST_SECONDS)
        if not isinstance(found, list):
            raise Malformed(SERVICE, "its list of jobs is not a list")
        return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)]

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Listing jobs is free."""
        one = {"dataset_id": next(iter(DATA_SETS.values())).id, "limit": 1}
        self.reply("GET", "/datasets/v3/snapshots", params=one, timeout_seconds=LOOK_SECONDS)

    def fingerprint_of(self, job: str) -> str | None:
        try:
            reply = self.reply("GET", f"/datasets/v3/snapshot/{job}/input", timeout_seconds=LOOK_SECONDS)
        except Refused as error:
            if error.status in UNAUTHORISED:
                raise
            return None
        return fingerprint(inputs_in(reply))

    def cancel(self, job: str) -> None:
        """A job that is given up but not cancelled still counts against the limit of running jobs."""
        try:
            self.request("POST", f"/datasets/v3/snapshot/{job}/cancel", timeout_seconds=LOOK_SECONDS)
        except Refused as error:
            if error.status in UNAUTHORISED:
                raise
            # any other refusal: the job is not running any more, as intended

    def request(self, method: str, path: str, **options: Any) -> Any:
        """The parsed answer; None for a 202, which means that the work is not done yet."""
        response = self.reply(method, path, **options)
        return None if response.status_code == ACCEPTED else loose_json(response)

    def reply(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        try:
            return call(SERVICE, method, self.base_url + path, headers=headers, **options)
        except Refused as error:
            if error.status not in UNAUTHORISED:
                raise
            other = self.another_key(self.key)
            if other is None:
                raise Refused(SERVICE, "the key in BRIGHTDATA_API_KEY was not accepted", status=error.status) from None
            return replace(self, key=other).reply(method, path, **options)


def has_data_set(model: str) -> bool:
    return model in DATA_SETS


def data_set_of(model: str) -> DataSet:
    """Raises ConfigError when this version has no data set for the model."""
    if model not in DATA_SETS:
        raise ConfigError(f"{SERVICE}: no data set for {model} in this version; it has {', '.join(DATA_SETS)}")
    return DATA_SETS[model]


def loose_json(response: Any) -> Any:
    """The vendor confirms a cancelled job with the plain text OK."""
    return response.text if response.text.strip() == "OK" else json_of(SERVICE, response)


def entry(data_set: DataSet, run: Run) -> dict[str, Any]:
    return {
        "url": data_set.url,
        "prompt": run.question,
        "country": run.country,
        "index": run.number,
        **data_set.extra,
    }


def created(job: dict[str, Any]) -> datetime:
    """A job whose time cannot be read counts as new, because it may be ours."""
    try:
        found = datetime.fromisoformat(job["created"])
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)
    return found.replace(tzinfo=found.tzinfo or UTC)


def inputs_in(reply: Any) -> list[dict[str, Any]]:
    """Reads CSV, as documented, and also JSON, the form that was sent. All our data sets have a url field."""
    text = reply.content.decode("utf-8", "replace").removeprefix("\ufeff")
    as_json = text.lstrip().startswith("[")
    found = json_of(SERVICE, reply) if as_json else list(csv.DictReader(StringIO(text, newline="")))
    if not found or not all(isinstance(one, dict) and "url" in one for one in found):
        raise Malformed(SERVICE, "the inputs of a job cannot be read")
    return found


def fingerprint(inputs: Sequence[dict[str, Any]]) -> str:
    """Equal for what was sent and what comes back: in any order, as text or as numbers, empty or left out."""
    told = sorted(json.dumps(comparable(one), sort_keys=True) for one in inputs)
    return sha256("\n".join(told).encode()).hexdigest()


def comparable(one: dict[str, Any]) -> dict[str, str]:
    words = {str(name): " ".join(str("" if value is None else value).split()) for name, value in one.items()}
    return {name: told.lower() if told.lower() in {"true", "false"} else told for name, told in words.items() if told}


def answers(runs: Sequence[Run], records: Any) -> list[Answer]:
    if not isinstance(records, list):
        raise Malformed(SERVICE, "the snapshot is not a list of records")
    joined = join(runs, [record for record in records if isinstance(record, dict)])
    return [answer(run, joined.get(run.number)) for run in runs]


def join(runs: Sequence[Run], records: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """By the number that a record echoes; records without one by the input that they repeat."""
    wanted = {run.number for run in runs}
    found = {number(record): record for record in reversed(records) if number(record) in wanted}
    left = [run for run in runs if run.number not in found]
    for record in (one for one in records if number(one) is None):
        run = next((run for run in left if (run.question, run.country) == asked(record)), None)
        if run is not None:
            found[run.number] = record
            left.remove(run)
    return {key: record for key, record in found.items() if key is not None}


def number(record: dict[str, Any]) -> int | None:
    """The index is a number in real replies, a string in the documentation; it is in the record or in its input."""
    for holder in (record, input_of(record)):
        try:
            return int(holder["index"])
        except (KeyError, TypeError, ValueError):
            continue
    return None


def asked(record: dict[str, Any]) -> tuple[Any, Any]:
    return input_of(record).get("prompt"), input_of(record).get("country")


def input_of(record: dict[str, Any]) -> dict[str, Any]:
    found = record.get("input")
    return found if isinstance(found, dict) else {}


def answer(run: Run, record: dict[str, Any] | None) -> Answer:
    if record is None:
        return Answer(run.number, error="no record came back for this question")
    text = text_of(record)
    wrong = fault(run, record, text)
    if wrong:  # the vendor's own failures are free; a record without a usable answer is billed
        return Answer(run.number, error=wrong, usage=Usage(records=0 if record.get("error") else 1))
    return Answer(
        number=run.number,
        text=text,
        model_version=record.get("model"),
        country=record.get("country"),
        searched=searched(record),
        sources=tuple(sources(record)),
        usage=Usage(records=1),
    )


def text_of(record: dict[str, Any]) -> str:
    found = record.get("answer_text_markdown") or record.get("answer_text")
    return found.strip() if isinstance(found, str) else ""


def fault(run: Run, record: dict[str, Any], text: str) -> str | None:
    """The vendor's reason, or our own for a record without a usable answer."""
    if record.get("error"):
        code = record.get("error_code")
        return f"{code}: {record['error']}" if code else str(record["error"])
    if not text:
        return "the answer is empty"
    return "the question came back as its own answer" if text == run.question.strip() else None


def searched(record: dict[str, Any]) -> bool | None:
    """`web_search_triggered` is often false although there are sources; queries alone may belong to another session."""
    if record.get("web_search_triggered") or record.get("citations"):
        return True
    return None if record.get("web_search_query") else False


def sources(record: dict[str, Any]) -> list[Source]:
    """`citations` mixes cited and offered sources; without it, the links in the text are the next best."""
    listed = record.get("citations") or record.get("links_attached") or record.get("sources") or []
    return [
        Source(item["url"], item.get("title") or item.get("text"), position, bool(item.get("cited", True)))
        for position, item in enumerate(listed, start=1)
        if isinstance(item, dict) and item.get("url")
    ]
