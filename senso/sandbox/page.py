"""The page of a running sandbox: its settings, its world, its calls, and its faults, to add and to remove."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tornado.template import Loader
from tornado.web import HTTPError, RequestHandler

from senso.sandbox import env
from senso.sandbox.brightdata.inputs import ENGINES
from senso.sandbox.calls import Call
from senso.sandbox.fault_kinds import KINDS, PLACES
from senso.sandbox.fault_rules import OPTIONS, line_of, rule_of
from senso.sandbox.openai.models import MODELS
from senso.sandbox.orgs import Question
from senso.sandbox.state import State
from senso.sandbox.visitors import require_own
from senso.sandbox.world import World

FOLDER = Path(__file__).parent
SHOWN_CALLS = 12
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An organisation on the page, and how it became known to the sandbox."""

    name: str
    websites: tuple[str, ...]
    origin: str
    questions: tuple[Question, ...] = ()


class Paged(RequestHandler):
    def initialize(self, state: State) -> None:
        self.state = state

    def prepare(self) -> None:
        require_own(self.request)

    def set_default_headers(self) -> None:
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def show(self, error: str = "", typed: Mapping[str, str] | None = None) -> None:
        template = Loader(str(FOLDER)).load("page.html")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(template.generate(error=error, typed=typed or {}, **self.contents()))

    def contents(self) -> dict[str, Any]:
        state = self.state
        return {
            "settings": env.lines(f"http://{self.request.host}"),
            "faults": [(number, line_of(rule), fired) for number, rule, fired in state.faults.active()],
            "kinds": KINDS,
            "places": PLACES,
            "counts": state.calls.counts(),
            "latest": [row(call) for call in state.calls.latest(SHOWN_CALLS)],
            "pushes": len(state.pushes),
            "orgs": list(orgs_of(state.world)) if state.world else None,
            "models": [*(engine.slug for engine in ENGINES.values()), *MODELS],
            "seed": state.seed,
            "timing": state.timing,
        }

    def log_exception(self, *_: Any) -> None:
        """Logs nothing: only the client is told of the error."""

    def write_error(self, status_code: int, **failure: Any) -> None:
        said = getattr(failure["exc_info"][1], "log_message", None)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"sandbox: {said or status_code}\n")


class Page(Paged):
    def get(self) -> None:
        self.show()


class Style(Paged):
    def get(self) -> None:
        self.set_header("Content-Type", "text/css; charset=utf-8")
        self.finish((FOLDER / "page.css").read_bytes())


class AddFault(Paged):
    def post(self) -> None:
        typed = {name: self.get_body_argument(name, "") for name in ("fault", *OPTIONS)}
        where, _, kind = typed["fault"].partition(" ")
        try:
            rule = rule_of(typed | {"where": where, "kind": kind})
        except ValueError as error:
            self.set_status(400)
            self.show(str(error), typed)
            return
        self.state.faults.add([rule])
        self.redirect("/#faults", status=303)


class RemoveFaults(Paged):
    """Removes one fault by its number, or all of them."""

    def post(self) -> None:
        number = self.get_body_argument("number", "")
        if number == "all":
            self.state.faults.clear()
        elif not number.isdecimal():
            raise HTTPError(400, "which fault is to be removed?")
        else:
            self.state.faults.remove(int(number))  # another request may have removed it already
        self.redirect("/#faults", status=303)


def orgs_of(world: World) -> Iterator[Shown]:
    for org in world.orgs:
        yield Shown(org.name, org.websites, "made up", tuple(world.questions(org)))
    asked: dict[str, list[Question]] = {}
    for question in world.guests.asked.values():
        for org in question.orgs:
            asked.setdefault(org.name, []).append(question)
    for name, questions in asked.items():
        org = next(org for org in questions[0].orgs if org.name == name)
        yield Shown(name, org.websites, "of your file", tuple(questions))
    for org in world.guests.met.values():
        if org.name not in asked and all(org.name != own.name for own in world.orgs):
            yield Shown(org.name, org.websites, "its names were asked for")


def row(call: Call) -> dict[str, str]:
    return {
        "at": datetime.fromtimestamp(call.at, UTC).strftime("%H:%M:%S"),
        "where": call.where,
        "about": about(call),
        "status": "open" if call.seconds is None else str(call.status or "no reply"),
        "fault": call.fault or "",
        "seconds": "" if call.seconds is None else f"{call.seconds:.2f} s",
    }


def about(call: Call) -> str:
    prompts = [str(asked.get("prompt", asked.get("custom_id"))) for asked in call.inputs]
    more = f" and {len(prompts) - 1} more" if len(prompts) > 1 else ""
    which = call.custom_id or call.batch_id or call.file_id or call.snapshot_id
    told = [call.request, call.model, call.organisation, call.question, prompts[0] + more if prompts else which]
    return ", ".join(filter(None, told))


ROUTES = (
    ("/", Page),
    ("/_sandbox/?", Page),
    ("/_sandbox/page.css", Style),
    ("/_sandbox/page/add", AddFault),
    ("/_sandbox/page/remove", RemoveFaults),
)
