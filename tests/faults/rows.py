"""A row of docs/faults.md: kept whatever becomes of its test, above all when the test does not get to its end."""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from senso.errors import SensoError

RESULTS = os.environ.get("FAULTS_RESULTS")


@dataclass
class Row:
    """`struck`: what the fault hit, by kind. `outcome`: empty when all held, else the first line of what did not."""

    number: int
    fault: str
    test: str
    struck: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    batches: int = 0
    states: dict[str, int] = field(default_factory=dict)
    least_open: int | None = None
    recovery: float | None = None
    calls: int = 0
    twice: int = 0
    in_hands: int = 0
    looks: int = 0
    repairs: dict[str, int] = field(default_factory=dict)
    note: str = ""
    outcome: str = ""
    seconds: int = 0

    @contextmanager
    def kept(self) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        except BaseException as error:
            self.outcome = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
            raise
        finally:
            self.seconds = round(time.monotonic() - started)
            self.write()

    def write(self) -> None:
        line = json.dumps(asdict(self) | {"struck": dict(self.struck)})
        print(line)
        if RESULTS:
            with Path(RESULTS).open("a") as file:
                file.write(line + "\n")


class Fault:
    """What a test says of its fault while it lasts: what it struck, and when work went on."""

    def __init__(self, product, row: Row) -> None:
        self.product, self.row = product, row

    def strikes(self, **hit: int) -> None:
        """From here on something may be away. `hit`: how many calls, messages, rows, connections ... it hit."""
        self.product.looks.something_is_away = True
        self.product.load.watch_anew()
        self.hit(**hit)

    def hit(self, **hit: int) -> None:
        self.row.struck.update(hit)

    def recovered(self, seconds: float) -> None:
        """Work went on; until now there was work open all the time."""
        self.row.recovery = round(seconds, 1)
        self.product.load.sample()
        known = [least for least in (self.row.least_open, self.product.load.least) if least is not None]
        self.row.least_open = min(known)
        self.product.sent_what_waited()
        self.product.looks.something_is_away = False

    def measure(self) -> None:
        """What can be counted when it is over; also of a test that failed."""
        product, row = self.product, self.row
        with suppress(SensoError, OSError):
            row.runs = product.make.one("SELECT count(*) FROM question_runs")
            row.states = product.states()
            row.batches = sum(row.states.values())
            row.repairs = product.repairs()
        row.looks = product.looks.count
        row.in_hands = len(product.ends.in_hands())
