"""Claims in the hands of a test, and whatever their owner may write of them."""

from senso.db import transaction
from senso.extraction import Occurrence, Reading
from senso.policy import POLICY
from senso.providers import READING_TOKENS, Answer, Completion, Usage
from senso.queries import evaluation_endings, evaluations, runs
from senso.queries.models import Model, Reader
from senso.queries.prompts import alone
from senso.queries.runs import Report

REPORT = Report("failed", Usage(tokens_in=10), 7, 1)
READER = Model("gpt-6-luna", "openai", "gpt-6-luna")
READERS = [Reader(READER, READING_TOKENS)]
VERSION = {"readers": READERS, "prompts": alone("v1")}
READING = Reading(
    mentioned=True,
    mention_text="Larch Hill is good.",
    sentiment="positive",
    evidence="Larch Hill is good.",
    rank=1,
    share_of_text=0.5,
    share_of_entries=0.5,
    competitors=("Vantry",),
    occurrences=(Occurrence(0, 10, "Larch Hill", "named", kept=True),),
    claims=(),
    marks=(),
    completion=Completion("{}", "m-1", Usage(), "openai"),
)


def save_answer(db, work):
    row = runs.answer_row(work, Answer(work.run.number, text="An answer."), (), REPORT)
    evaluations.save_answers_and_claim(db, [row], "me", POLICY, **VERSION)


def fail_run(db, work):
    runs.fail(db, work, REPORT, "refused")


def put_run_back(db, work):
    runs.put_back(db, work, REPORT, "away", seconds=60, counts_as_failure=True)


def save_reading(db, work):
    evaluation_endings.save(db, [evaluation_endings.reading_row(work, READING, REPORT, version="v1")])


def fail_reading(db, work):
    evaluation_endings.fail(db, work, REPORT, "refused")


def put_reading_back(db, work):
    evaluation_endings.put_back(db, work, REPORT, "away", seconds=60, counts_as_failure=True)


OF_RUNS, OF_READINGS = (save_answer, fail_run, put_run_back), (save_reading, fail_reading, put_reading_back)
BACK, ENDING = (put_run_back, put_reading_back), (fail_run, save_reading, fail_reading)

KEPT = "question_runs", "evaluations", "batches", "citations", "competitors"


def table(write) -> str:
    return "question_runs" if write in OF_RUNS else "evaluations"


def claimed(make, write) -> list:
    """A batch of two runs, both in my hands: to be asked, or answered and to be read."""
    batch = make.batch(questions=2)
    if write in OF_READINGS:
        for run in make.runs(batch):
            make.answered(run)
    return claim(make, write)


def claim(make, write, owner="me") -> list:
    wanted = [row["id"] for row in make.sql("SELECT id FROM question_runs ORDER BY number")]
    with transaction() as db:
        if write in OF_RUNS:
            return runs.claim(db, wanted, owner, POLICY)
        return sorted(
            evaluations.claim(db, wanted, owner, POLICY, **VERSION), key=lambda work: wanted.index(work.run_id)
        )


def take_back(make) -> None:
    """As the reaper does with what a silent process holds: the fence stays."""
    for name, held, free in (("question_runs", "asking", "planned"), ("evaluations", "extracting", "pending")):
        make.sql(
            f"UPDATE {name} SET state = :free, failures = failures + 1, lease_owner = NULL, lease_until = NULL "
            "WHERE state = :held",
            free=free,
            held=held,
        )


def written(write, work) -> None:
    with transaction() as db:
        write(db, work)


def rows(make) -> dict[str, list]:
    return {name: make.sql(f"SELECT * FROM {name} ORDER BY 1") for name in KEPT}


def other_than(work, found) -> list:
    run = getattr(work, "run_id", work.id)
    return [row for row in found["question_runs"] if row["id"] != run] + [
        row for row in found["evaluations"] if row["run_id"] != run
    ]


def call(make, work) -> tuple:
    (found,) = make.sql("SELECT outcome, cost_microusd FROM llm_calls WHERE id = :id", id=work.call_id)
    return found["outcome"], found["cost_microusd"]
