"""OpenAI's batches: created, listed, looked at and cancelled."""

from typing import Any

from tornado.web import RequestHandler

from senso.sandbox.calls import Call
from senso.sandbox.faults import Faults
from senso.sandbox.openai import batch_work
from senso.sandbox.openai.batch_checks import check_batch
from senso.sandbox.openai.batch_lines import Lines, too_many_tokens
from senso.sandbox.openai.batch_work import LINE
from senso.sandbox.openai.batches import UNDER_WAY, Batch
from senso.sandbox.openai.errors import invalid
from senso.sandbox.openai.faults import BATCH, KINDS, UNSEEN
from senso.sandbox.openai.files import File
from senso.sandbox.openai.lists import limit_in, page
from senso.sandbox.openai.stored import BASE, Stored, lasting
from senso.sandbox.replies import Problem, Reply

Body = dict[str, Any]

USUALLY_LISTED, MOST_LISTED = 20, 100
OVER = ("completed", "failed", "expired")


class BatchEndpoint(Stored):
    where = "openai.batches"
    model = "batches"

    def unknown(self, id_: str, status: int = 404) -> Problem:
        return invalid(f"No batch found with id '{id_}'.", None, None, status)

    async def found(self, call: Call, id_: str) -> Batch:
        call.batch_id = id_
        batch = self.state.batches.get(id_)
        await self.strike(call, batch.words if batch else "")
        if batch is None:
            raise self.unknown(id_)
        return batch


class Batches(BatchEndpoint):
    SUPPORTED_METHODS = ("GET", "POST")

    async def work(self, call: Call, *_: str) -> Reply:
        return await (self.listed(call) if self.request.method == "GET" else self.created(call))

    async def listed(self, call: Call) -> Reply:
        await self.strike(call, "")
        rows = [batch.shown() for batch in reversed(self.state.batches.values())]
        limit = limit_in(self.query("limit"), USUALLY_LISTED, MOST_LISTED)
        return Reply(200, page(rows, self.query("after"), limit))

    async def created(self, call: Call) -> Reply:
        body = self.json_body()
        call.file_id = str(body.get("input_file_id"))
        file = self.state.files.get(call.file_id)
        words = file.words if file else ""
        await self.strike(call, words)
        check_batch(body)
        if file is None or self.unseen(call, words):
            raise cannot_find(call.file_id)
        batch = self.born(body, file)
        note(call, batch)
        batch_work.start(self.state, batch)
        self.lose(call, words)
        return Reply(200, batch.shown())

    def unseen(self, call: Call, words: str) -> bool:
        """Whether a fault says that the file is not seen yet."""
        rule = self.state.faults.draw([self.where], UNSEEN, words)
        call.fault = rule.kind if rule else call.fault
        return rule is not None

    def born(self, body: Body, file: File) -> Batch:
        lasts = lasting_in(body.get("output_expires_after"))
        lines = Lines(file.content, body["endpoint"])
        fault, line_faults = draw_faults(self.state.faults, file.words, lines)
        if fault == "batch-failed":
            lines.problems = [too_many_tokens(lines.model)]
        return Batch(
            input_file_id=file.id,
            endpoint=body["endpoint"],
            words=file.words,
            lines=list(lines.right.values()),
            model=lines.model,
            problems=lines.problems,
            metadata=body.get("metadata"),
            lasts=lasts,
            seconds=self.state.timing.batch_seconds,
            fault=fault,
            line_faults=line_faults,
        )


class OneBatch(BatchEndpoint):
    SUPPORTED_METHODS = ("GET",)

    async def work(self, call: Call, *path: str) -> Reply:
        return Reply(200, (await self.found(call, path[0])).shown())


class Cancel(BatchEndpoint):
    async def work(self, call: Call, *path: str) -> Reply:
        batch = await self.found(call, path[0])
        if batch.status in OVER:
            raise invalid(f"Cannot cancel a batch with status '{batch.status}'.", None, None, 409)
        if batch.status in UNDER_WAY:
            batch_work.cancel(self.state, batch)
        self.lose(call, batch.words)
        return Reply(200, batch.shown())


def cannot_find(file_id: str) -> Problem:
    message = f"Cannot find file {file_id}, or project proj_SANDBOX does not have access to it."
    return invalid(message, "file_id", "invalid_request")


def lasting_in(given: Any) -> int | None:
    """How long the files of a batch are kept."""
    if given is None:
        return None
    wanted = given if isinstance(given, dict) else {}
    return lasting(wanted.get("anchor"), wanted.get("seconds"), "output_expires_after")


def draw_faults(faults: Faults, words: str, lines: Lines) -> tuple[str | None, dict[str, str]]:
    """Draws the faults when the batch is created, so that a failed batch stays failed however often it is polled."""
    whole = faults.draw([BatchEndpoint.where], BATCH, words)
    drawn = {line.custom_id: faults.draw([LINE], KINDS[LINE], line.words) for line in lines.right.values()}
    return whole.kind if whole else None, {custom_id: rule.kind for custom_id, rule in drawn.items() if rule}


def note(call: Call, batch: Batch) -> None:
    call.batch_id, call.model, call.fault = batch.id, batch.model, batch.fault
    call.inputs = [
        {"custom_id": line.custom_id, "fault": batch.line_faults.get(line.custom_id)} for line in batch.lines
    ]


ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (f"{BASE}/batches", Batches),
    (f"{BASE}/batches/([^/]+)", OneBatch),
    (f"{BASE}/batches/([^/]+)/cancel", Cancel),
]
