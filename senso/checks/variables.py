"""Variables that are set and have no effect: reported, so that no one relies on them."""

from senso.checks import Finding
from senso.settings import misspelt, retired, unused


def findings(environment: str) -> list[Finding]:
    ours = [Finding("Environment", "ok", environment)]
    idle = [Finding(name, "note", "set, not used by this version") for name in unused()]
    gone = [Finding(name, "note", "set, no longer used", instead, "unset it") for name, instead in retired().items()]
    wrong = [
        Finding(name, "warning", "set, and no variable of ours", do=f"was {meant} meant?")
        for name, meant in misspelt().items()
    ]
    return [*ours, *idle, *gone, *wrong]
