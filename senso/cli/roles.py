"""`doctor --role`: the health check of one container, or of one machine. It imports little, because it runs often."""

import json
from typing import Final

from senso.checks import Finding, api, work
from senso.cli.program import keep_home
from senso.embedded import running
from senso.errors import ConfigError, SensoError, Unreachable
from senso.settings import settings, use_environment
from senso.worker.queues import KINDS

BEAT: Final = "beat"
API: Final = "api"
METRICS: Final = "metrics"
NAMES: Final = (*KINDS, BEAT, API, METRICS)


def print_role(role: str, *, as_json: bool) -> None:
    said = of(role)
    print(json.dumps({"role": role, "state": "ok", "said": said}) if as_json else f"{role}: {said}")  # noqa: T201


def of(role: str) -> str:
    """The state of the role. Raises SensoError if it makes no progress, ConfigError if there is no such role."""
    if role not in NAMES:
        raise ConfigError(f"--role {role}: no such role; there are {', '.join(NAMES)}")
    found = check(role)
    if found.state != "ok":
        raise (SensoError if found.reachable else Unreachable)(found.line)
    return found.said


def check(role: str) -> Finding:
    if role == API:
        return api.of_api(settings().api_host, settings().port)
    if role == METRICS:
        return api.of_metrics(settings().metrics_host, settings().metrics_port)
    use_running_servers()
    return work.of_beat() if role == BEAT else work.of_worker(role, KINDS[role])


def use_running_servers() -> None:
    """Without URLs, uses the servers of this home's `senso up`; a check starts no servers itself. Raises SensoError."""
    if settings().database_url is not None:
        return
    urls = running(settings().senso_home)
    if urls is None:
        keep_home()
        raise SensoError(f"nothing runs in {settings().senso_home.resolve()}; start it: senso up")
    use_environment({"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url})
