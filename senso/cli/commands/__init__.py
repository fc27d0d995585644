"""The commands and their options, listed in the order of their modules here.

Each imports what it needs when it is called: help and errors come at once.
"""

from senso.cli.commands import (  # isort: skip
    stack, importing, triggers, batches, stops, money, keeping, alarms, directory, names, quality, tokens, sandbox,
    webhooks,
)  # fmt: skip
from senso.cli.commands.program import app

__all__ = [
    "alarms", "app", "batches", "directory", "importing", "keeping", "money", "names", "quality", "sandbox", "stack",
    "stops", "tokens", "triggers", "webhooks",
]  # fmt: skip
