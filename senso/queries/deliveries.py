"""What is sent to webhooks: a row for each event and webhook, claimed before it is sent.

The number of tries is the fence: it rises with each claim, and a sender whose lease has ended changes nothing that a
later one has claimed.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db.lease import LEASE, UNLEASED
from senso.db.planner import looked_up
from senso.db.statement import Prepared
from senso.policy import Policy
from senso.states import HookEvent


@dataclass(frozen=True, slots=True)
class DeliveryWork:
    """`secret`: sealed."""

    key: str
    webhook_id: UUID
    event: HookEvent
    body: str
    tries: int
    url: str
    secret: str


INSERT = Prepared("""
    INSERT INTO deliveries (key, webhook_id, batch_id, event, body)
    VALUES (:key, :webhook, :batch, :event, :body)
    ON CONFLICT (key) DO NOTHING
    RETURNING key
""")


def insert(db: Connection, key: str, webhook: UUID, batch: UUID | None, event: HookEvent, body: str) -> bool:
    """False if the webhook has been told of it."""
    values = {"key": key, "webhook": webhook, "batch": batch, "event": event, "body": body}
    return bool(INSERT.column(db, values))


# Look-ups by key, and not joins: a plan for empty tables would read one of them from end to end.
OF_WEBHOOK = "(SELECT w.{} FROM webhooks w WHERE w.id = d.webhook_id)"
IS_WANTED = f"({OF_WEBHOOK.format('active')} OR d.event = '{HookEvent.TEST}')"
IS_DUE = f"status = 'pending' AND next_at <= now() AND {UNLEASED}"
CLAIM = f"""
    UPDATE deliveries d SET tries = tries + 1, lease_until = {LEASE}
    WHERE d.key = {{}} AND {looked_up("d.status")} = 'pending' AND d.next_at <= now() AND {UNLEASED} AND {IS_WANTED}
        AND (SELECT count(*) FROM deliveries o WHERE o.webhook_id = d.webhook_id AND o.status = 'pending'
            AND o.lease_until > now()) < CAST(:at_a_time AS int)
    RETURNING key, webhook_id, event, body, tries, {OF_WEBHOOK.format("url")} AS url,
        {OF_WEBHOOK.format("secret")} AS secret
"""
CLAIM_ONE = Prepared(CLAIM.format(":key"))
CLAIM_NEXT = Prepared(
    CLAIM.format(f"""(
        SELECT key FROM deliveries WHERE webhook_id = :webhook AND {IS_DUE}
        ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )""")
)


def claim(db: Connection, key: str, policy: Policy) -> DeliveryWork | None:
    """None if it is sent, not due, under way, or its webhook has enough under way: whoever sends these goes on."""
    return claimed(db, CLAIM_ONE, {"key": key}, policy)


def claim_next(db: Connection, webhook: UUID, policy: Policy) -> DeliveryWork | None:
    """Another one that is due for the same webhook."""
    return claimed(db, CLAIM_NEXT, {"webhook": webhook}, policy)


def claimed(db: Connection, statement: Prepared, which: dict[str, object], policy: Policy) -> DeliveryWork | None:
    values = {"lease": policy.push_lease_seconds, "at_a_time": policy.deliveries_at_a_time}
    found = statement.one(db, values | which)
    return DeliveryWork(**found | {"event": HookEvent(found["event"])}) if found else None


# Whoever's it is: it has arrived.
SENT = Prepared("""
    UPDATE deliveries SET status = 'sent', sent_at = now(), error = NULL, lease_until = NULL, response_status = :status
    WHERE key = :key AND status <> 'sent'
""")
AGAIN = Prepared(f"""
    UPDATE deliveries SET error = :error, response_status = CAST(:status AS int), lease_until = NULL,
        next_at = now() + make_interval(secs => :seconds),
        status = CASE WHEN tries >= :most OR event = '{HookEvent.TEST}' THEN 'failed' ELSE 'pending' END
    WHERE key = :key AND tries = :tries AND {looked_up("status")} = 'pending'
    RETURNING status
""")
# Nothing else that was made for the webhook since then has been accepted.
NOTHING_ELSE_ARRIVED = text("""
    SELECT NOT EXISTS (SELECT FROM deliveries d JOIN deliveries o ON o.webhook_id = d.webhook_id
        WHERE d.key = :key AND o.sent_at > d.created_at)
""")
# A few of each webhook: one that is away for long must not keep the others waiting.
DUE = text(f"""
    SELECT d.key FROM webhooks w CROSS JOIN LATERAL (
        SELECT key, next_at FROM deliveries d WHERE webhook_id = w.id AND {IS_DUE} AND {IS_WANTED}
        ORDER BY next_at LIMIT :at_a_time
    ) d
    ORDER BY d.next_at LIMIT 100
""")


def sent(db: Connection, work: DeliveryWork, status: int) -> None:
    SENT.rows(db, {"key": work.key, "status": status})


def again(db: Connection, work: DeliveryWork, error: str, status: int | None, seconds: float, policy: Policy) -> bool:
    """Whether it is given up. `status`: of the answer, if there was one."""
    values = {"key": work.key, "tries": work.tries, "error": error, "status": status}
    return AGAIN.column(db, values | {"seconds": seconds, "most": policy.push_tries}) == ["failed"]


def nothing_else_arrived(db: Connection, work: DeliveryWork) -> bool:
    return bool(db.execute(NOTHING_ELSE_ARRIVED, {"key": work.key}).scalar_one())


def due(db: Connection, policy: Policy) -> list[str]:
    return list(db.execute(DUE, {"at_a_time": policy.deliveries_at_a_time}).scalars())


PRUNE = text("""
    DELETE FROM deliveries WHERE status <> 'pending' AND created_at < now() - make_interval(days => :days)
""")


def prune(db: Connection, policy: Policy) -> None:
    db.execute(PRUNE, {"days": policy.deliveries_kept_days})
