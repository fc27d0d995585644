"""`api`: the HTTP API as a process of its own."""

from senso import log, publishing
from senso.api import server
from senso.api.application import application
from senso.api.context import Limits
from senso.api.events import Door
from senso.api.sending import Sender
from senso.cli import ports
from senso.cli.environment import connected
from senso.cli.printing import out
from senso.cli.terms import terms
from senso.settings import settings
from senso.workflows.alarms import watching


def serve() -> None:
    from senso.tasks import canvas  # noqa: PLC0415  its import sets up Celery, so that the first event need not wait

    with connected(part="api"), ports.listen("PORT", settings().api_host, settings().port) as listening:
        publishing.register(Sender(canvas.publish))
        log.configure(settings().log_format)
        watching.start()
        out.print(f"API: {ports.url(listening)}", soft_wrap=True)
        server.run(application(door(), settings().database_pool_size, limits()), listening)


def limits() -> Limits:
    return Limits(settings().api_requests_per_minute, settings().api_streams_per_token)


def door() -> Door:
    key = settings().sender_key
    return Door(key.get_secret_value() if key else None, terms, settings().network_history_days)
