"""`mcp`: the MCP server on standard input and output. Nothing but the protocol is printed there."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from senso import log, publishing
from senso.cli.environment import connected
from senso.errors import ConfigError
from senso.settings import settings
from senso.settings.texts import cleaned

if TYPE_CHECKING:
    from senso.api.context import Context

MISSING = "the library for MCP is not installed; install it: pip install 'senso[mcp]'"
UNNAMED = (
    "senso mcp needs a token: set SENSO_TOKEN, or say --token-file PATH; make one: senso token create NAME --scope read"
)
MOST_BYTES = 1_000


def serve(token_file: Path | None) -> None:
    """Raises ConfigError."""
    if find_spec("mcp") is None:
        raise ConfigError(MISSING)
    token = given(token_file)
    from senso.api.sending import Sender  # noqa: PLC0415  see above
    from senso.cli import publish  # noqa: PLC0415
    from senso.mcp import stdio  # noqa: PLC0415

    with connected(part="mcp"):
        publishing.register(Sender(publish))
        log.configure(settings().log_format)
        stdio.serve(context(), token)


def context() -> "Context":
    from senso.api.access.streams import Streams  # noqa: PLC0415
    from senso.api.context import Context  # noqa: PLC0415
    from senso.api.live import Hub  # noqa: PLC0415
    from senso.api.threads import Places  # noqa: PLC0415
    from senso.cli.serving import facts, limits  # noqa: PLC0415
    from senso.cli.terms import terms  # noqa: PLC0415

    read, hub = settings(), Hub(Streams(limits().streams))
    places = Places(read.database_pool_size - 1)
    return Context(terms, read.network_history_days, places, limits(), hub.streams, hub, facts())


def given(token_file: Path | None) -> str:
    """Raises ConfigError."""
    if token_file is not None:
        return read(token_file)
    token = settings().senso_token
    if token is None:
        raise ConfigError(UNNAMED)
    return token.get_secret_value()


def read(path: Path) -> str:
    """The first line: `senso token create NAME > FILE` makes such a file. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            token = cleaned(file.readline(MOST_BYTES).decode(errors="replace"))
    except OSError as error:
        raise ConfigError(f"--token-file {path}: cannot be read: {error.strerror}") from None
    if not token:
        raise ConfigError(f"--token-file {path}: its first line is empty; it must be a token")
    return token
