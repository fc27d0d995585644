"""What Azure OpenAI's good replies have beyond OpenAI's: the results of the content filter, and headers of its own."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from senso.sandbox.azure.errors import FILTER_TERMS
from senso.sandbox.openai.models import MODELS

Body = dict[str, Any]

SAFE = {name: {"filtered": False, "severity": "safe"} for name in FILTER_TERMS}
JAILBREAK = {"jailbreak": {"filtered": False, "detected": False}}
RETIRED_AT = 1_807_660_800  # 2027-04-14


def headers(deployment: str) -> dict[str, str]:
    return {
        "apim-request-id": str(uuid4()),
        "x-ms-region": "Sandbox",
        "x-ms-deployment-name": deployment,
        "x-ms-rai-invoked": "true",
        "x-ratelimit-limit-requests": "100",
        "x-ratelimit-remaining-requests": "99",
        "x-ratelimit-limit-tokens": "100000",
        "x-ratelimit-remaining-tokens": "98376",
    }


def filtered_chat(body: Body) -> Body:
    choices = [one | {"content_filter_results": SAFE} for one in body["choices"]]
    prompt = {"prompt_index": 0, "content_filter_results": SAFE | JAILBREAK}
    return body | {"choices": choices, "prompt_filter_results": [prompt]}


def filtered_response(body: Body) -> Body:
    results = {"prompt": SAFE | JAILBREAK, "completion": SAFE}
    found = [
        {"blocked": False, "source_type": kind, "content_filter_raw": [], "content_filter_results": terms}
        for kind, terms in results.items()
    ]
    return body | {"content_filters": found}


def models() -> Body:
    return {"object": "list", "data": [model(name) for name in MODELS.values()]}


def model(name: str) -> Body:
    able = {"fine_tune": False, "inference": True, "completion": False, "chat_completion": True, "embeddings": False}
    about = {"status": "succeeded", "lifecycle_status": "generally-available", "capabilities": able}
    return {
        "id": name,
        "object": "model",
        "created_at": 1_744_588_800,
        "deprecation": {"inference": RETIRED_AT},
    } | about


def cut_chat(body: Body) -> Body:
    (choice,) = body["choices"]
    message = choice["message"] | {"content": (choice["message"]["content"] or "")[:20]}
    return body | {"choices": [choice | {"message": message, "finish_reason": "content_filter"}]}


def cut_response(body: Body) -> Body:
    *before, message = body["output"]
    why = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    return body | why | {"output": [*before, message | {"status": "incomplete"}]}


def failed(body: Body) -> Body:
    error = {"code": "server_error", "message": "The model failed to generate a response."}
    return body | {"status": "failed", "error": error, "output": []}


def null_text(body: Body) -> Body:
    *before, message = body["output"]
    nothing = {"type": "output_text", "text": None, "annotations": None}
    return body | {"output": [*before, message | {"content": [nothing, *message["content"]]}]}


SPOILT_CHATS: dict[str | None, Callable[[Body], Body]] = {"filtered": cut_chat}
SPOILT_RESPONSES: dict[str | None, Callable[[Body], Body]] = {
    "filtered": cut_response,
    "failed": failed,
    "null-text": null_text,
}
