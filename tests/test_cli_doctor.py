"""`senso doctor`: whatever is away, the rest is said; the exit code tells what kind of fault there is."""

import re
import socket

import pytest
from api_process import serving
from redis_servers import redis_server
from shell import Shell

from senso import db as database_module
from senso.settings import settings
from senso.worker.queues import CALL_QUEUES, CONTROL_QUEUES

NOBODY = "redis://:hunter2@127.0.0.1:9/0"


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def set_to(environment):
    def put(**values):
        for name, value in values.items():
            environment.setenv(name, value)
        settings.cache_clear()
        database_module.engine.cache_clear()

    yield put
    database_module.engine.cache_clear()


def state_of(told, name):
    return {one["name"]: one["state"] for one in told["checks"]}[name]


def test_a_good_stack_that_is_not_up_yet_exits_zero(senso):
    told = senso("doctor", "--json").json

    assert told["broken"] == {}
    assert (state_of(told, "Workers"), state_of(told, "Beat")) == ("warning", "warning")
    assert {"postgres", "redis", "workers alive", "repairs, last day", "timetable", "environment"} <= set(told)
    assert told["OPENAI_API_KEY"] == "set"
    assert all(set(one) == {"name", "state", "said", "why", "do"} for one in told["checks"])


def test_each_finding_is_a_line_of_its_own(senso):
    senso.columns(200)

    said = senso("doctor").out

    assert re.search(r"^ok       Schema               schema \d{4}$", said, re.MULTILINE)
    assert re.search(
        r"^warning  Workers              none is alive; what is triggered waits; start", said, re.MULTILINE
    )


def test_without_redis_all_else_is_said_and_it_exits_five(senso, set_to):
    set_to(REDIS_URL=NOBODY)

    said = senso("doctor")

    assert said.code == 5
    assert re.search(r"^fault    Redis ", said.out, re.MULTILINE)
    assert re.search(r"^ok       Postgres version ", said.out, re.MULTILINE)
    assert "connection refused" in said.err
    assert "hunter2" not in said.out + said.err


def test_without_postgres_all_else_is_said_and_it_exits_five(senso, set_to):
    set_to(DATABASE_URL="postgresql://senso:hunter2@127.0.0.1:9/senso")

    said = senso("doctor")

    assert said.code == 5
    assert re.search(r"^fault    Postgres", said.out, re.MULTILINE)
    assert re.search(r"^ok       Redis queues ", said.out, re.MULTILINE)
    assert "hunter2" not in said.out + said.err


def test_without_both_it_still_prints_what_scripts_read(senso, set_to):
    set_to(REDIS_URL=NOBODY, DATABASE_URL="postgresql://senso:hunter2@127.0.0.1:9/senso")

    said = senso("doctor", "--json")

    assert said.code == 5
    assert '"workers alive": null' in said.out
    assert '"redis": "unreachable"' in said.out


def test_a_wrong_setting_is_said_before_what_may_pass(senso, set_to, tmp_path):
    with redis_server(tmp_path, "--databases", "1") as port:
        set_to(REDIS_URL=f"redis://127.0.0.1:{port}/0", SENSO_SCHEDULE="/nowhere.py")
        said = senso("doctor")

    assert said.code == 2
    assert "Redis results" in said.err


LIMITED = ("--user", "default", "off", "--user", "u1", "on", ">pw", "~senso*", "&*", "+@all")


def test_a_user_of_redis_that_may_not_use_the_names_of_work_is_refused_before_any_is_promised(
    make, senso, set_to, tmp_path
):
    org = make.org().id
    with redis_server(tmp_path, *LIMITED) as port:
        set_to(REDIS_URL=f"redis://u1:pw@127.0.0.1:{port}/0")
        told, triggered = senso("doctor"), senso("trigger", "org", org)

    assert (told.code, triggered.code) == (2, 2)
    assert "the keys matrix and " in told.err
    assert "the keys matrix and " in triggered.err


def test_where_postgres_takes_no_writes_no_worker_is_said_to_be_dead(make, senso, set_to, database):
    make.sql("INSERT INTO workers (id, heartbeat_at) VALUES ('host:7:abc', now() - interval '70 s')")
    joint = "&" if "?" in database else "?"
    set_to(DATABASE_URL=f"{database}{joint}options=-cdefault_transaction_read_only=on")

    said = senso("doctor")

    assert said.code == 5
    assert re.search(r"^fault    Postgres writes ", said.out, re.MULTILINE)
    assert re.search(r"^note     Workers +not heard of for 7\d s; Postgres refuses", said.out, re.MULTILINE)
    assert "none is alive" not in said.out


