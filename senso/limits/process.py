"""The allowances of this process, one for each model that it asks, and the thread that tells Redis what happened."""

import os
import socket
import threading
from uuid import uuid4

from senso.limits.allowance import Allowance
from senso.limits.outcomes import Ended
from senso.limits.permit import Permit
from senso.limits.script import contact
from senso.log import logger

LOOK_SECONDS, REST_SECONDS = 0.25, 5.0
log = logger(__name__)


class Allowances:
    """`owner`: unique to the process, which its places in flight belong to."""

    def __init__(self) -> None:
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self.by_model: dict[tuple[str, str], Allowance] = {}
        self.lock = threading.Lock()
        self.woken = threading.Event()
        self.thread: threading.Thread | None = None
        self.is_resting = False
        self.is_ended = False

    def of(self, provider: str, model: str) -> Allowance:
        found = self.by_model.get((provider, model))
        if found is None:
            with self.lock:
                made = Allowance(provider, model, self.owner, contact)
                found = self.by_model.setdefault((provider, model), made)
        self.wake_if_resting()
        return found

    def settle(self, allowance: Allowance, permit: Permit, end: Ended, tokens: int | None = None) -> None:
        """Never raises, never waits: it stands in the way of what was paid for."""
        try:
            allowance.settle(permit, end, tokens)
        except Exception:
            log.exception("a call was not settled with its limits")
        if allowance.told.is_urgent:
            self.woken.set()
        else:
            self.wake_if_resting()

    def wake_if_resting(self) -> None:
        if self.thread is None:
            with self.lock:
                if self.thread is None:
                    self.is_ended = False
                    self.thread = threading.Thread(target=self.run, name="limits", daemon=True)
                    self.thread.start()
        elif self.is_resting:
            self.is_resting = False
            self.woken.set()

    def run(self) -> None:
        while not self.is_ended:
            self.is_resting = not self.is_active
            self.woken.wait(REST_SECONDS if self.is_resting else LOOK_SECONDS)
            self.woken.clear()
            self.tell()

    @property
    def is_active(self) -> bool:
        return any(one.is_active for one in list(self.by_model.values()))

    def tell(self) -> None:
        if contact.absence.lasts:
            return
        for one in list(self.by_model.values()):
            try:
                one.tell()
            except Exception:
                log.exception("limits were not told what happened")

    def leave(self) -> None:
        """At the end of the process: its places are free at once."""
        self.is_ended = True
        for one in list(self.by_model.values()):
            if not contact.absence.lasts:
                one.tell(leaves=True)

    def forget(self) -> None:
        """What this process knows, for a test that begins anew."""
        self.by_model.clear()
        contact.absence.end()


allowances = Allowances()
