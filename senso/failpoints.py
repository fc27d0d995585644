"""Named places where a test makes this process die, fail or wait, in windows that a random kill does not hit.

FAILPOINTS arms them, a JSON list of `{"at": name, "do": kill | error | pause, "times": 1, "match": "",
"seconds": 0}`; FAILPOINTS_FOLDER gets one file per strike, so that all processes together strike at most `times`
times. Both are refused when ENVIRONMENT=production; without them a place costs one check of an empty tuple.
"""

import os
import signal
import time
from functools import lru_cache

from senso import supplied
from senso.settings.failpoint_values import Trap, traps


def failpoint(name: str, about: str = "") -> None:
    for trap in armed():
        if trap.at == name and strikes(trap, about):
            act(trap)


def strikes(trap: Trap, about: str) -> bool:
    return trap.match in about and any(is_mine(trap, number) for number in range(trap.times))


def is_mine(trap: Trap, number: int) -> bool:
    """Whether this process is the first to make the strike's file, which holds its pid and the time."""
    folder = supplied.traps().folder
    try:
        strike = os.open(folder / f"{trap.at}.{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(strike, "w") as file:
        file.write(f"{os.getpid()} {time.time()}\n")
    return True


def act(trap: Trap) -> None:
    if trap.do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if trap.do == "error":
        raise ConnectionResetError(f"failpoint {trap.at}")
    time.sleep(trap.seconds)


@lru_cache(maxsize=1)
def armed() -> tuple[Trap, ...]:
    """Raises ConfigError when FAILPOINTS is not such a list."""
    return traps(supplied.traps().said)
