"""Words of the ledger, and of paid calls."""

from enum import StrEnum


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
