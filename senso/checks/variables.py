"""What is set and does nothing: said, so that nobody relies on it."""

from senso.checks import Finding
from senso.settings import misspelt, settings, unused


def findings() -> list[Finding]:
    ours = [Finding("Environment", "ok", settings().environment)]
    idle = [Finding(name, "note", "set, not used by this version") for name in unused()]
    wrong = [
        Finding(name, "warning", "set, and no variable of ours", do=f"was {meant} meant?")
        for name, meant in misspelt().items()
    ]
    return [*ours, *idle, *wrong]
