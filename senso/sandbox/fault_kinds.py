"""All faults: the places where they can occur, and what each kind does there. docs/sandbox.md lists them."""

from senso.sandbox.anthropic import faults as anthropic
from senso.sandbox.azure import faults as azure
from senso.sandbox.call_faults import CALL, LATE
from senso.sandbox.gemini import faults as gemini
from senso.sandbox.linkup import faults as linkup
from senso.sandbox.openai import faults as openai
from senso.sandbox.perplexity import faults as perplexity

PLACES = openai.PLACES | {
    "brightdata.trigger": "a job is started at BrightData: POST .../trigger",
    "brightdata.progress": "a job is looked at: GET .../progress/ID",
    "brightdata.snapshot": "the answers of a job are fetched: GET .../snapshot/ID",
    "brightdata.snapshots": "jobs are listed, to find one whose start got no reply: GET .../snapshots",
    "brightdata.input": "what a job was started with is fetched: GET .../snapshot/ID/input",
    "brightdata.cancel": "a job is cancelled: POST .../snapshot/ID/cancel",
    "application": "a result is pushed: POST /application/analytics",
    "slack": "a message to people is sent: POST /slack/services/...",
}

BRIGHTDATA = CALL | {
    "401": "401 Invalid credentials",
    "429": "429 too many running jobs",
    "429-quota": "402 Insufficient balance",
    "429-too-large": "400 the number of inputs is refused",
    "500": "500 Internal server error",
    "503": "503 Service Unavailable; with `retry_after=N` it says when to come back",
}
APPLICATION = CALL | {
    "401": "401 the token is refused",
    "429": "429 too many requests; `retry_after=N` says when to come back",
    "429-quota": "429 quota exceeded",
    "429-too-large": "413 the result is too large",
}

SLACK = {kind: what for kind, what in CALL.items() if not kind.startswith("429-")} | {
    "400": "400 invalid_payload",
    "401": "403 action_prohibited",
    "404": "404 no_service: the address is no longer known",
    "410": "410 channel_is_archived",
    "429": "429 rate_limited; `retry_after=N` says when to come back",
}

UNLISTED = {"unlisted": "the list is empty, as if it lagged behind"}
# Faults of a job, drawn when it is started; a rule may name any of its three places.
JOB = {
    "never-ready": "the job runs for ever",
    "snapshot-failed": "the job fails when its time is up",
    "unknown-status": "the job says `digesting`, a status nobody knows, until its time is up",
    "snapshot-empty": "the job is ready, and its download is 400 Snapshot is empty",
    "snapshot-expired": "the job is ready, and its download is 400 Snapshot is expired",
}
# Faults of single answers of a job, each drawn separately when the job is started.
RECORD = {
    "missing-records": "the answer is not in the download",
    "error-records": "an error of the vendor's stands in its place (timeout)",
    "no-peers": "an error of the vendor's stands in its place (no_peers)",
    "crawler-502": "an error of the vendor's stands in its place (crawl_error, status 502)",
    "twice": "the answer stands twice in the download",
    "null-index": "the answer does not say which input it belongs to",
    "echo-prompt": "the answer is the question again",
    "empty": "the answer has no text",
    "null-texts": "every text of the answer is null",
    "long": "the answer is longer by a megabyte",
    "wrong-country": "the answer comes from another country than was asked for",
    "null-citations": "the lists of sources are null",
    "true-citations": "`citations` is true, and no list",
    "plain-addresses": "the sources are addresses in plain text",
    "null-queries": "what was searched for is null",
}

KINDS: dict[str, dict[str, str]] = openai.KINDS | {
    "brightdata.trigger": BRIGHTDATA | LATE | JOB | RECORD,
    "brightdata.progress": BRIGHTDATA | JOB,
    "brightdata.snapshot": BRIGHTDATA | JOB | RECORD,
    "brightdata.snapshots": BRIGHTDATA | UNLISTED,
    "brightdata.input": BRIGHTDATA,
    "brightdata.cancel": BRIGHTDATA,
    "application": APPLICATION | LATE,
    "slack": SLACK | LATE,
}
for vendor in (anthropic, azure, gemini, linkup, perplexity):
    PLACES |= vendor.PLACES
    KINDS |= vendor.KINDS
