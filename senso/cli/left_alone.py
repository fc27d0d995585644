"""Why `cancel` and `retry` leave a batch that matches as it is."""

from collections.abc import Mapping

from senso.cli.printing import below, out
from senso.states import Action, BatchState

NOTHING = "no batch matches; senso status lists the latest, with --state and --since as here"
ENDED = "ended as {}: nothing to cancel"
# Why a batch is left as it is, by its state or by what was found.
WHY: dict[Action, dict[str, str]] = {
    Action.CANCEL: {
        **{state: ENDED.format(state) for state in (BatchState.COMPLETED, BatchState.PARTIAL, BatchState.FAILED)},
        BatchState.CANCELLED: "cancelled already",
    },
    Action.RETRY: {
        BatchState.QUEUED: "queued already",
        BatchState.RUNNING: "under way already",
        BatchState.COMPLETED: "completed: nothing of it failed",
        BatchState.CANCELLED: "cancelled before: --reopen asks for the rest of it",
    },
}


def print_left(action: Action, left: Mapping[str, int]) -> None:
    for why, count in left.items():
        out.print(below(f"- {count} left: {WHY[action].get(why, why)}"))
