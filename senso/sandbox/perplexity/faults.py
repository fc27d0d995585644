"""Where a fault can occur at Perplexity, and what each kind does there."""

from senso.sandbox.call_faults import ANSWER, CALL, READING

PLACES = {
    "perplexity.agent": "a question is asked of Perplexity: POST /perplexity/v1/agent",
    "perplexity.reading": "an answer is read by Perplexity: the same address, with `response_format`",
}
# Refusals of a call besides those that every vendor has.
REFUSALS = {
    "400": "400 `invalid_request`: a field that the vendor does not know",
    "403": "403 `chat_completions_not_available`, as on the paths of the ended API",
    "504": "504 `gateway_timeout`",
}
PERPLEXITY = (
    CALL
    | {
        "401": "401 `invalid_api_key`",
        "429": "429 `request_rate_limit_exceeded`; `retry_after=N` says when to come back",
        "429-quota": "401 `insufficient_quota`: the account has no money left, and the key is right",
        "429-too-large": "413 `payload_too_large`",
        "500": "500 `internal_error`",
        "503": "503 `service_unavailable`; with `retry_after=N` it says when to come back",
    }
    | REFUSALS
)
RUN = {
    "failed": "status 200, and the run has failed with `internal_error`; there is no output",
    "cancelled": "status 200, and the run was cancelled; there is no output",
    "length": "the output ran out of tokens while the model was thinking: incomplete, and there is no output",
}
# Answers that are paid for, and odd.
ODD = {
    "no-search": "the model answers without a search",
    "no-cost": "the usage has neither cost nor cache",
    "web-marks": "sentences refer to results as [web:7]",
    "annotations": "sentences refer to results by annotations with positions, and not by marks",
    "two-messages": "the answer comes in two messages",
    "nulls": "texts and lists that are not the answer's are null",
}
KINDS = {
    "perplexity.agent": PERPLEXITY | ANSWER | RUN | ODD,
    "perplexity.reading": PERPLEXITY | READING | RUN,
}
