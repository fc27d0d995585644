"""Each protection removed, and each mistake built in, one at a time, in a copy: what stands for it must go red for it.

A suite that stays green without what it proves proves nothing; nor does one that goes red for another reason. So each
red test names what it must say, and passes in a copy in which nothing was changed.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
# Nor what a run without a protection measures: docs/faults.md is about the product.
UNTOLD = ("DATABASE_URL", "REDIS_URL", "FAULTS_RESULTS", "PYTEST_")
COPIED = ("senso", "tests", "alembic", "celerybeat-schedule.py", "setup.cfg", "pyproject.toml")
AT_ONCE = 3  # most of a copy's time is waiting
PATIENCE_SECONDS = 400


@dataclass(frozen=True)
class Change:
    """`places`: file, what stands there once, and what in its place. `red`: by test, what its failure must say."""

    name: str
    red: dict[str, str]
    places: tuple[tuple[str, str, str], ...] = ()

    def of(self, *, processes: bool) -> "Change":
        """With those of its tests that start real processes, or with the others."""
        red = {test: says for test, says in self.red.items() if needs_processes(test) == processes}
        return Change(self.name, red, self.places)


RUNS, READINGS, LEDGER = "senso/queries/runs.py", "senso/queries/evaluation_endings.py", "senso/queries/ledger.py"
TICKS = "senso/workflows/recovery.py"
FAULTS, QUERIES, WORKFLOWS = "tests/faults", "tests/queries", "tests/workflows"
PROCESSES = f"{FAULTS}/test_processes.py"
CHORDS = f"{FAULTS}/test_chords.py::test_however_a_chord_breaks_its_batch_ends_once_with_all_runs"
CHARGING, COUNTING = f"{WORKFLOWS}/test_charging.py", f"{QUERIES}/test_counting.py"
FENCES, NEIGHBOURS = f"{QUERIES}/test_fences.py", f"{WORKFLOWS}/test_neighbours.py"
DOCTOR = f"{NEIGHBOURS}::test_doctor_finds_every_promise_kept_after_failures_retries_and_cancels"
LATE = f"{FAULTS}/test_late.py"
STOPPING = "tests/worker/test_shutdown.py::"
STOPPING += "test_a_worker_told_to_stop_amid_calls_saves_them_and_leaves_without_an_error"


def needs_processes(test: str) -> bool:
    return test.startswith(FAULTS) and not test.startswith(LATE)


REMOVALS = [
    Change(
        "claim",
        {
            f"{FENCES}::test_what_is_in_anothers_hands_is_not_claimed[run]": r"AskWork\(.*== \[\]",
            f"{CHORDS}[twice_delivered]": "twice|I6|I3|I4",
        },
        (
            (
                RUNS,
                "AND snapshot_id IS NULL AND {RUN.claimable(",
                "AND snapshot_id IS NULL AND question_runs.failures < :most OR false AND {RUN.claimable(",
            ),
        ),
    ),
    Change(
        "fence of a run",
        {
            f"{FENCES}::test_who_was_overtaken_changes_no_row_and_his_call_is_costed[save_answer]": "question_runs",
        },
        ((RUNS, "AND r.id = given.id AND r.fence = given.fence", "AND r.id = given.id AND given.fence > 0"),),
    ),
    Change(
        "fence of a reading",
        {f"{FENCES}::test_who_was_overtaken_changes_no_row_and_his_call_is_costed[save_reading]": "evaluations"},
        ((READINGS, "AND e.id = given.id AND e.fence = given.fence", "AND e.id = given.id AND given.fence > 0"),),
    ),
    Change(
        "count-down in the transaction of its result",
        {f"{COUNTING}::test_what_has_ended_is_seen_by_nobody_before_it_is_counted[save_reading]": r"\(1, 2\) =="},
        (
            (
                READINGS,
                """        ON CONFLICT DO NOTHING
    ),
    {COUNT_DOWN}
    SELECT remaining FROM counted
""",
                """        ON CONFLICT DO NOTHING
    )
    SELECT batch_id FROM ended
