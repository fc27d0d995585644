"""All errors that a caller can act on.

SensoError
├── ConfigError            a setting, a file or an argument is wrong: exit 2
├── NotFound               no such org, batch, run ...: exit 4
├── InsufficientCredits    the partner cannot pay: exit 3
├── Unreachable            Postgres, Redis or a program of ours cannot be reached: exit 5
└── OutsideError           an external service failed; says which and how
    ├── Unavailable        a retry may succeed; may say after how many seconds
    │   └── RateLimited    the service asked us to wait: not a failure of the work
    │       └── LeftAlone  nothing was sent, because it has asked for that too often
    ├── Refused            the same request will be refused again
    │   ├── Misconfigured  so will every request with this key or to this model: an account, a key or a model is wrong
    │   └── JobFailed      the vendor says that its job has failed as a whole
    └── Malformed          it answered, but the answer cannot be used
        ├── CutOff         because it had no room for more: the same request with more room may succeed
        ├── TooLong        because it is longer than we read: it would be as long another time
        └── Unforeseen     our program failed on it: the same reply would be paid for again
"""


class SensoError(Exception):
    exit_code = 1


class ConfigError(SensoError):
    exit_code = 2


class Sealed(ConfigError):
    """What is encrypted in the database cannot be read with the keys that are set."""


class NotFound(SensoError):
    exit_code = 4


class InsufficientCredits(SensoError):
    exit_code = 3


class Unreachable(SensoError):
    exit_code = 5


class OutsideError(SensoError):
    """`usage` is what the call cost although it failed (a refusal is billed too).

    None if nothing was billed; also for a reply that could not be read, where the cost is not known. `body`: the JSON
    that came with an HTTP error, for the vendor's codes in it; never to be shown.
    """

    def __init__(self, service: str, reason: str, *, status: int | None = None, usage: object = None) -> None:
        self.service = service
        self.reason = reason
        self.status = status
        self.usage = usage
        self.body: object = None
        super().__init__(f"{service}: {reason}" if status is None else f"{service} {status}: {reason}")


class Unavailable(OutsideError):
    """`retry_after_seconds` is the wait that the service asked for; None if it asked for none."""

    def __init__(
        self,
        service: str,
        reason: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        usage: object = None,
    ) -> None:
        super().__init__(service, reason, status=status, usage=usage)
        self.retry_after_seconds = retry_after_seconds


class RateLimited(Unavailable):
    pass


class LeftAlone(RateLimited):
    pass


class Refused(OutsideError):
    pass


class Misconfigured(Refused):
    """`concerns_model`: only requests to this model; otherwise all of the provider."""

    @property
    def concerns_model(self) -> bool:
        return self.status in {404, 410}


class JobFailed(Refused):
    """`retry_after_seconds`: the vendor has done nothing, and may take it then. None: it says nothing of that."""

    retry_after_seconds: float | None = None


class Malformed(OutsideError):
    pass


class CutOff(Malformed):
    pass


class TooLong(Malformed):
    pass


class Unforeseen(Malformed):
    pass
