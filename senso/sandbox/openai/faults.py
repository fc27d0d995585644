"""Where a fault can occur at OpenAI, and what each kind does there."""

from senso.sandbox.call_faults import ANSWER, CALL, LATE, READING, TWO_MESSAGES

PLACES = {
    "openai.responses": "a question is asked of OpenAI: POST /openai/v1/responses",
    "openai.chat": "an answer is read, or names are asked for: POST /openai/v1/chat/completions",
    "openai.files": "a batch's file is uploaded, downloaded, listed or deleted: /openai/v1/files",
    "openai.batches": "a batch is created, looked at, listed or cancelled: /openai/v1/batches",
    "openai.batch-line": "a line of a batch is answered; drawn for each line when the batch is created",
}

OPENAI = CALL | {
    "401": "401 `invalid_api_key`",
    "429": "429 `rate_limit_exceeded`; `retry_after=N` says so in the Retry-After header and in words, without it only "
    "the words say 174ms",
    "429-quota": "429 `insufficient_quota`: the account has no money left",
    "429-too-large": "429: this one request is over the limit of tokens a minute",
    "500": "500 `server_error`",
    "503": "503 `server_is_overloaded`; with `retry_after=N` it says when to come back",
}
FILES = OPENAI | {"404": "404: there is no such file", "410": "410: the file is gone for good"}
BATCHES = OPENAI | {"404": "404: there is no such batch", "410": "410: the batch is gone for good"}
# Of the creation of a batch.
UNSEEN = {"file-unseen": "400 Cannot find file, of a file that was uploaded a moment ago"}
# Faults of a whole batch, drawn when it is created.
BATCH = {
    "batch-failed": "the batch fails its validation with `token_limit_exceeded`, and no line is done",
    "batch-expired": "the batch expires: half of its lines are done, the others are `batch_expired` in the error file",
    "never-ready": "the batch is in progress for ever, and no line is done",
    "unknown-status": "the batch says `queued`, a status nobody knows, while it is in progress",
}
# Faults of single lines, in addition to those of a reading.
LINE = {
    "line-400": "the line is refused: status 400, in the error file",
    "line-500": "the line fails: status 500, in the error file",
    "line-expired": "the line is not done: `batch_expired`, in the error file",
    "line-missing": "the line is done and counted, and is in neither file",
    "line-twice": "the line is done once, and is twice in the output file",
}

KINDS: dict[str, dict[str, str]] = {
    "openai.responses": OPENAI | ANSWER | TWO_MESSAGES,
    "openai.chat": OPENAI | READING,
    "openai.files": FILES | LATE,
    "openai.batches": BATCHES | LATE | UNSEEN | BATCH,
    "openai.batch-line": LINE | READING,
}
