"""How many streams of events a token has open in this process, and of which sessions."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from uuid import UUID

from senso.api.access.caller import Caller
from senso.api.problems import Problem

RETRY_SECONDS = 10


class Streams:
    """`most`: of one token. For one event loop."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.open: Counter[UUID] = Counter()
        self.people: set[UUID] = set()
        self.of_sessions: Counter[str] = Counter()

    def take(self, caller: Caller) -> None:
        """A place, to be given back by `leave`. Raises Problem 429 where the token has no more."""
        if self.open[caller.token_id] >= self.most:
            said = f"this token has its {self.most} streams open; close one, or take another token"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, said, headers={"Retry-After": str(RETRY_SECONDS)})
        if caller.is_person:
            self.people.add(caller.token_id)
        self.open[caller.token_id] += 1
        if caller.session is not None:
            self.of_sessions[caller.session] += 1

    def leave(self, caller: Caller) -> None:
        self.open[caller.token_id] -= 1
        if self.open[caller.token_id] <= 0:
            del self.open[caller.token_id]
            self.people.discard(caller.token_id)
        if caller.session is not None:
            self.of_sessions[caller.session] -= 1
            if self.of_sessions[caller.session] <= 0:
                del self.of_sessions[caller.session]

    @property
    def tokens(self) -> list[UUID]:
        """Those that can be revoked or expire; people are let in by their proxy. For any thread."""
        return [one for one in list(self.open) if one not in self.people]

    @property
    def sessions(self) -> list[str]:
        """For any thread."""
        return list(self.of_sessions)

    @contextmanager
    def place(self, caller: Caller) -> Iterator[None]:
        """Raises as `take` does."""
        self.take(caller)
        try:
            yield
        finally:
            self.leave(caller)
