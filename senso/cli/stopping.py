"""`cancel` and `retry`."""

from uuid import UUID

from senso.cli.printing import err, out, print_json
from senso.cli.standing import load, show
from senso.cli.surroundings import connected, require_redis
from senso.cli.who import actor
from senso.db import transaction
from senso.quantities import counted
from senso.queries import workers

SAID = {
    "cancelled": "is cancelled: charged now for {charged} that had been read, and what was held is released",
    "already": "is cancelled already; nothing was changed",
    "finished": "had read everything, so it has ended as what it is; there was nothing to cancel",
}


def cancel(batch: UUID, *, as_json: bool) -> None:
    """Works without Redis: the rows say it all, and what must be sent for it is sent later."""
    with connected():
        from senso.tasks import stopping  # noqa: PLC0415  needs the broker's URL, which may be new
        from senso.tasks.trigger import By  # noqa: PLC0415

        done = stopping.cancel(batch, By(actor()))
        stands = load(batch) | {"outcome": done.outcome}
    if as_json:
        print_json(stands)
        return
    out.print(f"Batch {batch} {SAID[done.outcome].format(charged=counted(done.charged, 'answer'))}.", soft_wrap=True)
    show(stands, as_json=False)


def retry(batch: UUID, *, as_json: bool) -> None:
    with connected():
        require_redis()
        from senso.tasks import stopping  # noqa: PLC0415  needs the broker's URL, which may be new
        from senso.tasks.trigger import By  # noqa: PLC0415

        stopping.retry(batch, By(actor()))
        stands = load(batch) | {"outcome": "queued"}
        with transaction() as db:
            idle = not workers.living(db)
    if as_json:
        print_json(stands)
        return
    out.print(f"Batch {batch} is queued again, as episode {stands['episode']}.", soft_wrap=True)
    show(stands, as_json=False)
    if idle:
        err.print("No worker is running: start them with `senso up`.")
