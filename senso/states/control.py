"""Words for who may do what, what was done, and what keeps calls from beginning."""

from enum import StrEnum


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
