"""`metrics`: the exporter for Prometheus as a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from senso import log, sentry
from senso.api import server
from senso.api.exporter import exporter
from senso.cli import ports
from senso.cli.environment import connected, require_both
from senso.cli.printing import out
from senso.metrics import collector
from senso.settings import Settings, settings

PART = "metrics"


def serve() -> None:
    with servers() as read, ports.listen("METRICS_PORT", read.metrics_host, read.metrics_port) as listening:
        log.configure(read.log_format)
        out.print(f"Metrics: {ports.url(listening)}/metrics", soft_wrap=True)
        found = collector.Senso(ceiling)
        server.run(exporter(lambda: collector.text(found), collector.TYPE), listening)


@contextmanager
def servers() -> Iterator[Settings]:
    """It also starts while Postgres and Redis are away, which is what it then tells."""
    read = settings()
    if read.database_url is None:
        with connected(part=PART) as started:
            yield started
        return
    sentry.start(PART, read.sentry_dsn, read.environment)
    require_both(read)
    yield read


def ceiling() -> float | None:
    """In dollars. None: there is none."""
    return settings().max_daily_cost
