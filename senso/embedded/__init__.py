"""Embedded Postgres and Redis, for a machine that has neither.

Every command that uses them holds a shared lock on `users.lock` in the home. A detached guardian process is the
parent of both servers and tries to lock the same file exclusively: when it succeeds, no user is left, and it stops
them. The kernel releases a command's lock however the command ends, `kill -9` included, so no server outlives its last
user.

programs   where the servers' programs are                senso.embedded.programs
home       the folder: its owner, locks, state            senso.embedded.home
identity   the user that the servers run as               senso.embedded.identity
server     the life cycle of a server, and its two kinds  senso.embedded.server, .postgres, .redis
guardian   the process that watches over both             senso.embedded.guardian
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import senso
from senso.embedded.home import Home, State, Urls, patience
from senso.embedded.programs import Programs, find_programs
from senso.errors import Unreachable

__all__ = ["Urls", "processes", "running", "servers"]

START_SECONDS = 90  # crash recovery of a large database is the slow case; an empty one takes 2
STOP_SECONDS = 20


@contextmanager
def servers(home: Path) -> Iterator[Urls]:
    """Starts both servers, or shares those of another command, until the block ends.

    The last user waits until they have stopped. Raises ConfigError when `home` cannot be used or the programs
    are missing, Unreachable when a server does not start.
    """
    folder = Home.prepared(home)
    use = join(folder)
    try:
        # Before the guardian's lock: building a server takes longer than other commands wait for that lock.
        yield live_urls(folder) or started(folder, find_programs())
    finally:
        os.close(use)
        await_end(folder)


def running(home: Path) -> Urls | None:
    """The servers another command keeps running; starts and creates nothing. Raises ConfigError for a foreign home."""
    return live_urls(Home.found(home))


def processes(home: Path) -> dict[str, int]:
    """Process ids of guardian, postgres and redis; empty when they do not run."""
    state = live_state(Home.found(home))
    return {"guardian": state.guardian, "postgres": state.postgres, "redis": state.redis} if state else {}


def live_state(home: Home) -> State | None:
    """The state if the guardian is alive: otherwise the state file is left over from a `kill -9`."""
    state = home.state()
    return state if state and home.is_guarded() else None


def join(home: Home) -> int:
    for _ in patience(STOP_SECONDS):
        use = home.lock("users.lock", shared=True)
        if use is not None:
            return use
    raise Unreachable(f"another process keeps {home.path}/users.lock to itself")


def live_urls(home: Home) -> Urls | None:
    state = live_state(home)
    return state.urls if state else None


def started(home: Home, programs: Programs) -> Urls:
    """The process that gets the guardian's lock starts it and passes the lock on; others wait for the state file."""
    for _ in patience(START_SECONDS):
        if urls := live_urls(home):
            return urls
        guard = home.lock("guardian.lock")
        if guard is not None:
            start_guardian(home, programs, guard)
    raise Unreachable(f"the embedded servers did not start in {START_SECONDS} s; see {home.log('guardian')}")


def start_guardian(home: Home, programs: Programs, guard: int) -> None:
    """Returns when the servers answer: until then the guardian keeps stdout open, and writes there why they do not."""
    try:
        home.refuse_full_disk()
        said = run_guardian(home, programs, guard)
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"no word from the servers after {error.timeout} s; see {home.log('guardian')}") from error
    finally:
        os.close(guard)
    if said.stdout or not live_state(home):
        reason = said.stdout.strip() or said.stderr.strip().rpartition("\n")[2] or "their guardian ended without a word"
        raise Unreachable(f"the embedded servers did not start: {reason}; see {home.log('guardian')}")


def run_guardian(home: Home, programs: Programs, guard: int) -> subprocess.CompletedProcess[str]:
    # -P and cwd: a module must never be imported from a working directory, which may belong to another user.
    # Its own session: Ctrl-C in the terminal must reach only the commands, which then stop in order.
    package = str(Path(senso.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-P", "-m", "senso.embedded", home.path, str(guard), programs.postgres, programs.redis],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        pass_fds=(guard,),
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))},
        start_new_session=True,
        timeout=START_SECONDS,
    )


def await_end(home: Home) -> None:
    """Waits for the servers to stop, unless they have other users, so that the last command leaves nothing running."""
    for _ in patience(STOP_SECONDS):
        if not home.is_guarded() or home.is_used():
            return
