"""The words that rows are told apart by: states, kinds, outcomes. CHECK constraints list these members, in this order.

A member is a string: it compares, formats and is stored as its value. Sets of states that code asks for stand beside
the states.
"""

from collections.abc import Iterable
from enum import StrEnum


def among(column: str, members: Iterable[str]) -> str:
    """As a condition of SQL: `state IN ('queued', 'running')`."""
    listed = ", ".join(f"'{member}'" for member in members)
    return f"{column} IN ({listed})"


class BatchKind(StrEnum):
    """What a batch is about: an org, a network, or an org over a network's answers."""

    ORG = "org"
    NETWORK = "network"
    NETWORK_ORG = "network_org"


class BatchState(StrEnum):
    """queued: waits for admission; running: it works; the others are ends, left only when it is queued again."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


OPEN_BATCHES = (BatchState.QUEUED, BatchState.RUNNING)
ENDED_BATCHES = tuple(state for state in BatchState if state not in OPEN_BATCHES)
CANCELLABLE = (*OPEN_BATCHES, BatchState.BLOCKED)
RETRIABLE = (BatchState.PARTIAL, BatchState.FAILED, BatchState.CANCELLED)


class FinishedBy(StrEnum):
    """Which of the three ways to the end of a batch came first."""

    CHORD = "chord"
    ROWS = "rows"
    SWEEP = "sweep"


class RunState(StrEnum):
    """planned: nobody has it; asking: a claim or a job at a vendor has it; the others are ends."""

    PLANNED = "planned"
    ASKING = "asking"
    ANSWERED = "answered"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_RUNS = (RunState.PLANNED, RunState.ASKING)
UNDONE_RUNS = (RunState.FAILED, RunState.CANCELLED)


class EvaluationState(StrEnum):
    """pending: waits for its answer or for a reader; extracting: claimed; the others are ends."""

    PENDING = "pending"
    EXTRACTING = "extracting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_EVALUATIONS = (EvaluationState.PENDING, EvaluationState.EXTRACTING)
UNDONE_EVALUATIONS = (EvaluationState.FAILED, EvaluationState.CANCELLED)


class JobState(StrEnum):
    """Of a vendor's job. submitting: may or may not have reached the vendor; running: it has a name there."""

    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTED = "collected"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_JOBS = (JobState.SUBMITTING, JobState.RUNNING)
UNDONE_JOBS = (JobState.FAILED, JobState.CANCELLED)


class PushStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    NOT_CONFIGURED = "not configured"


class QuestionKind(StrEnum):
    """Whether the question names the org."""

    BRANDED = "branded"
    UNBRANDED = "unbranded"


class Surface(StrEnum):
    """Where a model is asked: in the app that people use, or by its vendor's API. Never pooled."""

    CONSUMER = "consumer"
    API = "api"


class Searched(StrEnum):
    """Whether the model searched the web for its answer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


class Entry(StrEnum):
    """Why a row of the ledger moved credits."""

    GRANT = "grant"
    HOLD = "hold"
    CHARGE = "charge"
    RELEASE = "release"


class LedgerKind(StrEnum):
    """What credits were held or charged for."""

    ORG = "org"
    NETWORK = "network"


class Purpose(StrEnum):
    """What a paid call is for: an answer, the reading of one, or the names of an org."""

    ASK = "ask"
    READ = "read"
    NAMES = "names"


class Outcome(StrEnum):
    """How a paid call ended. A row without one has not reported back: it may have been paid."""

    ANSWERED = "answered"
    READ = "read"
    FOUND = "found"
    RATE_LIMITED = "rate limited"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    MALFORMED = "malformed"
    FAILED = "failed"


USEFUL = (Outcome.ANSWERED, Outcome.READ, Outcome.FOUND)


class Action(StrEnum):
    """What somebody did, as it is audited."""

    TRIGGER = "trigger"
    GRANT = "grant"
    CANCEL = "cancel"
    RETRY = "retry"
    IMPORT = "import"


class TriggerOutcome(StrEnum):
    """What a trigger came to. A batch that had ended, and is not opened again, is told by its state."""

    OPENED = "opened"
    ATTACHED = "attached"
    RESUMED = "resumed"
    REOPENED = "reopened"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"


class CancelOutcome(StrEnum):
    """already: it was cancelled before; finished: all was read, so it ended as what it is."""

    CANCELLED = "cancelled"
    ALREADY = "already"
    FINISHED = "finished"
