"""Bad input and missing parts: one line that says what to do, the right exit code, nothing written, no secret told.

The cases stand in `refusal_cases`, and what they print in `docs/refusals.md`, which is held to them here.
"""

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
from ground import Sandbox, admin, run_sql
from processes import Commands, Ended
from refusal_cases import CASES, FILES, IDS, LIVE, WORLD, Case
from refusal_page import FILE, page
from refusal_world import WRITING, WRONG, World, databases, environment, small_disk, up, wrong_password

from senso import publishing
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing

ALL = [(title, case) for title, cases in CASES.items() for case in cases]


def names(title: str, case: Case) -> str:
    return f"{title}: {case.when}: {case.command[:40]}"


@pytest.mark.parametrize("case", [case for _, case in ALL], ids=[names(*one) for one in ALL])
def test_a_refusal_is_one_line_and_leaves_nothing(case, world):
    if case.root and os.geteuid() != 0:
        pytest.skip("only root can make a small disk")
    before, publisher = world.left(), publishing.registered[:]

    done = world.run(case)

    assert world.left() == before
    assert publishing.registered == publisher
    assert_refused(case, done, world)
    world.on_the_page(case, done, {})


LEFT: Mapping[str, Mapping[str, int]] = {
    # It was asked, refused, and is not charged: the hold went back.
    "trigger org ORG --wait": {
        "audit": 1,
        "batches": 1,
        "evaluations": 1,
        "ledger": 2,
        "llm_calls": 2,
        "name_variations": 1,
        "pushes": 1,
        "question_runs": 1,
    },
    "trigger org BROKE --wait": {"audit": 1, "batches": 1},
}


@pytest.mark.parametrize("case", LIVE["While it runs"], ids=[case.when for case in LIVE["While it runs"]])
def test_a_refusal_by_a_running_stack_leaves_what_it_says(case, live):
    before = live.counted()

    done = live.run(case)

    wrote = {table: count - before[table] for table, count in live.counted().items() if count != before[table]}
    assert wrote == LEFT.get(case.command, {})
    assert_refused(case, done, live)
    live.on_the_page(case, done, wrote)


def test_a_wrong_key_is_named_and_costs_no_credits(live):
    batch = live.json("trigger", "org", IDS["ORG"])

    assert (batch["state"], batch["charged"]) == ("failed", 0)
    assert "OPENAI_API_KEY" in batch["error"]
    assert live.json("credits", IDS["PARTNER"])["held"] == 0
    assert live.json("doctor", "--invariants")["broken"] == {}


def test_the_page_has_every_case_and_no_other():
    assert WRITING or FILE.read_text() == page({})


COLOURLESS = ({"NO_COLOR": "1", "FORCE_COLOR": ""}, {"TERM": "dumb"}, {"TERM": "xterm-256color"})


@pytest.mark.parametrize("terminal", COLOURLESS, ids=["NO_COLOR", "dumb", "piped"])
def test_where_there_are_no_colours_none_are_printed(live, terminal):
    for command in [one for one in live.listings if one.startswith(("status", "runs", "show", "report"))]:
        assert "\x1b" not in live.typed(command, **terminal).out


def test_sixty_columns_hold_every_line_and_every_id_is_whole(live):
    for command, wanted in live.listings.items():
        said = live.typed(command, COLUMNS="60").out
        table, _, _ = said.partition("\nThe answer")  # an answer and its sources are whole lines in a pipe

        # How long the path of a file is, is not ours to say, and it is to be copied.
        assert [line for line in table.splitlines() if len(line) > 60 and str(live.folder) not in line] == [], command
        assert wanted in said, command


# What is to be copied stays on one line: ids, addresses, paths, commands.
COPIED = re.compile(r"[0-9a-f]{8}-|://|\w/\w|senso [a-z]")
WIDTHS = (40, 60, 80, 120)
NUMBER = re.compile(r"[$+]?\d(?:[\d.,:/-]*\d)?(?: %)?")


