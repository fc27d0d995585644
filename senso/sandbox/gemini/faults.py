"""Where a fault can occur at Gemini, and what each kind does there."""

from senso.sandbox.call_faults import ANSWER, CALL, READING

PLACES: dict[str, str] = {
    "gemini.generate": "a question is asked of Gemini: POST /gemini/v1beta/models/NAME:generateContent",
    "gemini.reading": "an answer is read, or names are asked for: the same with a JSON schema",
    "gemini.models": "the models are listed: GET /gemini/v1beta/models",
}

GEMINI = CALL | {
    "401": "400 `INVALID_ARGUMENT` with the reason `API_KEY_INVALID`: the key is refused",
    "403": "403 `PERMISSION_DENIED`: the key was found in public",
    "404": "404 `NOT_FOUND`: the model is not for new users",
    "429": "429 `RESOURCE_EXHAUSTED`; `retry_after=N` says so in RetryInfo and in words, without it nothing does",
    "429-day": "429 `RESOURCE_EXHAUSTED`: the quota of a day is used up, and RetryInfo says 36 seconds all the same",
    "429-quota": "402 `RESOURCE_EXHAUSTED`: the prepaid credits are used up",
    "429-too-large": "400 `INVALID_ARGUMENT`: the input has too many tokens",
    "500": "500 `INTERNAL`",
    "503": "503 `UNAVAILABLE`: overloaded; with `retry_after=N` RetryInfo says when to come back",
}
# Of a reply, which is made and paid for.
REPLY = {
    "refusal": "the reply ends with `SAFETY` and has no text",
    "length": "the text is cut off in the middle: `MAX_TOKENS`",
    "silence": "all tokens went into thinking: `MAX_TOKENS` without a text",
    "blocked": "the prompt is blocked: there are no candidates",
    "recitation": "the reply ends with `RECITATION` and has no text",
    "unknown-ending": "the reply ends for a reason that nobody knows",
    "other-model": "another model answers, as after a retirement; `modelVersion` says which",
    "retiring": "`modelStatus` says on which day the model retires",
}
# Of an answer alone.
GROUNDING = {
    "ungrounded": "the model chose not to search: no metadata",
    "queries-only": "the metadata has queries and no pages",
    "blank-queries": "among the queries are a blank one and one that is there twice",
    "two-parts": "something is said before the search, in a part of its own that no position names",
    "null-text": "the first part's text is null",
}

KINDS: dict[str, dict[str, str]] = {
    "gemini.generate": GEMINI | ANSWER | REPLY | GROUNDING,
    "gemini.reading": GEMINI | READING | REPLY,
    "gemini.models": {kind: does for kind, does in GEMINI.items() if kind != "404"},
}
