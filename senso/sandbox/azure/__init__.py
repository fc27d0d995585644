"""Azure OpenAI at /azure: OpenAI's formats on deployments, under the classic URLs and those of the v1 API.

ROUTES is loaded when the server asks for it: what the endpoints import imports `faults`, which lies here, too.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "ROUTES":
        raise AttributeError(name)
    from senso.sandbox.azure.endpoints import ROUTES  # noqa: PLC0415 - see above

    return ROUTES