""",
            ),
            (
                READINGS,
                '    SAVE.rows(db, by_key(readings) | {"turn": readings[0]["turn"]})\n',
                """    for ended in SAVE.column(db, by_key(readings) | {"turn": readings[0]["turn"]}):
        COUNT.rows(db, {"batch": ended})
""",
            ),
            (
                READINGS,
                "def save(db: Link,",
                """COUNT = Prepared(f\"\"\"
    WITH ended AS (SELECT CAST(:batch AS uuid) AS batch_id),
    {COUNT_DOWN}
    SELECT remaining FROM counted
\"\"\")


def save(db: Link,""",
            ),
        ),
    ),
    Change(
        "outbox",
        {f"{PROCESSES}::test_killed_between_a_commit_and_its_message": "they were not sent"},
        (("senso/queries/outbox.py", "now() + make_interval(secs => {seconds})", "now() + interval '1 day'"),),
    ),
    Change(
        "relay",
        {f"{CHORDS}[at_the_join]": "batches did not end|no batch ended any more"},
        ((TICKS, "intents = outbox.take_due(db)", "intents = outbox.take_due(db)[:0]"),),
    ),
    Change(
        "reaper",
        {f"{PROCESSES}::test_a_killed_call_worker_costs_seconds_and_what_it_had_in_flight": "never claimed again"},
        ((TICKS, "taken = workers.take_back(db, POLICY)", "taken: dict[str, int] = {}"),),
    ),
    Change(
        "sweep",
        {f"{LATE}::test_a_batch_past_its_deadline_is_found_by_the_sweep_and_ends_with_what_it_has": "finish_batch"},
        ((TICKS, "    repairs = {kind: count for kind", "    return\n    repairs = {kind: count for kind"),),
    ),
    Change(
        "unique charge key",
        {f"{CHARGING}::test_settled_again_a_batch_writes_nothing_and_moves_no_credit": "2 == 0"},
        ((LEDGER, "SELECT {keys.CHARGE.sql(", "SELECT random() || {keys.CHARGE.sql("),),
    ),
    Change(
        "guarded hold",
        {f"{WORKFLOWS}/test_what_happens_when.py::test_two_batches_cannot_spend_the_same_credits": "available"},
        ((LEDGER, " AND (p.available IS NULL OR p.available >= :credits)", ""),),
    ),
    Change(
        "guarded backend",
        {f"{CHORDS}[parts_lose_their_line]": "'rows'|rows"},
        (
            (
                "senso/worker/result_backend.py",
                "return self.ensure(lambda: part(request, state, result, **options), ())",
                "return part(request, state, result, **options)",
            ),
        ),
    ),
    Change(
        "snapshot join by number",
        {
            f"{WORKFLOWS}/test_asking.py::test_answers_are_joined_by_number_also_where_an_earlier_record_is_missing": (
                "'failed'"
            )
        },
        (
            (
                "senso/providers/brightdata/records.py",
                "found = {number(record): record for record in reversed(records) if number(record) in wanted}",
                "found = {run.number: record for run, record in zip(runs, records, strict=False)}",
            ),
        ),
    ),
    Change(
        "fences raised at a batch's end",
        {f"{LATE}::test_an_answer_of_a_cancelled_episode_is_not_taken_for_one_of_the_next": "'answered'"},
        (
            (
                "senso/queries/closing.py",
                """SET state = :state, error = :reason, {ended("r")}""",
                "SET state = :state, error = :reason, {RELEASED}, next_at = NULL",
            ),
            (
                "senso/queries/planning.py",
                "state = 'planned', error = NULL, failures = 0, fence = fence + 1,",
                "state = 'planned', error = NULL, failures = 0,",
            ),
        ),
    ),
    Change(
        "one transaction for what opens a further round",
        {
            f"{FAULTS}/test_rounds.py::test_killed_in_the_transaction_that_decides_to_go_on": "I[1-8] ",
        },
        (
            (
                "senso/workflows/further.py",
                "    planning.plan_runs(db, batch.id, org, runs)\n",
                """    from senso.db import transaction

    with transaction() as own:
        planning.plan_runs(own, batch.id, org, runs)
""",
            ),
        ),
    ),
    Change(
        "the same id in each try of a delivery",
        {
            "tests/webhooks/test_webhooks.py::"
            "test_what_was_not_accepted_is_tried_again_under_the_same_id_after_growing_waits": "webhook",
            f"{FAULTS}/test_deliveries.py::test_killed_after_a_delivery_and_before_its_row": "ids other than those",
        },
        (
            (
                "senso/workflows/webhooks/delivering.py",
                "signing.headers(secret, work.key, ",
                'signing.headers(secret, f"{work.key}.{work.tries}", ',
            ),
        ),
    ),
    Change(
        "a worker's end without an error",
        {
            f"{STOPPING}[long calls]": "returncode|kill_job|code",
        },
        (("senso/tasks/lifecycle.py", "    shutdown.let_threads_end()\n", ""),),
    ),
]
# What a rewrite of these rooms might do to a partner, each seen by an ordinary test, by doctor, and by a fault.
MISTAKES = [
    Change(
        "every charge is written twice",
        {
            f"{CHARGING}::test_an_answer_costs_what_the_operator_has_set": r"\('charge', -5\)",
            DOCTOR: "I3 each answer that was read is charged once",
            f"{CHORDS}[at_the_join]": "I3|charged once",
        },
        (
            (
                LEDGER,
                """SELECT {keys.CHARGE.sql("e.run_id", "e.org_id")}, 'charge'""",
                """SELECT {keys.CHARGE.sql("e.run_id", "e.org_id")} || again, 'charge'""",
            ),
            (
                LEDGER,
                "FROM evaluations e JOIN batches b ON b.id = e.batch_id\n",
                "FROM (VALUES (''), ('.2')) twice (again), evaluations e JOIN batches b ON b.id = e.batch_id\n",
            ),
        ),
    ),
    Change(
        "a hold is lost",
        {
            f"{CHARGING}::test_what_is_held_until_the_end_is_what_is_planned": "100",
            DOCTOR: "I3 each episode holds once what it plans",
            f"{CHORDS}[at_the_join]": "I3|charged once",
        },
        ((LEDGER, "return HOLD.one(db, values | {", "return bool(values) or HOLD.one(db, values | {"),),
    ),
    Change(
        "a hold is released twice",
        {
            f"{CHARGING}::test_an_answer_costs_what_the_operator_has_set": r"\('release', 15\)",
            DOCTOR: "I3 a hold and its release",
            f"{CHORDS}[at_the_join]": "I3|charged once",
        },
        (
            (
                LEDGER,
                """SELECT {keys.RELEASE.sql("l.batch_id", ":episode")}, 'release'""",
                """SELECT {keys.RELEASE.sql("l.batch_id", ":episode")} || again, 'release'""",
            ),
            (LEDGER, "FROM ledger l WHERE l.id", "FROM (VALUES (''), ('0')) twice (again), ledger l WHERE l.id"),
        ),
    ),
    Change(
        "another partner is charged",
        {
            f"{NEIGHBOURS}::test_whatever_becomes_of_a_batch_that_of_another_org_stays_as_it_is[worked_off]": "partn",
            DOCTOR: "I3 a charge is the batch's price, to the partner",
            f"{CHORDS}[at_the_join]": "I3|charged once",
        },
        (
            (
                LEDGER,
                "'charge', h.partner_id, e.org_id",
                """'charge',
                coalesce((SELECT p.id FROM partners p WHERE p.id <> h.partner_id LIMIT 1), h.partner_id), e.org_id""",
            ),
        ),
    ),
    Change(
        "a run is asked twice",
        {
            f"{NEIGHBOURS}::test_for_each_call_at_a_provider_a_row_was_written_before_it": "6 == 3",
            f"{CHORDS}[at_the_join]": "I6|paid for twice",
        },
        (
            (
                "senso/workflows/asking.py",
                "    return await direct_provider(work.provider).ask(work.run)\n",
                """    await direct_provider(work.provider).ask(work.run)
    return await direct_provider(work.provider).ask(work.run)
""",
            ),
        ),
    ),
]
CHANGES = REMOVALS + MISTAKES


def each(*, processes: bool) -> list[Change]:
    return [part for change in CHANGES if (part := change.of(processes=processes)).red]


def unchanged() -> list[Change]:
    """All that needs no processes in one copy; each other by itself, since it takes a minute."""
    quick = {test: "" for change in each(processes=False) for test in change.red}
    slow = sorted({test for change in each(processes=True) for test in change.red})
    return [Change("all that is quick", quick), *(Change(test.partition("::")[2], {test: ""}) for test in slow)]


# What would cost a partner credits, or a vendor's bill, is tried with every change.
DEAREST = {"fence of a run", "fence of a reading", "count-down in the transaction of its result"}
DEAREST |= {mistake.name for mistake in MISTAKES} | {unchanged()[0].name}


def marked(changes: list[Change]) -> list[Any]:
    return [
        pytest.param(change, id=change.name, marks=[pytest.mark.selection] * (change.name in DEAREST))
        for change in changes
    ]


@pytest.mark.selection
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_what_is_changed_stands_there_once(change):
    """Else a change would go on to be made where nothing is protected any more."""
    assert [place for place in change.places if (ROOT / place[0]).read_text().count(place[1]) != 1] == []


@pytest.mark.parametrize("change", marked(each(processes=False)))
def test_without_it_or_with_it_a_test_goes_red(outcome, change):
    assert outcome(change) == red_for_its_reason(change)


@pytest.mark.parametrize("change", each(processes=True), ids=lambda change: change.name)
def test_a_fault_goes_red_too(outcome, change):
    assert outcome(change) == red_for_its_reason(change)


@pytest.mark.parametrize("change", marked(unchanged()))
def test_where_nothing_is_changed_the_same_tests_pass(outcome, change):
    assert outcome(change) == dict.fromkeys(change.red, "passed")


def red_for_its_reason(change: Change) -> dict[str, str]:
    return {test: f"says {says}" for test, says in change.red.items()}


@pytest.fixture(scope="session")
def outcome(request, tmp_path_factory):
    """By test what became of it in the changed copy. All copies that this session wants are begun at once."""
    items = [item for item in request.session.items if item.path == Path(__file__) and "outcome" in item.fixturenames]
    wanted = [item.callspec.params["change"] for item in items]
    with ThreadPoolExecutor(AT_ONCE, "copy") as pool:
        begun = {id(change): pool.submit(ended, change, tmp_path_factory.mktemp("copy")) for change in wanted}
        yield lambda change: begun[id(change)].result()
        pool.shutdown(cancel_futures=True)


def ended(change: Change, home: Path) -> dict[str, str]:
    copied(home)
    for file, old, new in change.places:
        text = (home / file).read_text()
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        (home / file).write_text(text.replace(old, new))
    said = failures(home, list(change.red))
    return {test: judged(says, said[test]) for test, says in change.red.items()}


def copied(home: Path) -> None:
    """With what is compiled, which is valid for as long as its file stays what it is."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, home / name)
        else:
            shutil.copy(source, home / name)


def failures(home: Path, tests: list[str]) -> dict[str, str]:
    """By test, the lines in which pytest says what was wrong; none of one that passed."""
    command = [sys.executable, "-m", "pytest", "-m", "", "-vv", "-p", "no:cacheprovider", "--junitxml=report.xml"]
    done = subprocess.run(
        [*command, *tests],
        cwd=home,
        env={name: value for name, value in os.environ.items() if not name.startswith(UNTOLD)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    report = home / "report.xml"
    assert report.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    found = {id_of(case): lines(case) for case in ET.parse(report).iter("testcase")}
    assert set(found) == set(tests), done.stdout[-2000:]
    return found


def id_of(case: ET.Element) -> str:
    return f"{case.attrib['classname'].replace('.', '/')}.py::{case.attrib['name']}"


def lines(case: ET.Element) -> str:
    """An error before or after the test itself is none of its failures."""
    errors = [f"error: {one.attrib['message']}" for one in case.findall("error")]
    texts = [line for one in case.findall("failure") for line in (one.text or "").splitlines()]
    return "\n".join(errors + [line[1:].strip() for line in texts if line.startswith("E  ")])


def judged(says: str, said: str) -> str:
    if not said:
        return "passed"
    return f"says {says}" if says and not said.startswith("error: ") and re.search(says, said) else said
