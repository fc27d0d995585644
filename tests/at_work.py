"""What the workers would do, one after the other in this process."""

from uuid import UUID

from senso.tasks.periodic import admit
from senso.tasks.stages import (
    ask_batch,
    extract,
    find_names,
    finish_batch,
    finish_readers,
    gather,
    open_batch,
    open_members,
    read,
)

RUNNING = """
    SELECT b.id FROM batches n JOIN batches b ON (b.network_id, b.batch_date) = (n.network_id, n.batch_date)
    WHERE n.id = :asked_by AND b.kind = 'network_org' AND b.state = 'running' ORDER BY b.id
"""


def start(batch: UUID) -> None:
    admit()
    open_batch(str(batch))
    find_names(str(batch))
    ask_batch(str(batch))


def work_off_network(make, batch: UUID, *, windows: int = 1) -> list[UUID]:
    """The batch of a network, then the batches of its orgs, which it returns. Without windows, nothing is read yet."""
    start(batch)
    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")
    open_members(str(batch))
    same = make.sql(
        "SELECT id FROM batches WHERE kind = 'network' AND network_id = :n", n=make.state(batch)["network_id"]
    )
    for earlier in (one["id"] for one in same if one["id"] != batch):
        read_for_all(make, earlier)
    return read_for_all(make, batch, windows=windows)


def read_for_all(make, asked_by: UUID, *, windows: int = 1) -> list[UUID]:
    """What waits to be read of a network's answers, by whichever batches."""
    admit()
    readers = [one["id"] for one in make.sql(RUNNING, asked_by=asked_by)]
    for reader in readers:
        start(reader)
    gather(str(asked_by))
    for _ in range(windows):
        extract(*map(str, make.runs(asked_by)))
        finish_readers(str(asked_by), "chord")
    return readers


def work_off(make, batch: UUID) -> None:
    start(batch)
    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")
