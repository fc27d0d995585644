"""Webhooks whose sender dies: each event arrives, and a receiver that takes each `webhook-id` once sees it once."""

import threading
from collections import Counter

import pytest
from hooks import HELD, Receiver
from load import A_LOAD, commanded

from senso.workflows.webhooks import signing

REACHED = {"ENCRYPTION_KEYS": HELD, "WEBHOOKS_TO_LOOPBACK": "true"}
IN_HANDS = "SELECT key FROM deliveries WHERE status = 'pending' AND lease_until > now()"
ARRIVED = "SELECT count(*) FROM deliveries WHERE status = 'sent' AND key = ANY(:keys)"
PATIENCE_SECONDS = 120  # a lease of a minute, and the relay that looks each few seconds


class Holding(Receiver):
    """Answers nothing until it is let go; then perhaps whoever asked is dead."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.server.handle_error = lambda *_: None

    def reply(self, request):
        self.let_go.wait()
        return super().reply(request)


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


@pytest.fixture
def holding():
    with Holding() as made:
        yield made
        made.let_go.set()


def test_killed_after_a_delivery_and_before_its_row(fault, receiver):
    with fault(43, "kill -9 between a delivery and its row", own_load=True, environment=REACHED,
        failpoints=[{"at": "delivery sent", "do": "kill"}]) as it:  # fmt: skip
        secret = hooked(it.product, receiver)
        it.product.wait_for_strike("delivery sent")
        it.product.wait_for_death()
        held = in_hands(it.product)
        it.strikes(processes=1, deliveries=len(held))
        it.recovered(sent_again(it.product, held))
        taken = taken_by(it, receiver, secret)

    assert 1 <= len(again(taken)) <= len(held)
    assert again(taken) <= held


def test_killed_while_the_receiver_has_not_answered_yet(fault, holding):
    with fault(43, "kill -9 while a receiver holds a delivery open", own_load=True, environment=REACHED) as it:
        secret = hooked(it.product, holding)
        it.product.until(lambda: holding.requests, 90, "nothing was sent")
        it.strikes(processes=1)
        it.product.kill("control-1")
        held, came = in_hands(it.product), ids(holding)
        it.hit(deliveries=len(held))
        holding.let_go.set()
        it.recovered(sent_again(it.product, held))
        taken = taken_by(it, holding, secret)

    assert again(taken) == set(came) <= held


def hooked(product, receiver) -> str:
    """A webhook of all partners, its secret; and work that ends."""
    made = commanded("webhooks", "--add", receiver.url)
    product.load.begin(A_LOAD)
    return made["secret"]


def in_hands(product) -> set[str]:
    """Of whom was killed just now: nobody else sends yet."""
    return {row["key"] for row in product.make.sql(IN_HANDS)}


def sent_again(product, held: set[str]) -> float:
    keys = sorted(held)
    return product.until(
        lambda: product.make.one(ARRIVED, keys=keys) == len(keys), PATIENCE_SECONDS, "it was never sent again"
    )


def taken_by(it, receiver, secret: str) -> Counter[str]:
    """How often each event came. Every end came, once in the rows, in the same words, signed each time."""
    product = it.product
    product.load.enough()
    product.end()
    wanted = "SELECT count(*) FROM deliveries WHERE status = 'pending'"
    product.until(lambda: product.make.one(wanted) == 0, PATIENCE_SECONDS, "not all was delivered")
    taken = Counter(ids(receiver))
    it.row.note = f"{taken.total()} requests for {len(taken)} events"
    rows = product.make.sql("SELECT key, batch_id FROM deliveries WHERE status = 'sent'")
    assert set(taken) == {row["key"] for row in rows}, "ids other than those of the rows"
    ended = product.make.sql("SELECT id FROM batches WHERE ended_at IS NOT NULL")
    assert Counter(row["batch_id"] for row in rows) == Counter(batch["id"] for batch in ended)
    assert len({(id_of(request), request.body) for request in receiver.requests}) == len(taken)
    assert all(is_signed(request, secret) for request in receiver.requests)
    return taken


def again(taken: Counter[str]) -> set[str]:
    """Events that came twice; none came more often."""
    assert max(taken.values()) <= 2
    return {id_ for id_, times in taken.items() if times > 1}


def ids(receiver) -> list[str]:
    return [id_of(request) for request in receiver.requests]


def id_of(request) -> str:
    return request.headers["webhook-id"]


def is_signed(request, secret: str) -> bool:
    wanted = signing.signature(secret, id_of(request), int(request.headers["webhook-timestamp"]), request.body)
    return request.headers["webhook-signature"] == wanted
