"""How far a batch has come in each of its stages, for bars."""

from senso.dashboard.states_shown import BAD, BUSY, GOOD, IDLE, WARN
from senso.reads.status import BatchStatus
from senso.states import OPEN_BATCHES, BatchKind, BatchState, PushStatus

# Name, done, all, kind: as `stages` of templates/parts.html takes them.
Bar = tuple[str, int, int, str]
SCORED = (BatchState.COMPLETED, BatchState.PARTIAL, BatchState.FAILED)
PUSHED = {PushStatus.SENT: GOOD, PushStatus.PENDING: BUSY, PushStatus.FAILED: BAD}


def bars(one: BatchStatus) -> list[Bar]:
    """A network's batch reads nothing itself; one that reads a network's answers asks nothing."""
    found = [matrix(one)]
    if one.kind is not BatchKind.NETWORK_ORG:
        found.append(counted("ask", one.answered, one))
    if one.kind is not BatchKind.NETWORK:
        found.append(counted("extract", one.evaluated, one))
    return [*found, *ending(one)]


def matrix(one: BatchStatus) -> Bar:
    is_open = one.planned is not None and (one.remaining is not None or one.state not in OPEN_BATCHES)
    return "matrix", int(is_open), 1, GOOD if is_open else waiting(one)


def counted(name: str, done: int, one: BatchStatus) -> Bar:
    planned = one.planned or 0
    done = min(done, planned)
    if planned and done == planned:
        return name, done, planned, GOOD
    if one.state in OPEN_BATCHES:
        return name, done, planned, BUSY if one.remaining is not None else IDLE
    return name, done, planned, WARN if done else BAD


def ending(one: BatchStatus) -> list[Bar]:
    is_over = one.state in SCORED or (one.state is BatchState.CANCELLED and one.charged > 0)
    kind = GOOD if is_over else BUSY if one.remaining == 0 and one.state is BatchState.RUNNING else IDLE
    sent = one.push is PushStatus.SENT
    push: Bar = ("push", int(sent), int(one.push in PUSHED), PUSHED.get(one.push, IDLE) if one.push else IDLE)
    return [("score", int(is_over), 1, kind), ("charge", int(is_over), 1, kind), push]


def waiting(one: BatchStatus) -> str:
    if one.state is BatchState.RUNNING:
        return BUSY
    return WARN if one.state is BatchState.BLOCKED else IDLE
