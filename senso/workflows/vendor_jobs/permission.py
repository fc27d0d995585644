"""Whether a vendor of jobs takes requests of a kind now: asked before rows are claimed for them."""

from senso.job_budget.counting import Verdict
from senso.job_budget.gate import gate
from senso.registry import JOB_PROVIDERS, PROVIDERS
from senso.states import JobRequest


def look(provider: str, kind: JobRequest) -> Verdict:
    return gate(provider).look(kind) if PROVIDERS[provider].blocks else Verdict("go")


def room(verdict: Verdict, most: int) -> int:
    """How many rows may be claimed, of `most`: none, one that tries, or all. Their requests wait for their turns."""
    if verdict.word != "go":
        return 0
    return 1 if verdict.room == 1 else most


def rooms(kind: JobRequest, most: int) -> dict[str, int]:
    return {provider: room(look(provider, kind), most) for provider in JOB_PROVIDERS}


def left_alone(kind: JobRequest) -> list[str]:
    """Providers that take no such request now."""
    return [provider for provider in JOB_PROVIDERS if look(provider, kind).word != "go"]
