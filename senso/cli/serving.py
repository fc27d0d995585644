"""`api`: the HTTP API, the dashboard and MCP as a process of their own."""

from importlib.util import find_spec

from senso import log, publishing
from senso.api import server
from senso.api.access.streams import Streams
from senso.api.application import application
from senso.api.context import Facts, Limits
from senso.api.events import Door
from senso.api.live import Following, Hub
from senso.api.sending import Sender
from senso.api.server import Beside, Served
from senso.cli import ports
from senso.cli.environment import connected
from senso.cli.printing import out
from senso.cli.terms import is_set, terms
from senso.dashboard import pages
from senso.dashboard.first_page import FirstPage
from senso.dashboard.own import Own
from senso.dashboard.proxies import Proxies
from senso.settings import settings
from senso.workflows.alarms import watching


def serve() -> None:
    """Everything is built before the port is taken: who connects is answered at once."""
    from senso.tasks import canvas  # noqa: PLC0415  its import sets up Celery, so that the first event need not wait

    with connected(part="api"):
        served, beside = built()
        with ports.listen("PORT", settings().api_host, settings().port) as listening:
            publishing.register(Sender(canvas.publish))
            log.configure(settings().log_format)
            watching.start()
            out.print(f"API and dashboard: {ports.url(listening)}", soft_wrap=True)
            server.run(served, listening, *beside)


def built() -> Served:
    """The application, and what works beside its requests."""
    hub = Hub(Streams(limits().streams))
    served = application(door(), settings().database_pool_size, limits(), facts(), hub)
    pages.add(served, served.state.context, of_dashboard())
    beside: list[Beside] = [Following(hub), FirstPage(served.state.context)]
    if find_spec("mcp") is not None:
        from senso.mcp import over_http  # noqa: PLC0415  an extra of the package

        beside.append(over_http.add(served, served.state.context))
    return served, beside


def limits() -> Limits:
    return Limits(settings().api_requests_per_minute, settings().api_streams_per_token)


def facts() -> Facts:
    known = settings()
    return Facts(
        known.application_api_url is not None,
        known.readers,
        known.names_model,
        is_set,
        known.max_running_batches,
        known.max_daily_microusd,
    )


def of_dashboard() -> Own:
    read = settings()
    proxies = Proxies(read.dashboard_user_header, read.dashboard_networks, frozenset(read.dashboard_people))
    return Own(proxies, read.flower_url)


def door() -> Door:
    key = settings().sender_key
    return Door(key.get_secret_value() if key else None, terms, settings().network_history_days)
