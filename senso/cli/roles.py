"""`doctor --role`: the health check of one container, or of one machine. It imports little, as it is asked often."""

import json
from collections.abc import Sequence
from typing import Final

from senso.checks import work
from senso.cli.program import keep_home
from senso.embedded import running
from senso.errors import ConfigError, SensoError, Unreachable
from senso.settings import settings, use_environment
from senso.worker.queues import CALL_QUEUES, CONTROL_QUEUES

KINDS: Final[dict[str, Sequence[str]]] = {"worker": CALL_QUEUES, "control": CONTROL_QUEUES}
BEAT: Final = "beat"
NAMES: Final = (*KINDS, BEAT)


def print_role(role: str, *, as_json: bool) -> None:
    said = of(role)
    print(json.dumps({"role": role, "state": "ok", "said": said}) if as_json else f"{role}: {said}")  # noqa: T201


def of(role: str) -> str:
    """What is so. Raises SensoError where this role makes no progress, ConfigError for one that there is not."""
    if role not in NAMES:
        raise ConfigError(f"--role {role}: {missing(role)}; there are {', '.join(NAMES)}")
    use_running_servers()
    found = work.of_beat() if role == BEAT else work.of_worker(role, KINDS[role])
    if found.state != "ok":
        raise (SensoError if found.reachable else Unreachable)(found.line)
    return found.said


def missing(role: str) -> str:
    return "this version has no API" if role == "api" else "no such role"


def use_running_servers() -> None:
    """Raises SensoError. Without URLs: those of the `senso up` of this home; a check starts no servers of its own."""
    if settings().database_url is not None:
        return
    urls = running(settings().senso_home)
    if urls is None:
        keep_home()
        raise SensoError(f"nothing runs in {settings().senso_home.resolve()}; start it: senso up")
    use_environment({"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url})