def test_what_is_set_and_not_used_is_said(senso, set_to):
    set_to(HELICONE_API_KEY="sk-hunter2")

    said = senso("doctor")

    assert re.search(r"^note     HELICONE_API_KEY +set, not used by this version$", said.out, re.MULTILINE)
    assert "hunter2" not in said.out


def test_what_only_former_versions_took_is_said_with_what_took_its_place(senso, set_to):
    set_to(EVALUATION_MODEL="gpt-6.1-terra")

    said = senso("doctor")

    words = " ".join(said.out.split())
    assert "note EVALUATION_MODEL set, no longer used; READING_MODELS says which model reads answers; unset it" in words


def test_online_says_that_a_wrong_key_is_not_accepted(senso, sandbox, set_to):
    assert senso("doctor", "--online").code == 0
    set_to(OPENAI_API_KEY="sk-hunter2")

    said = senso("doctor", "--online")

    assert said.code == 2
    assert "OPENAI_API_KEY: not accepted by its vendor (401)" in said.err
    assert "hunter2" not in said.out + said.err


def test_repairs_of_the_last_day_are_shown(senso, make):
    make.sql(
        "INSERT INTO repairs (kind, count, at) VALUES ('submit adopted', 1, now()), ('lost runs', 2, now()), "
        "('lost runs', 3, now()), ('given up', 7, now() - interval '25 hours')"
    )

    said, told = senso("doctor").out, senso("doctor", "--json").json

    assert told["repairs, last day"] == {"lost runs": 5, "submit adopted": 1}
    assert "5 × lost runs, 1 × submit adopted" in said


@pytest.mark.parametrize("role", ["worker", "control", "beat"])
def test_a_role_that_nobody_plays_here_fails_with_one_line(senso, role):
    said = senso("doctor", "--role", role)

    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert said.err.startswith(f"senso: {role}: " if role != "beat" else "senso: beat: ")


def test_a_role_that_is_played_here_is_said(senso, make):
    here = socket.gethostname()
    for queues in (CALL_QUEUES, CONTROL_QUEUES):
        make.sql(
            "INSERT INTO workers (id, queues) VALUES (:id, :queues)", id=f"{here}:{queues[0]}:1", queues=list(queues)
        )
    make.sql("INSERT INTO beats (id, ticked_at) VALUES (:id, now())", id=f"{here}:1:1")

    for role in ("worker", "control", "beat"):
        assert senso("doctor", "--role", role).code == 0
    assert senso("doctor", "--role", "beat", "--json").json["state"] == "ok"


def test_a_role_that_there_is_not_is_refused(senso):
    done = senso("doctor", "--role", "flower")

    assert done.code == 2
    assert "no such role; there are worker, control, beat, api" in done.err


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_role_of_the_api_is_played_by_what_answers_on_its_port(senso, set_to, tmp_path, database, host):
    with serving(tmp_path, {"DATABASE_URL": database, "API_HOST": host}) as api:
        set_to(API_HOST=host, PORT=api.url.rpartition(":")[2], HTTP_PROXY="http://127.0.0.1:9")
        played = senso("doctor", "--role", "api")
    gone = senso("doctor", "--role", "api")

    assert (played.code, played.out) == (0, f"api: answers on port {api.url.rpartition(':')[2]}\n")
    assert gone.code == 1
    assert f"nothing answers on port {api.url.rpartition(':')[2]} of {host}: " in gone.err


def test_another_program_on_its_port_is_not_the_api(senso, set_to, sandbox):
    set_to(PORT=sandbox.url.rpartition(":")[2])

    assert "another program" in senso("doctor", "--role", "api").err


@pytest.mark.parametrize("variable", ["EVENT_KEY", "INNGEST_EVENT_KEY"])
def test_it_is_said_whether_anybody_may_send_events(senso, set_to, variable):
    def events():
        return next(
            (one["state"], one["said"]) for one in senso("doctor", "--json").json["checks"] if one["name"] == "Events"
        )

    assert events() == ("note", "EVENT_KEY is not set")

    set_to(**{variable: "hunter2"})

    assert events() == ("ok", "accepted by the API from whoever has EVENT_KEY")


def test_a_role_whose_servers_are_away_exits_five(senso, set_to):
    set_to(DATABASE_URL="postgresql://senso:hunter2@127.0.0.1:9/senso")

    assert senso("doctor", "--role", "worker").code == 5
