"""`senso up` starts and stops calmly: what is up, what runs by itself, who is in the way, and a clean end."""

import re
import signal
import socket
import time
from contextlib import suppress

import pytest
import requests
from ground import addresses, new_database
from test_cli import senso, started

from senso.stack import Child, Stack

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def served(urls):
    with new_database(urls, "cli_up") as url:
        yield {"DATABASE_URL": url, "REDIS_URL": urls.redis_url.rsplit("/", 1)[0] + "/7"} | addresses(
            "http://127.0.0.1:9"
        )


def until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_who_is_told_to_stop_says_so_in_two_lines_and_leaves_nothing_to_repair(home, served, make_on):
    with started("up", "--no-flower", "--call-workers", "1", home=home, **served) as process:
        until(lambda: make_on("SELECT count(*) FROM workers") == 2)

        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert [line for line in said.splitlines() if line.startswith("senso: ") and not line.endswith(" ready.")][-2:] == [
        "senso: stopping: calls under way have up to 13 s. Ctrl-C again stops at once.",
        "senso: stopped.",
    ]
    for never in ("Hitting Ctrl+C", "Traceback", "starting it again", "celery beat", "superuser"):
        assert never not in said
    assert "No org runs by itself: there is none that is active and has something to ask.\n" in said
    assert make_on("SELECT count(*) FROM workers WHERE ended_at IS NULL") == 0
    assert make_on("SELECT count(*) FROM repairs") == 0


@pytest.fixture
def make_on(served):
    from factories import Factory  # noqa: PLC0415  its database is the one of `served`

    return Factory().one


def test_it_serves_the_metrics_and_the_api_which_is_ready_once_its_workers_are(home, served, make_on):
    key = {"EVENT_KEY": "4f8a0c17be"}
    with started("up", "--no-flower", "--call-workers", "1", home=home, **served, **key) as process:
        url, metrics = address_in(process), address_in(process, "Metrics")
        until(lambda: is_ready(url))
        shown = requests.get(metrics, timeout=5).text

        refused = requests.post(f"{url}/e/4f8a0c17be", json={"name": "org.process", "data": {}}, timeout=5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert 'senso_workers_alive{kind="control"} 1.0\n' in shown
    assert refused.json()["detail"] == "org.process: data.org_id: Field required"
    assert process.returncode == 0


def test_without_the_api_its_port_may_be_taken(home, served, make_on):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = served | {"PORT": str(taken.getsockname()[1])}
        with started("up", "--no-flower", "--no-api", "--call-workers", "1", home=home, **given) as process:
            until(lambda: make_on("SELECT count(*) FROM workers") == 2)

            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "API: " not in said


def address_in(process, of="API"):
    told = re.compile(rf"{of}: (http://127.0.0.1:\d+\S*)\n")
    return next(found[1] for line in process.stdout if (found := told.fullmatch(line)))


def is_ready(url):
    with suppress(requests.ConnectionError):
        return requests.get(f"{url}/ready", timeout=5).status_code == 200
    return False


def test_a_second_up_in_one_home_names_the_first_whatever_port_is_taken(home, served):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started("up", "--no-flower", "--call-workers", "1", home=home, **served) as first:
            until(lambda: (home / "up.lock").exists() and (home / "up.lock").read_text() == str(first.pid))

            second = senso("up", home=home, FLOWER_PORT=port, **served)

            assert (second.returncode, second.stdout) == (2, "")
            assert second.stderr == (
                f"senso: senso is up already in {home}: process {first.pid}; stop that one, "
                "or set SENSO_HOME to another folder\n"
            )
            first.send_signal(signal.SIGTERM)
            first.communicate(timeout=30)

        alone = senso("up", home=home, FLOWER_PORT=port, **served)

    assert alone.returncode == 2
    assert f"FLOWER_PORT: {port}: Address already in use, perhaps by a senso" in alone.stderr


@pytest.fixture
def stubborn(tmp_path):
    """A child that does not end when it is told to."""
    stack = Stack([Child("call-1", ("-c", STUBBORN))], say=print, logs=tmp_path)
    stack.start()
    until(lambda: "ready" in (tmp_path / "call-1.log").read_text())
    yield stack
    stack.stop(lambda: True)


def test_told_again_it_stops_at_once_and_names_what_was_cut_off(stubborn):
    began = time.monotonic()

    left = stubborn.stop(lambda: time.monotonic() - began > 0.3)

    assert left == ["call-1"]
    assert time.monotonic() - began < 5
    assert stubborn.children[0].ended


def test_what_was_never_started_is_not_waited_for():
    began = time.monotonic()

    assert Stack([Child("call-1", ("-c", ""))], say=print).stop() == []
    assert time.monotonic() - began < 5
