"""A batch moves on by itself: it is validated, its lines are done one by one, and its two files are written."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from senso.sandbox.calls import Call
from senso.sandbox.dice import dice
from senso.sandbox.openai.batch_lines import Line
from senso.sandbox.openai.batches import Batch
from senso.sandbox.openai.chats import chat_in
from senso.sandbox.openai.errors import invalid_value, server_error
from senso.sandbox.openai.files import File
from senso.sandbox.replies import Problem, Reply
from senso.sandbox.state import State

Body = dict[str, Any]

# The shares of its time in which a batch is validated and finalized; in between its lines are done.
VALIDATING, FINALIZING = 0.1, 0.1
LINE = "openai.batch-line"
FAILING = {
    "line-400": invalid_value("messages", "the request is one that the sandbox was told to refuse.").reply,
    "line-500": server_error(),
}
COPIES = {"line-missing": 0, "line-twice": 2}  # in the output file
UNDONE = {
    "batch_expired": "This request could not be executed before the completion window expired.",
    "batch_cancelled": "This request was not executed because the batch was cancelled.",
}


def start(state: State, batch: Batch) -> None:
    state.batches[batch.id] = batch
    batch.work = asyncio.create_task(_work(state, batch))


def cancel(state: State, batch: Batch) -> None:
    if batch.work:
        batch.work.cancel()
    batch.enter("cancelling")
    batch.work = asyncio.create_task(_end(state, batch, "cancelled"))


async def _work(state: State, batch: Batch) -> None:
    await asyncio.sleep(batch.seconds * VALIDATING)
    if batch.problems:
        batch.enter("failed")
        return
    batch.enter("in_progress")
    if batch.fault == "never-ready":
        return
    due = _due(state.seed, batch)
    for line in due:
        await asyncio.sleep(batch.seconds * (1 - VALIDATING - FINALIZING) / len(due))
        _do(state, batch, line)
    batch.enter("finalizing")
    await _end(state, batch, "expired" if batch.fault == "batch-expired" else "completed")


def _due(seed: int, batch: Batch) -> Sequence[Line]:
    """In an order that is not that of the file; only half of them if the batch is to expire."""
    lines = list(batch.lines)
    dice(seed, "order", batch.words).shuffle(lines)
    return lines[: len(lines) // 2] if batch.fault == "batch-expired" else lines


def _do(state: State, batch: Batch, line: Line) -> None:
    fault = batch.line_faults.get(line.custom_id)
    if fault == "line-expired":
        return
    batch.done.add(line.custom_id)
    reply = _answer(state, _logged(state, batch, line, fault), line, fault)
    made = _result(line, {"status_code": reply.status, "request_id": uuid4().hex, "body": reply.body}, None)
    if reply.status == 200:  # noqa: PLR2004 - OK
        batch.completed += 1
        batch.usage.add(reply.body["usage"])
        batch.results += [made] * COPIES.get(fault or "", 1)
    else:
        batch.errors.append(made)


def _logged(state: State, batch: Batch, line: Line, fault: str | None) -> Call:
    call = state.calls.arrived(LINE)
    call.batch_id, call.custom_id, call.fault = batch.id, line.custom_id, fault
    call.model, call.seconds = line.body["model"], 0.0
    return call


def _answer(state: State, call: Call, line: Line, fault: str | None) -> Reply:
    """As POST /chat/completions answers the body of the line."""
    try:
        chat = chat_in(line.body)
        chat.note(call)
        reply = FAILING.get(fault or "") or Reply(200, chat.answered(state, fault))
    except Problem as problem:
        reply = problem.reply
    call.status = reply.status
    return reply


def _result(line: Line, response: Body | None, error: Body | None) -> Body:
    return {"id": f"batch_req_{uuid4().hex}", "custom_id": line.custom_id, "response": response, "error": error}


async def _end(state: State, batch: Batch, status: str) -> None:
    await asyncio.sleep(batch.seconds * FINALIZING)
    code = "batch_cancelled" if status == "cancelled" else "batch_expired"
    error = {"code": code, "message": UNDONE[code]}
    batch.errors += [_result(line, None, error) for line in batch.lines if line.custom_id not in batch.done]
    batch.output_file_id = _written(state, batch, "output", batch.results)
    batch.error_file_id = _written(state, batch, "error", batch.errors)
    batch.enter(status)


def _written(state: State, batch: Batch, kind: str, lines: Sequence[Body]) -> str | None:
    """The id of the new file; there is none without lines."""
    if not lines:
        return None
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode(errors="surrogatepass")
    file = File(f"{batch.id}_{kind}.jsonl", "batch_output", content, batch.words, batch.lasts)
    state.files[file.id] = file
    return file.id
