"""An application without routes, pages of its own, or traces."""

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from senso.api import problems
from senso.api.body_limits import BodyLimits

# A trace holds the path of a request, and with it the key of who sends events.
NO_TELEMETRY = TelemetryConfig(auto_configure=False, tracing=False, metrics=False, logs=False)


def bare() -> FastAPI:
    """With problem+json for what there is not, and limits to bodies."""
    made = FastAPI(telemetry=NO_TELEMETRY, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    made.add_exception_handler(HTTPException, problems.of_routing)
    made.add_middleware(BodyLimits)
    return made
