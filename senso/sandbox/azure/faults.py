"""Where a fault can occur at Azure OpenAI, and what each kind does there."""

from senso.sandbox.call_faults import ANSWER, CALL, READING, TWO_MESSAGES

PLACES = {
    "azure.responses": "a question is asked of Azure OpenAI: POST /azure/openai/v1/responses, or without v1",
    "azure.chat": "an answer is read, or names are asked for: POST /azure/openai/v1/chat/completions, or without v1",
    "azure.models": "the models are listed, to check the key: GET /azure/openai/v1/models, or without v1",
}

# Ends a call before any work is done.
REFUSALS = {
    "404": "404 `DeploymentNotFound`; the v1 API says 400 `unknown_model`",
    "410": "410: the model of the deployment is retired",
    "content-filter": "400 `content_filter`: the filter refuses the prompt, and says for what",
    "content-filter-bare": "400 `content_filter` without saying for what",
}
# Of an answer, which is made and paid for.
FILTERED = {"filtered": "the filter cuts off the answer: `content_filter` in a reply with status 200"}
SPOILT_ANSWERS = FILTERED | {
    "failed": "status 200 with a response that `failed`: `server_error`",
    "null-text": "a part of the answer has null in the place of its text",
}
AZURE = CALL | {
    "401": "401: the key or the endpoint is wrong",
    "429": "429; `retry_after=N` says so in the Retry-After header and in words, without it only the words say 33 "
    "seconds",
    "429-quota": "429 `insufficient_quota`: the account has no money left",
    "429-too-large": "400 `context_length_exceeded`",
    "500": "500 `server_error`",
    "503": "503 ServiceUnavailable; with `retry_after=N` it says when to come back",
}

KINDS: dict[str, dict[str, str]] = {
    "azure.responses": AZURE | REFUSALS | ANSWER | TWO_MESSAGES | SPOILT_ANSWERS,
    "azure.chat": AZURE | REFUSALS | READING | FILTERED,
    "azure.models": AZURE,
}
