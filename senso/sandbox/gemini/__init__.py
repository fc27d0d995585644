"""The endpoints of Gemini: `ROUTES`.

They are imported when they are first asked for. The table of all faults reads `faults` of this package, and what an
endpoint is built on reads that table.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "ROUTES":
        raise AttributeError(name)
    from senso.sandbox.gemini.handlers import ROUTES  # noqa: PLC0415 - see above

    return ROUTES
