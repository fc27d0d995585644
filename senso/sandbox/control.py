"""/_sandbox: what a test or a demonstration sets and reads. No vendor has any of it."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from tornado.web import HTTPError, RequestHandler

from senso.sandbox.fault_rules import rule_from
from senso.sandbox.lies import KINDS, NAME_KINDS
from senso.sandbox.state import State, Timing
from senso.sandbox.visitors import require_own


class Control(RequestHandler):
    def initialize(self, state: State) -> None:
        self.state = state

    def prepare(self) -> None:
        require_own(self.request)

    def json_body(self) -> Any:
        try:
            return json.loads(self.request.body)
        except ValueError as error:
            raise HTTPError(400) from error

    def show(self, value: Any) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value, ensure_ascii=False))

    def checked(self, work: Callable[[], None]) -> None:
        """Refuses a wrong request as a whole, with one line."""
        try:
            work()
        except (ValueError, TypeError) as error:
            raise HTTPError(400) from error

    def log_exception(self, *_: Any) -> None:
        """Logs nothing: only the client is told of the error."""

    def write_error(self, status_code: int, **failure: Any) -> None:
        error = failure["exc_info"][1]
        said = error.__cause__ or getattr(error, "log_message", None) or error
        self.show({"error": str(said), "status": status_code})


class FaultsControl(Control):
    def get(self) -> None:
        self.show(self.state.faults.listed())

    def post(self) -> None:
        given = self.json_body()
        rules = given if isinstance(given, list) else [given]
        self.checked(lambda: self.state.faults.add([rule_from(rule) for rule in rules]))
        self.show(self.state.faults.listed())

    def delete(self) -> None:
        self.state.faults.clear()
        self.show([])


class FaultControl(Control):
    """One fault, by its number."""

    def delete(self, number: str) -> None:
        if not self.state.faults.remove(int(number)):
            raise HTTPError(404, f"no fault has the number {number}")
        self.show(self.state.faults.listed())


class TruthControl(Control):
    """What a perfect reader finds in one answer, to compare the product's findings with."""

    def get(self) -> None:
        if self.state.world is None:
            raise HTTPError(404, "recorded answers have no truth")
        question, model, country = (self.get_query_argument(name, "") for name in ("question", "model", "country"))
        organisation = self.get_query_argument("organisation", None)
        try:
            self.show(asdict(self.state.world.truth(question, model, country, organisation)))
        except KeyError:
            raise HTTPError(404, f"this question is not about {organisation}") from None


class TimingControl(Control):
    """Also the number of jobs that BrightData runs at once: a full queue often is what makes it slow."""

    def get(self) -> None:
        self.show(asdict(self.state.timing) | {"running_jobs_limit": self.state.running_jobs_limit})

    def post(self) -> None:
        self.checked(lambda: self._set(self.json_body()))
        self.get()

    def _set(self, wanted: dict[str, float]) -> None:
        known = [field.name for field in fields(Timing)]
        for name, value in wanted.items():
            if name not in [*known, "running_jobs_limit"] or not isinstance(value, int | float) or value < 0:
                raise ValueError(
                    f"timing has {', '.join(known)}, running_jobs_limit, each 0 or more; not {name}={value}"
                )
        for name, value in wanted.items():
            setattr(self.state.timing if name in known else self.state, name, value)


class LiesControl(Control):
    def get(self) -> None:
        self.show(self.state.liar.told())

    def post(self) -> None:
        self.checked(lambda: self._tune(self.json_body()))
        self.show(self.state.liar.told())

    def delete(self) -> None:
        self.state.liar.clear()
        self.show([])

    def _tune(self, wanted: dict[str, Any]) -> None:
        known, others = (*KINDS, *NAME_KINDS), wanted.get("names")
        kinds = wanted.get("kinds", known)
        if not 0 <= wanted.get("share", -1) <= 1 or not set(kinds) <= set(known):
            raise ValueError(f"lies need a share between 0 and 1, and kinds out of {', '.join(known)}")
        if others is not None and not all(isinstance(name, str) for name in others):
            raise ValueError("names are texts: what is said to be a name of each organisation")
        self.state.liar.tune(wanted["share"], kinds, others)


class ObeysControl(Control):
    """Whether the reader does what an answer orders, and what it has obeyed."""

    def get(self) -> None:
        self.show(self.state.liar.obedience.done())

    def post(self) -> None:
        self.checked(lambda: self._tune(self.json_body()))
        self.get()

    def delete(self) -> None:
        self.state.liar.obedience.clear()
        self.show([])

    def _tune(self, wanted: dict[str, Any]) -> None:
        orders = wanted.get("orders", [])
        known = isinstance(wanted.get("obeys"), bool) and isinstance(orders, list)
        if not known or not all(isinstance(order, str) and order for order in orders):
            raise ValueError("obeys is true or false, and orders are texts that are obeyed in addition")
        self.state.liar.obedience.tune(obeys=wanted["obeys"], orders=orders)


class CallsControl(Control):
    def get(self) -> None:
        self.show(self.state.calls.listed(self.get_query_argument("where", None)))

    def delete(self) -> None:
        self.state.calls.clear()
        self.show([])


class PushesControl(Control):
    def get(self) -> None:
        self.show(self.state.pushes)

    def delete(self) -> None:
        self.state.pushes.clear()
        self.show([])


class SlackControl(Control):
    def get(self) -> None:
        self.show(self.state.slack)

    def delete(self) -> None:
        self.state.slack.clear()
        self.show([])


ROUTES = (
    ("/_sandbox/faults", FaultsControl),
    (r"/_sandbox/faults/(\d{1,9})", FaultControl),
    ("/_sandbox/truth", TruthControl),
    ("/_sandbox/timing", TimingControl),
    ("/_sandbox/lies", LiesControl),
    ("/_sandbox/obeys", ObeysControl),
    ("/_sandbox/calls", CallsControl),
    ("/_sandbox/pushes", PushesControl),
    ("/_sandbox/slack", SlackControl),
)
