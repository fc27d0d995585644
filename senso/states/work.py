"""States and kinds of batches, runs, readings and jobs at vendors, and what came of a trigger or a cancel."""

from collections.abc import Iterable
from enum import StrEnum


def among(column: str, members: Iterable[str]) -> str:
    """An SQL condition, such as `state IN ('queued', 'running')`."""
    listed = ", ".join(f"'{member}'" for member in members)
    return f"{column} IN ({listed})"


class BatchKind(StrEnum):
    """What a batch covers: an org, a network, or an org in a network's answers."""

    ORG = "org"
    NETWORK = "network"
    NETWORK_ORG = "network_org"


class BatchState(StrEnum):
    """queued: waits for admission; running: admitted; the others are final until the batch is queued again."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


OPEN_BATCHES = (BatchState.QUEUED, BatchState.RUNNING)
ENDED_BATCHES = tuple(state for state in BatchState if state not in OPEN_BATCHES)
ENDED_OTHERWISE = tuple(state for state in ENDED_BATCHES if state is not BatchState.COMPLETED)
CANCELLABLE = (*OPEN_BATCHES, BatchState.BLOCKED)
RETRIABLE = (BatchState.PARTIAL, BatchState.FAILED, BatchState.CANCELLED)


def ended_state(done: int, planned: int) -> BatchState:
    """The final state of a batch that had its time. `done`: readings, of those `planned`."""
    if done == planned:
        return BatchState.COMPLETED
    return BatchState.PARTIAL if done else BatchState.FAILED


class FinishedBy(StrEnum):
    """Which of the three ways to finish a batch came first."""

    CHORD = "chord"
    ROWS = "rows"
    SWEEP = "sweep"


class RunState(StrEnum):
    """planned: not claimed; asking: claimed, or part of a vendor job; the others are final."""

    PLANNED = "planned"
    ASKING = "asking"
    ANSWERED = "answered"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_RUNS = (RunState.PLANNED, RunState.ASKING)
UNDONE_RUNS = (RunState.FAILED, RunState.CANCELLED)


class EvaluationState(StrEnum):
    """pending: waits for its answer or for a claim; extracting: claimed; the others are final."""

    PENDING = "pending"
    EXTRACTING = "extracting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_EVALUATIONS = (EvaluationState.PENDING, EvaluationState.EXTRACTING)
UNDONE_EVALUATIONS = (EvaluationState.FAILED, EvaluationState.CANCELLED)


class ReevaluationState(StrEnum):
    """open: at work; compared: all is read and nothing of it counts; done: what was read counts; the last: given up."""

    OPEN = "open"
    COMPARED = "compared"
    DONE = "done"
    CANCELLED = "cancelled"


class RereadingState(StrEnum):
    """pending: waits for a claim; reading: claimed; the others are final."""

    PENDING = "pending"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


OPEN_REREADINGS = (RereadingState.PENDING, RereadingState.READING)


class JobKind(StrEnum):
    """What a vendor job holds: questions to be answered, or answers to be read."""

    QUESTIONS = "questions"
    READINGS = "readings"


class ReadingMode(StrEnum):
    """direct: a call for each answer, at once. batch: a file of many, completed by the vendor within a day."""

    DIRECT = "direct"
    BATCH = "batch"


class JobState(StrEnum):
    """Of a vendor job. submitting: may or may not have reached the vendor; running: the vendor has given it an id."""

    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTED = "collected"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_JOBS = (JobState.SUBMITTING, JobState.RUNNING)
UNDONE_JOBS = (JobState.FAILED, JobState.CANCELLED)
# An SQL condition: of a job that the vendor has or may have, or that is about to be sent.
HAS_PLACE = f"""state = '{JobState.RUNNING}'
    OR (state = '{JobState.SUBMITTING}' AND (place_at IS NOT NULL OR maybe_sent_at IS NOT NULL))"""


class JobRequest(StrEnum):
    """What a request to a vendor of jobs is for."""

    SUBMIT = "submit"
    POLL = "poll"
    DOWNLOAD = "download"
    LIST = "list"
    INPUTS = "inputs"
    CANCEL = "cancel"


# So begins the reason of a row that waits for its turn at a model: nothing has failed.
WAITS_FOR = "waits for "


class TriggerOutcome(StrEnum):
    """The result of a trigger. For a batch that has ended and is not reopened, it is the batch's state."""

    OPENED = "opened"
    ATTACHED = "attached"
    RESUMED = "resumed"
    REOPENED = "reopened"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CancelOutcome(StrEnum):
    """already: it was cancelled before; finished: everything had been read, so it ended normally."""

    CANCELLED = "cancelled"
    ALREADY = "already"
    FINISHED = "finished"
