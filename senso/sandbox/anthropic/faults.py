"""Where a fault can occur at Anthropic, and what each kind does there."""

from senso.sandbox.call_faults import ANSWER, CALL, READING

PLACES: dict[str, str] = {
    "anthropic.messages": "a question is asked of Claude: POST /anthropic/v1/messages",
    "anthropic.reading": "an answer is read, or names are asked for: POST /anthropic/v1/messages with a JSON schema",
    "anthropic.models": "the models are listed: GET /anthropic/v1/models",
}

ANTHROPIC = CALL | {
    "401": "401 `authentication_error`",
    "429": "429 `rate_limit_error`; `retry_after=N` says so in the Retry-After header, without it nothing does",
    "429-quota": "429 `rate_limit_error` with `enforced_spend_limit_reached`: a limit of spending is reached",
    "429-too-large": "413 `request_too_large`",
    "500": "500 `api_error`",
    "503": "529 `overloaded_error`; with `retry_after=N` it says when to come back",
    "400-credit": "400 `invalid_request_error`: the credit balance is too low",
    "402": "402 `billing_error`",
    "403": "403 `permission_error`: the key may not use this",
    "404": "404 `not_found_error`: the model has retired",
}
# Of an answer, which is made and paid for.
PARTS = {
    "pause": "the turn pauses after its searches; it goes on when all of it is sent back",
    "context": "the answer is cut off in the middle: the context window is full",
    "search-failed": "the search fails, inside a reply that is in order, and the answer is given without it",
    "max-uses": "a second search is one too many, and fails",
    "two-texts": "something is said before the search, too",
    "null-text": "the first text is null",
}

KINDS: dict[str, dict[str, str]] = {
    "anthropic.messages": ANTHROPIC | ANSWER | PARTS,
    "anthropic.reading": ANTHROPIC | READING,
    "anthropic.models": ANTHROPIC,
}
