"""Enums of states, kinds and outcomes. CHECK constraints list these members, in this order.

A member is a string: it compares, formats and is stored as its value. Sets of states that code queries follow their
enum.
"""

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


class PushStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    NOT_CONFIGURED = "not configured"


class DeliveryStatus(StrEnum):
    """Of an event for a webhook."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class HookEvent(StrEnum):
    """What a webhook is told of: how a batch ended; `webhook.test` where somebody tries the webhook."""

    COMPLETED = "batch.completed"
    PARTIAL = "batch.partial"
    FAILED = "batch.failed"
    BLOCKED = "batch.blocked"
    CANCELLED = "batch.cancelled"
    TEST = "webhook.test"


BATCH_EVENTS = tuple(event for event in HookEvent if event is not HookEvent.TEST)


class AlarmKind(StrEnum):
    """What an alarm is about; `senso.queries.alarm_sources` has a file for each."""

    FAILED = "failed batches"
    BLOCKED = "blocked partners"
    BREAKER = "breaker"
    CEILING = "cost ceiling"
    SCHEDULE = "missed schedule"
    SILENCE = "no tick"
    DIFFERENCES = "differences"
    RESTARTS = "restarts"
    WEBHOOKS = "disabled webhooks"


class MessagePart(StrEnum):
    """first: sent at once; more: what came since the last message; over: nothing has come for a while."""

    FIRST = "first"
    MORE = "more"
    OVER = "over"


class MessageStatus(StrEnum):
    """Of a message about alarms. dropped: it could not be sent for a day."""

    PENDING = "pending"
    SENT = "sent"
    DROPPED = "dropped"
    NOT_CONFIGURED = "not configured"


class QuestionKind(StrEnum):
    """Whether the question names the org."""

    BRANDED = "branded"
    UNBRANDED = "unbranded"


class Surface(StrEnum):
    """Where a model is asked: in the app that people use, or by its vendor's API. Results are never pooled."""

    CONSUMER = "consumer"
    API = "api"


class Searched(StrEnum):
    """Whether the model searched the web for its answer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Honoured(StrEnum):
    """Whether the vendor asked from the requested country, as far as it reports one."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class CompetitorState(StrEnum):
    """seen: in few answers so far; discovered: in enough that its name stays; tracked: the org asked to follow it."""

    SEEN = "seen"
    DISCOVERED = "discovered"
    TRACKED = "tracked"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    MIXED = "mixed"


class ClaimKind(StrEnum):
    FACT = "fact"
    OPINION = "opinion"
    COMPARISON = "comparison"


class Polarity(StrEnum):
    """Whether a claim speaks for the org or against it."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


class Verdict(StrEnum):
    """What the org's facts on file say of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_COVERED = "not-covered"


class Entry(StrEnum):
    """Why a row of the ledger moved credits."""

    GRANT = "grant"
    HOLD = "hold"
    CHARGE = "charge"
    RELEASE = "release"


HOLDING = (Entry.HOLD, Entry.RELEASE)


class LedgerKind(StrEnum):
    """What credits were held or charged for."""

    ORG = "org"
    NETWORK = "network"


class Purpose(StrEnum):
    """What a paid call is for: an answer, the reading of one, the names of an org, or reading a labelled answer.

    domains: what kind of sites are cited. reread: a stored answer is read again.
    """

    ASK = "ask"
    READ = "read"
    NAMES = "names"
    EVAL = "eval"
    DOMAINS = "domains"
    REREAD = "reread"


class Category(StrEnum):
    """What kind of site a cited page is on. own, competitor: for one org; the others are the domain's."""

    OWN = "own"
    COMPETITOR = "competitor"
    LISTING = "listing"
    NEWS = "news"
    SOCIAL = "social"
    REFERENCE = "reference"
    FORUM = "forum"
    GOVERNMENT = "government"
    SHOP = "shop"
    OTHER = "other"


class Visibility(StrEnum):
    """Of an org in one answer. cited: at least one page that the answer cites is the org's own."""

    NAMED_AND_CITED = "named_and_cited"
    NAMED_ONLY = "named_only"
    CITED_ONLY = "cited_only"
    NEITHER = "neither"


OF_DOMAINS = tuple(one for one in Category if one not in {Category.OWN, Category.COMPETITOR})


class Outcome(StrEnum):
    """How a paid call ended. A call without an outcome has not reported back; it may have been billed."""

    ANSWERED = "answered"
    READ = "read"
    FOUND = "found"
    RATE_LIMITED = "rate limited"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    MALFORMED = "malformed"
    FAILED = "failed"


USEFUL = (Outcome.ANSWERED, Outcome.READ, Outcome.FOUND)


class StopScope(StrEnum):
    """For what no paid call begins."""

    ALL = "all"
    PROVIDER = "provider"
    MODEL = "model"
    PARTNER = "partner"


class BreakerState(StrEnum):
    """closed: calls go on; open: the model is left alone; probing: one call tries whether it is back."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class BreakerChange(StrEnum):
    """opened: the model is left alone; probing: one call tries whether it is back; closed: it is."""

    OPENED = "opened"
    PROBING = "probing"
    CLOSED = "closed"


class EventKind(StrEnum):
    """What a live event tells. state: a batch is in another state or episode; progress: its counts have changed."""

    STATE = "state"
    PROGRESS = "progress"
    BREAKER = "breaker"


# So begins the reason of a row that waits for its turn at a model: nothing has failed.
WAITS_FOR = "waits for "


class Action(StrEnum):
    """An action that the audit records."""

    TRIGGER = "trigger"
    GRANT = "grant"
    CANCEL = "cancel"
    RETRY = "retry"
    IMPORT = "import"
    BREAKER = "breaker"
    PAUSE = "pause"
    RESUME = "resume"
    ACCEPT_NAME = "accept name"
    REJECT_NAME = "reject name"
    REEVALUATE = "reevaluate"
    EXPORT = "export"
    CREATE_TOKEN = "create token"  # noqa: S105  no secret
    REVOKE_TOKEN = "revoke token"  # noqa: S105  no secret
    WEBHOOK = "webhook"
    ROTATE_KEYS = "rotate keys"


class Scope(StrEnum):
    """What a token of the API permits. Each contains those before it."""

    READ = "read"
    TRIGGER = "trigger"
    OPERATE = "operate"
    ADMIN = "admin"

    def contains(self, other: "Scope") -> bool:
        order = list(Scope)
        return order.index(self) >= order.index(other)


class ProposalState(StrEnum):
    """Of a name that a model proposed and that does not count by itself."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DifferenceKind(StrEnum):
    """How the ledger differs from the work. `senso.workflows.reconciling` says what to do about each."""

    NOT_CHARGED = "not charged"
    CHARGED_TWICE = "charged twice"
    CHARGED_FOR_NOTHING = "charged for nothing"
    WRONG_PRICE = "wrong price"
    CHARGED_WITHOUT_HOLD = "charged without hold"
    NOT_HELD = "not held"
    HELD_TWICE = "held twice"
    WRONG_HOLD = "wrong hold"
    NOT_RELEASED = "not released"
    WRONG_RELEASE = "wrong release"
    WRONG_GRANT = "wrong grant"
    WRONG_BALANCE = "wrong balance"


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
