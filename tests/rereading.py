"""Batches whose answers were read, and readings again of them."""

from operating import Initiator

from senso.extraction import READING_VERSION
from senso.queries.reevaluations import Reevaluation, Scope
from senso.settings import settings
from senso.workflows.rereading import applying, opening
from senso.workflows.rereading.applying import Applied, Applying
from senso.workflows.rereading.opening import Order
from senso.workflows.rereading.reading import Rereader

ME = Initiator("mara")


def begin(scope: Scope, *, is_compared: bool = False) -> Reevaluation:
    found, _goes_on = opening.begin(Order(scope, READING_VERSION, is_compared, ME.actor))
    return opening.plan(found)


def read_all(of: Reevaluation) -> None:
    Rereader(of, lambda: None).work_off()


def apply(of: Reevaluation) -> Applied:
    return Applying(of, ME.actor, is_pushed=settings().application_api_url is not None).apply()


def read_again(scope: Scope) -> Applied:
    """As the command does."""
    of = begin(scope)
    with opening.alone(of):
        read_all(of)
        done = apply(of)
        applying.end(of)
    return done
