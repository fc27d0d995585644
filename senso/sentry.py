"""Reports errors to Sentry if SENTRY_DSN is set: what happened and where, without secrets."""

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from senso import __version__
from senso.log import scrub


def start(part: str, dsn: SecretStr | None, environment: str, integrations: Callable[[], list[Any]] = list) -> bool:
    """`part` is worker, beat, api or cli. False without a DSN. Called once per process, before anything can fail.

    `integrations` returns those of the library that this part needs, besides the usual ones.
    """
    if dsn is None:
        return False
    import sentry_sdk  # noqa: PLC0415  takes a third of a second, not needed without a DSN
    from sentry_sdk.integrations.stdlib import StdlibIntegration  # noqa: PLC0415

    sentry_sdk.init(
        dsn.get_secret_value(),
        environment=environment,
        release=f"senso@{__version__}",
        before_send=without_secrets,
        # Local variables hold prompts, answers and keys; the stack alone shows the place.
        include_local_variables=False,
        max_request_body_size="never",
        integrations=integrations(),
        # It notes the address of each request of the standard library's client, and that of Slack is a secret.
        disabled_integrations=[StdlibIntegration()],
        # It looks for every library that it knows, and imports Celery where it is installed.
        auto_enabling_integrations=False,
    )
    sentry_sdk.set_tag("part", part)
    return True


def without_secrets(event: Any, _hint: Any) -> Any:
    """Applies the rules of the log at any depth; removes the server's name, which tells where a customer runs it."""
    event.pop("server_name", None)
    return cleaned(event)


def cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: cleaned(inner) for name, inner in scrub(None, "", dict(value)).items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(inner) for inner in value]
    return scrub(None, "", {"text": value})["text"] if isinstance(value, str) else value
