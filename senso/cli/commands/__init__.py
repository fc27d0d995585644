"""The commands and their options, listed in the order of their modules here.

Each imports what it needs when it is called: help and errors come at once.
"""

from senso.cli.commands import stack, importing, triggers, batches, stops, money, directory, sandbox  # isort: skip
from senso.cli.commands.program import app

__all__ = ["app", "batches", "directory", "importing", "money", "sandbox", "stack", "stops", "triggers"]
