"""States and kinds of what others are told: pushes, webhooks, live events, alarms."""

from enum import StrEnum


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


class EventKind(StrEnum):
    """What a live event tells. state: a batch is in another state or episode; progress: its counts have changed."""

    STATE = "state"
    PROGRESS = "progress"
    BREAKER = "breaker"
