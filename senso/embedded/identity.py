"""The user that the servers run as. Postgres refuses root, and its initdb refuses a user without a name."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from senso.embedded.home import Home, user_name
from senso.embedded.kernel import LINUX
from senso.embedded.programs import Programs
from senso.errors import Unreachable

# The servers get nothing from our environment: neither its secrets nor PGDATA and similar variables.
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Identity:
    prefix: tuple[str, ...]  # goes before a command
    uid: int  # owns the data
    gid: int

    def give(self, folder: Path) -> None:
        """Takes ownership of a data folder that was created by, or under, another identity."""
        if folder.stat().st_uid == self.uid:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def become_owner(home: Home) -> None:
    """Drops root's rights for good in an ordinary user's home, whose owner must never gain them through the servers."""
    found = home.path.stat()
    if os.geteuid() == 0 and found.st_uid != 0:
        os.setgroups([])
        os.setgid(found.st_gid)
        os.setuid(found.st_uid)


def find_identity(home: Home, programs: Programs) -> Identity:
    """The first identity that can write to the home and run the programs. Raises Unreachable if none can."""
    refusal = ""
    for identity in identities():
        refusal = trial(identity, home, programs)
        if not refusal:
            return identity
    raise Unreachable(f"the servers cannot work in {home.path} as {user_name(os.geteuid()) or 'this user'}: {refusal}")


def identities() -> Iterator[Identity]:
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0 and user_name(uid):
        yield Identity((), uid, gid)
        return
    if sys.platform != LINUX:
        raise Unreachable("the embedded servers do not run as root here; run senso as an ordinary user")
    # In its own user namespace, a process is not root any more, but all its files still belong to root.
    stranger = next(user for user in pwd.getpwall() if user.pw_uid)
    in_namespace = ("unshare", "--user", f"--map-user={stranger.pw_uid}", f"--map-group={stranger.pw_gid}")
    yield Identity(in_namespace, uid, gid)
    if uid == 0:
        yield service_user()


def service_user() -> Identity:
    """For systems without namespaces, such as plain containers. It reads all that root can, so nothing is copied."""
    nobody = next((user for user in pwd.getpwall() if user.pw_name == "nobody"), None)
    uid, gid = (nobody.pw_uid, nobody.pw_gid) if nobody else (65534, 65534)
    capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return Identity(("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *capability), uid, gid)


def trial(identity: Identity, home: Home, programs: Programs) -> str:
    """What fails under this identity; empty if nothing does."""
    script = 'test -w "$1" || { echo "cannot write to $1"; exit 1; }; "$2" --version && "$3" --version'
    arguments = ("sh", str(home.path), str(programs.postgres), str(programs.redis))
    done = subprocess.run(
        [*identity.prefix, "sh", "-c", script, *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=ENVIRONMENT,
        cwd="/",
        timeout=10,
    )
    return "" if done.returncode == 0 else done.stdout.strip().rpartition("\n")[2] or f"exit code {done.returncode}"
