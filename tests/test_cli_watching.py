"""`watch`, `--wait` and `status` while batches go on: on terminals, in pipes, interrupted, with Postgres away."""

import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path
from uuid import uuid4

import pytest
from at_work import start, work_off
from ground import admin, forget_limits, run_sql
from shell import Shell
from typer.main import get_command

from senso.cli import following, triggering, watching
from senso.cli.commands import app
from senso.cli.outage_wait import Patience
from senso.cli.printing import err
from senso.db import transaction
from senso.errors import Unreachable
from senso.queries import workers
from senso.tasks.stages import finish_batch, read

ROOT = Path(__file__).parents[1]
SENSO = [sys.executable, "-m", "senso.cli"]
QUICK = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def works(make):
    with transaction() as db:
        workers.beat(db, "living")


@pytest.fixture
def terminal():
    """Opens them; none outlives its test."""
    opened = []

    def open_one(*arguments, **options):
        opened.append(Terminal(*arguments, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.process.kill()
        one.process.wait()


class Terminal:
    """A command on a terminal of its own, of so many rows and columns."""

    def __init__(self, *arguments: object, rows: int = 24, columns: int = 80, **more: str) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            [*SENSO, *map(str, arguments)],
            stdin=slave, stdout=slave, stderr=slave, env=kept | QUICK | more, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.said = b""

    def until(self, words: str, seconds: float = 30) -> str:
        deadline = time.monotonic() + seconds
        while words not in self.text and time.monotonic() < deadline and self.read():
            pass
        assert words in self.text, self.text
        return self.text

    def read(self) -> bool:
        try:
            got = os.read(self.master, 65_536)
        except OSError:  # the other side has closed
            return False
        self.said += got
        return bool(got)

    @property
    def text(self) -> str:
        """Without colours and the moves of the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.said.decode().replace("\r\n", "\n"))

    def end(self) -> int:
        while self.read():
            pass
        os.close(self.master)
        return self.process.wait(timeout=30)


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize(("columns", "more"), [(60, {}), (80, {"NO_COLOR": "1"}), (120, {"LANG": "C", "LC_ALL": "C"})])
def test_a_terminal_shows_how_far_a_batch_is_and_what_it_waits_for_until_it_ends(
    terminal, make, sandbox, columns, more
):
    batch = make.batch(questions=4)
    read(str(make.runs(batch)[0]))
    sandbox.fault("openai.responses", "429", retry_after=30, times=1)
    read(str(make.runs(batch)[1]))

    seen = terminal("watch", batch, columns=columns, **more)
    seen.until("1 of 4 runs done")
    seen.until("the rate limit of openai until ")
    forget_limits()  # as if the vendor's time had come
    for run in make.runs(batch):
        make.sql("UPDATE question_runs SET next_at = now() WHERE next_at IS NOT NULL")
        read(str(run))
    finish_batch(str(batch), "chord")

    assert seen.end() == 0
    assert "completed, ended by chord" in seen.text
    assert ("\x1b[3" in seen.said.decode()) == ("NO_COLOR" not in more)
    assert max(map(len, re.split(r"[\n\r]", seen.text))) <= max(columns, len(str(batch)) * 2 + 20)


@pytest.mark.usefixtures("works")
def test_many_batches_are_one_bar_and_in_the_end_only_what_did_not_complete(terminal, make, sandbox):
    org = make.org(questions=1)
    make.names(org)
    batches = [make.batch(questions=1) for _ in range(7)]
    blocked = make.queued(questions=3, available=2)
    sandbox.fault("openai.responses", "401", times=1)
    start(blocked)
    for batch in batches[:3]:
        read(str(make.runs(batch)[0]))
        finish_batch(str(batch), "chord")

    seen = terminal("watch", *batches, blocked)
    seen.until("4 of 8 ended, 1 failed, 1 blocked, 3 of 7 runs done")
    for batch in batches[3:]:
        read(str(make.runs(batch)[0]))
        finish_batch(str(batch), "chord")

    assert seen.end() == 0
    summary = seen.text[seen.text.index("8 batches have ended") :]
    assert summary.startswith("8 batches have ended: 6 completed, 1 failed, 1 blocked.")
    assert "6 evaluated, 1 failed; 6 credits charged" in summary
    assert f"senso retry {batches[0]}" in summary
    assert f"{blocked}  blocked" in summary
    assert str(batches[3]) not in summary
    assert len(summary.splitlines()) < 20


def test_of_many_that_failed_ten_are_told_and_a_command_lists_the_rest(senso, make, sandbox):
    sandbox.fault("openai.responses", "401")
    batches = [make.batch(questions=1) for _ in range(12)]
    for batch in batches:
        read(str(make.runs(batch)[0]))
        finish_batch(str(batch), "chord")

    said = senso("watch", *batches).out
    (more,) = re.findall(r"And 2 more: senso (.*)", said)

    assert said.count("senso retry ") == 10
    assert len(senso(*more.split(), "--json").json) == 12


def test_all_open_batches_are_followed_where_none_is_named(terminal, senso, make, sandbox):
    assert "No batch is queued or running" in senso("watch").out
    assert senso("watch", "--json").json == []
    batch, ended = make.batch(questions=1), make.queued(questions=1)
    work_off(make, ended)

    seen = terminal("watch")
    seen.until("0 of 1 run done")
    read(str(make.runs(batch)[0]))
    finish_batch(str(batch), "chord")

    assert seen.end() == 0
    assert str(batch) in seen.text
    assert str(ended) not in seen.text


@pytest.mark.usefixtures("works")
def test_in_a_pipe_a_line_is_written_when_something_has_changed_and_not_otherwise(make, capsys, monkeypatch):
    batch = make.batch(questions=2)
    looked = following.look([batch], {})
    written = following.Written(one_by_one=True)
    monkeypatch.setattr(err, "_width", 300)

    for elapsed in (0, 9, 10, 20, 30):
        written.draw(looked, elapsed)
    make.sql("UPDATE batches SET remaining = 1")
    written.draw(following.look([batch], {}), 40)

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("Larch Hill Credit Union: running, 0 of 2 runs done; waits for a worker with room: 2 runs")
    assert second.startswith("Larch Hill Credit Union: running, 1 of 2 runs done; waits for ")


@pytest.mark.usefixtures("works")
def test_a_terminal_that_cannot_move_its_cursor_gets_no_bar(terminal, make):
    batch = make.batch(questions=1)

    before = make.one("SELECT now()")
    seen = terminal("watch", batch, TERM="dumb")
    looked = "SELECT count(*) FROM pg_stat_activity WHERE backend_start > :since AND query = 'COMMIT'"
    while not make.one(looked, since=before):
        assert seen.process.poll() is None
    seen.process.send_signal(signal.SIGINT)

    assert seen.end() == 130
    assert "\x1b" not in seen.said.decode()


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_whoever_leaves_is_told_that_the_batch_goes_on_and_how_to_follow_it_again(terminal, make, number, code):
    batch = make.batch(questions=1)

    seen = terminal("watch", batch)
    seen.until("0 of 1 run done")
    seen.process.send_signal(number)

    assert seen.end() == code
    assert f"Batch {batch} goes on; follow it again: senso watch {batch}" in seen.text


def test_whoever_leaves_a_batch_that_nobody_works_on_is_told_that_it_waits(terminal, make):
    batch = make.batch(questions=1)

    seen = terminal("watch", batch)
    seen.until("0 of 1 run done")
    seen.process.send_signal(signal.SIGINT)

    assert seen.end() == 130
    assert f"Batch {batch} waits for senso up; follow it again: senso watch {batch}" in seen.text


@pytest.mark.usefixtures("works")
def test_whoever_leaves_many_is_told_how_many_are_open(make, capsys):
    batches = [make.batch(questions=1) for _ in range(2)]

    watching.print_continuation(batches)
    watching.print_continuation([])

    assert capsys.readouterr().err == "2 batches go on; follow them again: senso watch\n"


def test_postgres_that_goes_away_is_waited_for_and_that_is_said_once(capsys, monkeypatch):
    monkeypatch.setattr("senso.cli.outage_wait.AGAIN_SECONDS", 0)
    monkeypatch.setattr(err, "_width", 200)
    replies = iter([1, Unreachable("Postgres: connection refused; is it running?"), Unreachable("Postgres: no"), 2])

    def look():
        reply = next(replies)
        if isinstance(reply, Exception):
            raise reply
        return reply

    patience = Patience()

    assert (patience.ask(look), patience.ask(look)) == (1, 2)
    gone, back = capsys.readouterr().err.splitlines()
    assert gone.startswith("Postgres does not answer since ")
    assert gone.endswith("up to an hour (connection refused).")
    assert back.startswith("Postgres is back after 0 s")


@pytest.mark.usefixtures("works")
def test_a_batch_is_followed_through_an_outage_of_postgres(terminal, make, sandbox, urls):
    """Every connection is cut and none is let in, as while a server restarts."""
    batch = make.batch(questions=1)
    seen = terminal("watch", batch)
    seen.until("0 of 1 run done")
    run_sql(admin(urls.database_url), "ALTER DATABASE senso_test ALLOW_CONNECTIONS false")
    try:
        run_sql(
            admin(urls.database_url),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = 'senso_test' AND application_name = 'senso'",
        )
        seen.until("Postgres does not answer since ")
    finally:
        run_sql(admin(urls.database_url), "ALTER DATABASE senso_test ALLOW_CONNECTIONS true")
    seen.until("Postgres is back after ")
    read(str(make.runs(batch)[0]))
    finish_batch(str(batch), "chord")

    assert seen.end() == 0
    assert seen.text.count("does not answer") == 1
    assert "completed, ended by chord" in seen.text


def test_postgres_that_has_never_answered_is_not_waited_for():
    def look():
        raise Unreachable("Postgres: no")

    with pytest.raises(Unreachable):
        Patience().ask(look)


def test_postgres_that_does_not_come_back_is_given_up(monkeypatch):
    monkeypatch.setattr("senso.cli.outage_wait.LONGEST_SECONDS", -1)
    patience = Patience()
    patience.ask(lambda: None)

    def look():
        raise Unreachable("Postgres: no")

    with pytest.raises(Unreachable):
        patience.ask(look)


def test_a_look_is_rarer_the_longer_it_lasts_and_never_costs_more_than_a_hundredth():
    assert following.pause(1, 0.001, 1) == 0.5
    assert following.pause(60, 0.001, 1) == pytest.approx(1.2)
    assert following.pause(3600, 0.001, 1) == 2
    assert following.pause(3600, 0.001, 400) == 5
    assert following.pause(3600, 0.1, 400) == pytest.approx(12.5)


def test_a_retry_says_what_will_be_done_and_counts_no_failures_of_before(senso, make, sandbox):
    batch = make.batch(questions=3)
    first, *others = make.runs(batch)
    sandbox.fault("openai.chat", "refusal", times=1)
    for run in others:
        read(str(run))
    sandbox.fault("openai.responses", "401", times=1)
    read(str(first))
    finish_batch(str(batch), "chord")

    found = senso("retry", batch)
    said = " ".join(found.out.split())

    assert f"{batch} is queued again, as episode 2: 1 run will be asked again and 1 answer will be read again." in said
    assert "3 planned, 1 evaluated before, 2 to be asked or read again" in found.out
    assert "OPENAI_API_KEY was not accepted before" in found.err
    assert f"senso watch {batch}" in found.err
    assert senso("status", batch, "--json").json["failed"] == 0


def test_many_triggered_batches_are_told_together(senso, make):
    orgs = [make.org(questions=1) for _ in range(6)]

    first = senso("trigger", "org", *(org.id for org in orgs))
    second = senso("trigger", "org", *(org.id for org in orgs))

    assert first.out == "6 batches: 6 opened.\n"
    assert second.out == "6 batches: 6 under way already.\n"
    assert "senso watch" in first.err
    assert len(senso("trigger", "org", *(org.id for org in orgs), "--json").json) == 6


def test_a_trigger_that_fails_half_way_says_how_many_are_open(senso, make, monkeypatch):
    opened = triggering.trigger_one
    orgs = [make.org(questions=1) for _ in range(3)]

    def failing(wanted, org, how):
        if org == orgs[2].id:
            raise Unreachable("Postgres: gone")
        return opened(wanted, org, how)

    monkeypatch.setattr(triggering, "trigger_one", failing)
    done = senso("trigger", "org", *(org.id for org in orgs))

    assert done.code == 5
    assert (
        "Postgres: gone; 2 of 3 batches are open, and the same command opens the rest; these: senso watch" in done.err
    )


def test_a_listing_says_what_the_open_batches_wait_for(senso, make):
    make.batch(questions=2)

    said = senso("status").out

    assert "1 batch is open and waits for" in said
    assert "a worker: none is running" in said


COMMAND = re.compile(r"(?<!from )(?<![\w./])senso ([a-z]+(?: org| --?[\w-]+| \{[^{}\"']+\}| [A-Z]+)*)")
COMMANDS = get_command(app)


def suggested() -> list[tuple[str, str]]:
    """Every command that a message of the product names, with the file that names it."""
    files = [file for file in (ROOT / "senso").rglob("*.py") if "sandbox" not in file.parts]
    found = {(file.name, command) for file in files for command in COMMAND.findall(file.read_text())}
    return sorted(one for one in found if is_command(one[1].split()))


def is_command(said: list[str]) -> bool:
    """Other words after the product's name are a sentence, unless an option or a value follows."""
    return said[0] in COMMANDS.commands or len(said) > 1


@pytest.mark.parametrize(("file", "said"), suggested())
def test_every_command_that_a_message_names_is_there_with_its_options(file, said):
    name, *words = said.split()
    command = COMMANDS.commands[name]
    if hasattr(command, "commands") and words:
        command = command.commands[words[0]]
    known = {option for one in command.params for option in one.opts} | {"--help"}

    assert {word for word in words if word.startswith("--")} <= known, file


def test_an_unknown_batch_among_many_is_said_before_anything_is_drawn(senso, make):
    nobody = uuid4()

    done = senso("watch", make.batch(), nobody)

    assert (done.code, done.out) == (4, "")
    assert f"no batch {nobody}" in done.err


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize("opened", [1, 2])
def test_whoever_is_told_to_stop_while_batches_open_says_how_many_are_open(senso, make, monkeypatch, opened):
    """The one that is being opened is opened first; the process is told in the middle of it."""
    orgs = [make.org(questions=1).id for _ in range(2)]
    open_one, seen = triggering.trigger_one, []

    def told(wanted, org, how):
        seen.append(org)
        if len(seen) == opened:
            os.kill(os.getpid(), signal.SIGINT)
        return open_one(wanted, org, how)

    monkeypatch.setattr(triggering, "trigger_one", told)
    done = senso("trigger", "org", *orgs, "--wait")

    assert done.code == 130
    assert make.one("SELECT count(*) FROM batches") == opened
    said = {1: "Stopped: 1 of 2 batches are open, and the same", 2: "2 batches go on; follow them again: senso watch"}
    assert said[opened] in done.err


def test_whoever_is_told_to_stop_before_anything_is_open_says_so(senso, make, monkeypatch):
    def told():
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(triggering, "require_redis", told)
    done = senso("trigger", "org", make.org().id)

    assert (done.code, done.err) == (143, "Stopped: nothing was opened.\n")
