"""Where a fault can occur at Linkup, and what each kind does there."""

from senso.sandbox.call_faults import ANSWER, CALL

PLACES = {"linkup.search": "a question is asked of Linkup: POST /linkup/v1/search"}
# Refusals of a call besides those that every vendor has.
REFUSALS = {
    "400": "400 `SEARCH_QUERY_NO_RESULT`: nothing was found",
    "402": "402 `PAYMENT_REQUIRED`",
    "403": "403 `FORBIDDEN`: the key may not do this",
    "403-ip": "403 `IP_NOT_WHITELISTED`: the key is right, and this machine may not use it",
    "429-budget": "429 `EXCEED_BUDGET_LIMIT`: the key's own budget is used up",
    "429-queue": "429 `TASKS_QUEUE_LIMIT_EXCEEDED`; `retry_after=N` says when to come back",
    "504": "504 `REQUEST_DEADLINE_EXCEEDED`",
}
# Answers that are paid for, and odd.
ODD = {
    **{kind: ANSWER[kind] for kind in ("empty", "null-texts", "long")},
    "no-sources": "the answer names no pages",
    "nulls": "names, texts and entries of the list of pages are null",
}
KINDS = {
    "linkup.search": CALL
    | {
        "401": "401 `UNAUTHORIZED`",
        "429": "429 `TOO_MANY_REQUESTS`; `retry_after=N` says when to come back",
        "429-quota": "429 `INSUFFICIENT_FUNDS_CREDITS`: the account has no money left",
        "429-too-large": "400 `VALIDATION_ERROR`: the question is too long",
        "500": "500 `INTERNAL_SERVER_ERROR`",
        "503": "503 `SERVICE_UNAVAILABLE`; with `retry_after=N` it says when to come back",
    }
    | REFUSALS
    | ODD
}
