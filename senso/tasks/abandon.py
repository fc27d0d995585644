"""Jobs at a vendor that nobody waits for any more are cancelled there: else they count against its limit."""

from uuid import UUID

from senso.db import transaction
from senso.errors import NotFound, OutsideError
from senso.log import logger
from senso.providers import Ticket
from senso.queries import snapshots
from senso.tasks.app import stage
from senso.tasks.reach import provider

log = logger(__name__)


@stage("cancel_snapshots")
def cancel_snapshots(batch_id: str, **_: object) -> str:
    """Jobs of a batch that ended without them: not cancelled, they count against the vendor's limit."""
    try:
        with transaction() as db:
            left = snapshots.abandoned(db, UUID(batch_id))
    except NotFound:
        return batch_id
    for _id, name, external_id in left:
        cancel(name, Ticket(external_id=external_id))
    return batch_id


def cancel(name: str, ticket: Ticket) -> None:
    try:
        provider(name).cancel(ticket)
    except OutsideError as error:
        log.warning("an abandoned job could not be cancelled", external_id=ticket.external_id, error=str(error))
