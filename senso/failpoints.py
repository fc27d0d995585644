"""Named places at which a test lets this process die, fail or wait: the windows that a kill at random does not hit.

FAILPOINTS arms them, a JSON list of `{"at": name, "do": kill | error | pause, "times": 1, "match": "",
"seconds": 0}`; FAILPOINTS_FOLDER gets one file a strike, so that several processes together strike no more often than
`times`. Both are refused when ENVIRONMENT=production; without them a place costs one look at an empty tuple.
"""

import json
import os
import signal
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from senso.errors import ConfigError
from senso.settings import settings

ACTIONS = ("kill", "error", "pause")


@dataclass(frozen=True, slots=True)
class Trap:
    """`match` must occur in what the place is about; `times` is how often it strikes, whichever process comes by."""

    at: str
    do: str
    times: int = 1
    match: str = ""
    seconds: float = 0

    def __post_init__(self) -> None:
        if self.do not in ACTIONS:
            raise ValueError(f"do is one of {', '.join(ACTIONS)}, not {self.do!r}")

    def strikes(self, about: str) -> bool:
        return self.match in about and any(self.is_mine(number) for number in range(self.times))

    def is_mine(self, number: int) -> bool:
        """Made by whoever is first; the file says who and when."""
        folder = settings().failpoints_folder or Path()
        try:
            strike = os.open(folder / f"{self.at}.{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(strike, "w") as file:
            file.write(f"{os.getpid()} {time.time()}\n")
        return True

    def act(self) -> None:
        if self.do == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.do == "error":
            raise ConnectionResetError(f"failpoint {self.at}")
        time.sleep(self.seconds)


def failpoint(name: str, about: str = "") -> None:
    for trap in armed():
        if trap.at == name and trap.strikes(about):
            trap.act()


@lru_cache(maxsize=1)
def armed() -> tuple[Trap, ...]:
    """Raises ConfigError when FAILPOINTS is no such list."""
    given = settings().failpoints
    if not given:
        return ()
    try:
        return tuple(Trap(**one) for one in json.loads(given))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"FAILPOINTS: {error}") from None
