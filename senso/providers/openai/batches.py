"""OpenAI's Batch API: many prompts in one file, completed within a day at half the price.

Sources: developers.openai.com/api/docs (Batch, Files), the types of the openai SDK 3.54, recorded replies.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import Any

from senso.errors import JobFailed, Malformed, OutsideError, Refused, Unavailable
from senso.http import Response, failure, outgoing
from senso.providers import AnotherKey, Completed, Completion, Parameters, Prompt, Usage, no_other
from senso.providers.wire import openai as wire
from senso.providers.wire import openai_client as sdk
from senso.providers.wire.paid import paid
from senso.providers.wire.values import count, items, mapping, optional_text, text
from senso.records import storable

SERVICE, VARIABLE = "openai", "OPENAI_API_KEY"
ENDPOINT = "/v1/chat/completions"
LOOK_SECONDS, FILE_SECONDS = 30, 240
PAGE = 100
# The vendor deletes the files then: the input long after the batch has ended, the output long after it was read.
INPUT_KEPT_SECONDS, OUTPUT_KEPT_SECONDS = 3 * 86_400, 7 * 86_400
# The key of the metadata by which a batch is found again.
MARK = "senso"
PURPOSE = "batch"
DEAD = {"failed"}
ENDED = {"completed", "expired", "cancelled"}
SUCCESS = 200
# The limit of tokens that may wait in batches; the vendor's message asks to try again later.
QUEUE_FULL, QUEUE_SECONDS = "token_limit_exceeded", 600
SETTLING_SECONDS = 900
# A file may be unknown for a moment after it was uploaded: 400 "Cannot find file".
NOT_THERE_YET = 400
SECONDS_TO_APPEAR = (1, 4)


@dataclass(frozen=True, slots=True)
class OpenAIBatches:
    """`most_lines`, `most_bytes`: of one file (the vendor's limits are 50,000 and 200 MB)."""

    base_url: str
    key: str
    another_key: AnotherKey = no_other
    most_lines: int = 50_000
    most_bytes: int = 190_000_000

    def line(self, name: str, prompt: Prompt, model: str, parameters: Parameters) -> bytes:
        """A request in the file; its result comes under the same `name`."""
        body = wire.structured(prompt, model, parameters)
        return json.dumps({"custom_id": name, "method": "POST", "url": ENDPOINT, "body": body}).encode() + b"\n"

    def upload(self, lines: Sequence[bytes]) -> str:
        """The vendor's id of the file. It costs nothing."""
        with TemporaryFile() as file:
            file.writelines(lines)
            file.seek(0)
            made = self.ask(
                lambda client: client.files.with_raw_response.create(
                    file=("readings.jsonl", file),
                    purpose=PURPOSE,
                    expires_after={"anchor": "created_at", "seconds": INPUT_KEPT_SECONDS},
                ),
                FILE_SECONDS,
            )
        return named(made, "the file")

    def submit(self, mark: str, file: str) -> str:
        """The vendor's id of the batch. It carries `mark`, so it is found again if the reply is lost."""
        for seconds in SECONDS_TO_APPEAR:
            try:
                return self.create_now(mark, file)
            except Refused as error:
                if error.status != NOT_THERE_YET:
                    raise
                time.sleep(seconds)
        return self.create_now(mark, file)

    def create_now(self, mark: str, file: str) -> str:
        made = self.ask(
            lambda client: client.batches.with_raw_response.create(
                completion_window="24h",
                endpoint=ENDPOINT,
                input_file_id=file,
                metadata={MARK: mark},
                output_expires_after={"anchor": "created_at", "seconds": OUTPUT_KEPT_SECONDS},
            )
        )
        return named(made, "the batch")

    def collect(self, job: str) -> Iterator[Completed] | None:
        """Each result once, in any order; None if there are none yet. Raises JobFailed if the vendor refused the file.

        A batch that has expired or was cancelled has results for the requests that were done by then.
        """
        found = self.batch(job)
        status = text(found.get("status"))
        if status in DEAD:
            raise failed_as(found)
        if status not in ENDED:  # also one that we do not know: the vendor may add some
            return None
        files = (optional_text(found.get(f"{kind}_file_id")) for kind in ("output", "error"))
        return results((line for file in files if file for line in self.content(file)), found)

    def batch(self, job: str) -> dict[str, Any]:
        return self.ask(lambda client: client.batches.with_raw_response.retrieve(job))

    def content(self, file: str) -> Iterator[bytes]:
        """The lines of a file, which may be far longer than other replies: each as it comes, up to the usual limit."""
        with (
            sdk.guarded(SERVICE, self.key),
            sdk.client(self.base_url, self.key, FILE_SECONDS) as client,
            client.files.with_streaming_response.content(file) as reply,
        ):
            yield from sdk.lines(SERVICE, reply.iter_bytes(), outgoing().most_bytes)

    def cancel(self, job: str) -> None:
        """What is done by then is still paid for, and can be collected."""
        try:
            self.ask(lambda client: client.batches.with_raw_response.cancel(job))
        except Refused as error:
            if error.status in {401, 403}:
                raise  # else it has ended, or is not there

    def jobs_since(self, _model: str, since: datetime) -> dict[str, datetime]:
        """Batches that carry a mark, of any model, oldest first."""
        listed = [(moment(one), one["id"]) for one in self.listed(since) if marked(one)]
        return {job: created for created, job in sorted(listed) if created >= since}

    def listed(self, since: datetime) -> Iterator[dict[str, Any]]:
        """The vendor lists the newest first. Pages may overlap while new ones come."""
        after: dict[str, str] = {}
        while True:
            page = self.ask(lambda client: client.batches.with_raw_response.list(limit=PAGE, **after))  # noqa: B023
            found = [one for one in items(page.get("data")) if optional_text(one.get("id"))]
            yield from found
            if page.get("has_more") is not True or not found or moment(found[-1]) < since:
                return
            after = {"after": found[-1]["id"]}

    def fingerprint_of(self, job: str) -> str | None:
        return marked(self.batch(job))

    def check_key(self) -> None:
        self.ask(lambda client: client.batches.with_raw_response.list(limit=1))

    def ask(self, request: Callable[[Any], Any], seconds: float = LOOK_SECONDS) -> dict[str, Any]:
        def with_key(key: str) -> dict[str, Any]:
            with sdk.client(self.base_url, key, seconds) as client:
                return sdk.asked(SERVICE, client, key, request)

        found: dict[str, Any] = sdk.with_another_key(SERVICE, VARIABLE, self.key, self.another_key, with_key)
        return found


def named(made: dict[str, Any], what: str) -> str:
    found = optional_text(made.get("id"))
    if found is None:
        raise Malformed(SERVICE, f"{what} was accepted without an id")
    return found


def marked(batch: dict[str, Any]) -> str | None:
    return optional_text(mapping(batch.get("metadata")).get(MARK))


def moment(batch: dict[str, Any]) -> datetime:
    """When it was created, in whole seconds."""
    said = batch.get("created_at")
    return datetime.fromtimestamp(said if isinstance(said, int) and 0 <= said < 1 << 33 else 0, UTC)


def failed_as(batch: dict[str, Any]) -> JobFailed:
    """What the vendor says is wrong with it as a whole: nothing of it was done."""
    errors = items(mapping(batch.get("errors")).get("data"))
    said = "; ".join(text(one.get("message")) for one in errors[:3] if one.get("message"))
    failed = JobFailed(SERVICE, said or "the batch has failed")
    if errors and all(one.get("code") == QUEUE_FULL for one in errors):
        failed.retry_after_seconds = QUEUE_SECONDS
    return failed


def results(lines: Iterable[bytes], batch: dict[str, Any]) -> Iterator[Completed]:
    """Raises Malformed at the end if some that the vendor counts are missing: a later look may find them."""
    counts = mapping(batch.get("request_counts"))
    expected, found = count(counts, "completed") + count(counts, "failed"), 0
    for found, one in enumerate(each_once(lines), 1):  # noqa: B007  counted
        yield one
    if found < expected and not is_settled(batch):
        raise Malformed(SERVICE, f"its files hold {found} of {expected} results")


def is_settled(batch: dict[str, Any]) -> bool:
    """Long enough after its end that what is missing will not come."""
    ends = [batch.get(f"{status}_at") for status in ENDED]
    ended = max((one for one in ends if isinstance(one, int)), default=0)
    return time.time() - ended > SETTLING_SECONDS


def each_once(lines: Iterable[bytes]) -> Iterator[Completed]:
    """Lines that nobody can read, or that name nothing, are left out."""
    seen: set[str] = set()
    for line in lines:
        found = read(line)
        name = optional_text(found.get("custom_id"))
        if name is not None and name not in seen:
            seen.add(name)
            yield Completed(name, result(found))


def read(line: bytes) -> dict[str, Any]:
    try:
        return mapping(storable(json.loads(line)))
    except (ValueError, RecursionError):
        return {}


def result(line: dict[str, Any]) -> Completion | OutsideError:
    """A line has failed by the status in it, not by its `error`, which is null where the model refused the request."""
    response = mapping(line.get("response"))
    status, body = response.get("status_code"), mapping(response.get("body"))
    if not isinstance(status, int):
        return never_done(mapping(line.get("error")))
    if status != SUCCESS:
        return failure(SERVICE, Response(status, {}, json.dumps(body).encode()))
    try:
        with paid(SERVICE, body, lambda: wire.chat_usage(body.get("usage"))):
            return wire.read_completion(SERVICE, body)
    except OutsideError as error:
        return error


def never_done(error: dict[str, Any]) -> Unavailable:
    """Expired, cancelled or too slow: nothing is billed."""
    code, said = optional_text(error.get("code")), optional_text(error.get("message"))
    return Unavailable(SERVICE, said or code or "a request of the batch has no response", usage=Usage())