def test_no_line_is_wider_than_the_terminal_and_no_number_is_broken(live):
    for command in live.listings:
        wide, *narrow = (live.typed(command, COLUMNS=str(width)).out for width in (240, *WIDTHS))
        for columns, said in zip(WIDTHS, narrow, strict=True):
            assert_fits(command, wide, said, columns)


def assert_fits(command: str, wide: str, said: str, columns: int) -> None:
    table, _, _ = said.partition("\nThe answer")
    told = (command, columns)

    assert [line for line in table.splitlines() if len(line) > columns and not COPIED.search(line)] == [], told
    if command != "doctor":  # whose figures are of the moment
        assert set(NUMBER.findall(wide)) <= set(NUMBER.findall(said)), told


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_old_encoding_fails_no_command(live, encoding):
    for command in live.listings:
        assert live.typed(command, PYTHONIOENCODING=encoding, TERM="dumb").code == 0, command


def assert_refused(case: Case, done: Ended, world: "World") -> None:
    assert done.code == case.code, done.err
    assert re.fullmatch(r"senso: [^\n]+\n", done.err), done.err
    assert bool(done.out) == case.shows, done.out
    for never in ("internal error", "Traceback", WRONG, *world.secrets):
        assert never not in done.err + done.out


@pytest.fixture(scope="module")
def commands(tmp_path_factory) -> Iterator[Commands]:
    found = Commands(tmp_path_factory.mktemp("printed"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def rows() -> Iterator[dict[Case, str]]:
    found: dict[Case, str] = {}
    yield found
    if WRITING:
        FILE.write_text(page(found))


@pytest.fixture(scope="module")
def world(urls, commands, rows, tmp_path_factory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("refusals")
    (folder / "folder").mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    with ExitStack() as stack:
        values = stack.enter_context(databases(urls, "database", "empty", "newer", "latin", "frozen"))
        values["redis"] = urls.redis_url.rsplit("/", 1)[0] + "/5"
        taken = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        values["port"] = str(taken.getsockname()[1])
        values["disk"] = stack.enter_context(small_disk(tmp_path_factory.mktemp("disk") / "small"))
        values |= {f"wrong_{name}": wrong_password(values[name]) for name in ("database", "redis")}
        values |= redis_by_other_ways(urls.redis_url)
        run_sql(values["newer"].replace("+psycopg2", ""), "UPDATE alembic_version SET version_num = '9999'")
        run_sql(admin(urls.database_url), "ALTER DATABASE refusals_frozen SET default_transaction_read_only = on")
        made = World(commands, folder, values, environment(folder.parent / "home", values), rows)
        furnish(made)
        yield made


def redis_by_other_ways(url: str) -> dict[str, str]:
    """The Redis of this run: by TLS, which it does not speak; without its password; by the last of its databases."""
    server = url.rsplit("/", 1)[0]
    return {
        "tls": server.replace("redis://", "rediss://") + "/0",
        "open_redis": f"redis://{server.rpartition('@')[2]}/0",
        "last_redis": f"{server}/15",
    }


def furnish(world: World) -> None:
    file = world.folder / "world.yaml"
    file.write_text(WORLD)
    world.json("import", str(file))
    world.words["BATCH"] = world.json("trigger", "org", IDS["ORG"], "--idempotency-key", "key-1")["id"]
    world.words["CANCELLED"] = world.json("trigger", "org", IDS["STOPPED"])["id"]
    world.json("cancel", world.words["CANCELLED"])


@pytest.fixture(scope="module")
def live(urls, world, commands, rows, tmp_path_factory) -> Iterator[World]:
    """A stack that has read one org; from then on OpenAI accepts no key."""
    with databases(urls, "live") as found, running(SandboxSettings(timing=Timing(0, 0, 0))) as url:
        values = {**world.values, "database": found["live"], "redis": world.values["redis"][:-1] + "6"}
        made = World(commands, world.folder, values, environment(world.folder.parent / "up", values, url), rows)
        made.json("import", str(world.folder / "world.yaml"))
        with up(made):
            assert made.typed(f"trigger org {IDS['OTHER']} --wait").code == 0
            for where in ("openai.responses", "openai.chat"):
                Sandbox(url).fault(where, "401")
            yield made
