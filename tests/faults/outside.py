"""What the stand-in for the providers and the application saw, call by call, held against the rows.

The bound of what may be paid for twice is what a test took from somebody's hands, not what the product says of itself.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ends import Claims
from ground import Sandbox

Thing = tuple[Any, ...]  # what a call is for, as the provider sees it; two runs may look the same from there
# Faults of a whole job that brings no answer, and whose questions are asked again.
FRUITLESS = ("never-ready", "snapshot-failed", "snapshot-empty", "snapshot-expired")
RUNS = """
    SELECT r.id, q.text AS question, m.name AS model, l.country, r.answer_text, o.name AS org, r.snapshot_id,
        m.slug FROM question_runs r JOIN questions q ON q.id = r.question_id JOIN models m ON m.id = r.model_id
        JOIN locations l ON l.id = r.location_id JOIN batches b ON b.id = r.batch_id JOIN orgs o ON o.id = b.org_id
"""
CALLS = """
    SELECT c.purpose, c.run_id, c.org_id, o.name AS org FROM llm_calls c JOIN orgs o ON o.id = c.org_id
    WHERE c.provider = 'openai'
"""


class Outside:
    """Of one look at the log: everything has ended."""

    def __init__(self, sandbox: Sandbox, sql: Any) -> None:
        self.calls = [call for call in sandbox.calls() if call["where"].startswith(("openai.", "brightdata.trigger"))]
        self.runs = {str(run["id"]): run for run in sql(RUNS)}
        self.announced = Counter(self.things_of_rows(sql(CALLS)))
        self.orgs = {str(org["id"]): org["name"] for org in sql("SELECT id, name FROM orgs")}

    def doubled(self) -> dict[Thing, int]:
        """How often each thing was asked beyond once; a call that was made to fail is no answer."""
        return dict(self.asked() - self.wanted()) | dict(self.submitted() - self.wanted_of_jobs())

    def unexcused(self, hands: Claims) -> list[str]:
        """Doubles beyond what those held who were ended, each thing by itself; and calls that no row announced."""
        taken = Counter(thing for claim in hands if (thing := self.thing_of(claim)))
        doubles = Counter(self.doubled()) - taken
        unannounced = self.reached() - self.announced
        return [f"{n} more of {thing}" for thing, n in doubles.items()] + [
            f"{n} without a row: {thing}" for thing, n in unannounced.items()
        ]

    def asked(self) -> Counter[Thing]:
        return Counter(thing_of(call) for call in self.calls if is_direct(call) and call["fault"] is None)

    def reached(self) -> Counter[Thing]:
        """Whatever came of it. A reading is known by its org alone, since its answer may be gone."""
        return Counter(without_answer(thing_of(call)) for call in self.calls if is_direct(call))

    def wanted(self) -> Counter[Thing]:
        found: Counter[Thing] = Counter()
        for run in self.runs.values():
            found[ask_of(run)] += 1
            if run["answer_text"] is not None:
                found[read_of(run)] += 1
        return found + Counter({("names", org): 1 for org in {run["org"] for run in self.runs.values()}})

    def submitted(self) -> Counter[Thing]:
        """Questions of the jobs that the vendor took, also of one whose reply was lost; not what was made to fail."""
        taken = [call for call in self.calls if call["where"] == "brightdata.trigger" and call["snapshot_id"]]
        return Counter(
            ("job", call["model"], one["prompt"], one["country"])
            for call in taken
            if call["fault"] not in FRUITLESS
            for one in call["inputs"]
            if "fault" not in one
        )

    def wanted_of_jobs(self) -> Counter[Thing]:
        jobs = [run for run in self.runs.values() if run["snapshot_id"]]
        return Counter(("job", run["slug"], run["question"], run["country"]) for run in jobs)

    def thing_of(self, claim: str) -> Thing | None:
        """None for a reading whose answer was never saved."""
        kind, id_, _ = claim.split()
        if kind == "names":
            return ("names", self.orgs[id_])
        if kind == "job" or id_ not in self.runs:
            return None  # a job is found again at the vendor: none may be submitted twice
        run = self.runs[id_]
        return ask_of(run) if kind == "ask" else read_of(run) if run["answer_text"] is not None else None

    def things_of_rows(self, calls: Iterable[dict[str, Any]]) -> Iterable[Thing]:
        for call in calls:
            if call["purpose"] == "names":
                yield ("names", call["org"])
                continue
            run = self.runs[str(call["run_id"])]
            yield ask_of(run) if call["purpose"] == "ask" else ("read", call["org"], run["question"])


def is_direct(call: dict[str, Any]) -> bool:
    return call["where"] in ("openai.responses", "openai.chat")


def thing_of(call: dict[str, Any]) -> Thing:
    if call["where"] == "openai.responses":
        return ("ask", call["question"], call["model"], call["country"])
    if call["schema"] == "name_variations":
        return ("names", call["organisation"])
    return ("read", call["organisation"], call["question"], call["answer"])


def without_answer(thing: Thing) -> Thing:
    return thing[:3] if thing[0] == "read" else thing


def ask_of(run: dict[str, Any]) -> Thing:
    return ("ask", run["question"], run["model"], run["country"])


def read_of(run: dict[str, Any]) -> Thing:
    digest = hashlib.sha256(run["answer_text"].encode(errors="surrogatepass")).hexdigest()[:12]
    return ("read", run["org"], run["question"], digest)


def pushes_missing(sandbox: Sandbox, sql: Any) -> list[str]:
    """Batches of whose end the application was not told, or twice in different words."""
    told = {push["idempotency_key"]: push for push in sandbox.pushes()}
    ended = sql(
        "SELECT 'push:' || id || ':' || episode AS key FROM batches WHERE planned IS NOT NULL "
        "AND state IN ('completed', 'partial', 'failed')"
    )
    wanted = {row["key"] for row in ended}
    changed = {key for key, push in told.items() if not push.get("same_body", True)}
    return sorted(wanted ^ {key for key in told if told[key]["status"] == 200} | changed)
