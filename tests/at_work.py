"""What the workers would do, one after the other in this process."""

from uuid import UUID

from senso.tasks.periodic import admit
from senso.tasks.stages import ask_batch, find_names, finish_batch, open_batch, read


def start(batch: UUID) -> None:
    admit()
    open_batch(str(batch))
    find_names(str(batch))
    ask_batch(str(batch))


def work_off(make, batch: UUID) -> None:
    start(batch)
    for run in make.runs(batch):
        read(str(run))
    finish_batch(str(batch), "chord")
