"""What the workers would do, one after the other in this process."""

from uuid import UUID

from senso.tasks.ask import ask_batch, read
from senso.tasks.matrix import find_names, open_batch
from senso.tasks.score import finish_batch
from senso.tasks.ticks import admit


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
