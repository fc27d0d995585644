"""Partners, their credits, and the rows of the ledger behind these."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from senso.api.models import Shown
from senso.states import Entry, LedgerKind


class PartnerListed(Shown):
    """`available`: credits; null if it is not metered. `held`: for open batches."""

    id: UUID
    name: str
    metered: bool
    available: int | None
    held: int
    max_daily_cost_microusd: Annotated[int | None, Field(description="null: no ceiling on what its calls cost a day")]
    orgs: int
    active: int


class PartnerCredits(Shown):
    """As `senso credits --json`."""

    id: UUID
    name: str
    metered: bool
    available: Annotated[int | None, Field(description="null: not metered")]
    held: int
    granted: int
    charged: int
    orgs: int


class Grant(Shown):
    ref: str
    credits: int
    outcome: Literal["granted", "already granted"]


class Granted(PartnerCredits):
    grant: Grant


class LedgerRow(Shown):
    """`credits`: signed. `balance`: after this row. `run`: its number; null where it was pruned."""

    created_at: datetime
    entry: Entry
    credits: int
    balance: int
    idempotency_key: str
    org_id: UUID | None
    kind: LedgerKind | None
    batch_id: UUID | None
    run_id: UUID | None
    run: int | None
