"""compose.yaml says the same as the code, and tells no secret."""

import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from celery import Celery

from senso import stack
from senso.settings import Settings
from senso.tasks import schedule_file
from senso.worker.queues import CALL_QUEUES, CONTROL_QUEUES

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
OURS = ("migrate", "worker", "control", "beat", "flower", "api", "metrics")
LONG_RUNNING = ("postgres", "redis", "worker", "control", "beat", "flower", "api", "metrics")


def line(service):
    return [*SERVICES[service].get("entrypoint", []), *SERVICES[service].get("command", [])]


def option(words, *names):
    """The value of an option, in whichever of its forms it is written."""
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in names:
            return value or words[place + 1]
    raise AssertionError(f"none of {names} in {words}")


def flags(words):
    return {word for word in words if word.startswith("--without") or word == "-E"}


def test_the_services_are_those_that_production_needs():
    assert set(SERVICES) == {*LONG_RUNNING, "migrate"}


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_what_runs_on_is_watched_and_restarted(service):
    assert SERVICES[service]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[service]["restart"] == "unless-stopped"


def test_migrating_ends_and_is_not_started_again():
    assert line("migrate") == ["migrate"]
    assert SERVICES["migrate"]["restart"] == "no"


@pytest.mark.parametrize("service", OURS)
def test_nothing_of_ours_starts_before_what_it_stands_on(service):
    wanted = {"migrate": "service_completed_successfully", "redis": "service_healthy"}
    if service == "migrate":
        wanted = {"postgres": "service_healthy", "redis": "service_healthy"}

    assert {name: found["condition"] for name, found in SERVICES[service]["depends_on"].items()} == wanted


@pytest.mark.parametrize(
    ("service", "child"), [("worker", stack.call_workers(1, 200)[0]), ("control", stack.control_worker())]
)
def test_a_worker_is_started_as_the_stack_starts_it(service, child):
    ours, theirs = line(service), list(child.arguments)

    assert ours[0] == "celery"
    assert ours[3] == theirs[4] == "worker"
    for names in (("-A", "--app"), ("-P", "--pool"), ("-c", "--concurrency"), ("-Q", "--queues")):
        assert option(ours, *names) == option(theirs, *names)
    assert flags(ours) == flags(theirs)


def test_each_worker_of_a_machine_has_a_name_of_its_own():
    names = [option(line(service), "-n", "--hostname") for service in ("worker", "control")]

    assert len(set(names)) == 2
    assert all(name.endswith("@%h") for name in names)


def test_every_queue_has_a_worker():
    heard = {queue for service in ("worker", "control") for queue in option(line(service), "-Q").split(",")}

    assert heard == {*CALL_QUEUES, *CONTROL_QUEUES}


@pytest.mark.parametrize(("service", "child"), [("beat", stack.beat(Path())), ("flower", stack.flower(5555))])
def test_beat_and_flower_run_the_app_that_the_stack_runs(service, child):
    ours, theirs = line(service), list(child.arguments)

    assert option(ours, "-A") == option(theirs, "-A")
    assert ours[3] == theirs[4] == service


@pytest.mark.parametrize("service", ["worker", "control", "beat", "flower"])
def test_the_app_that_is_named_exists(service):
    module, name = option(line(service), "-A").split(":")

    assert isinstance(getattr(import_module(module), name), Celery)


def test_the_api_is_the_command_that_the_stack_runs_where_its_port_is_published():
    given = SERVICES["api"]["environment"]

    assert line("api") == ["senso", *stack.api(8080).arguments[2:]]
    assert SERVICES["api"]["ports"] == [f"127.0.0.1:8080:{given['PORT']}"]
    assert given["API_HOST"] == "0.0.0.0"


def test_the_metrics_are_the_command_that_the_stack_runs_and_leave_the_machine_only_by_a_proxy():
    given = SERVICES["metrics"]["environment"]

    assert line("metrics") == ["senso", *stack.metrics(9464).arguments[2:]]
    assert SERVICES["metrics"]["ports"] == [f"127.0.0.1:9464:{given['METRICS_PORT']}"]
    assert given["METRICS_HOST"] == "0.0.0.0"


def test_there_is_one_beat():
    assert SERVICES["beat"].get("scale", 1) == 1


def test_volumes_and_secrets_are_declared():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    volumes = {mount.split(":")[0] for mount in mounts if isinstance(mount, str)}
    secrets = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}

    assert volumes == set(COMPOSE["volumes"]) == {"postgres", "redis"}
    assert secrets == set(COMPOSE["secrets"])


@pytest.mark.parametrize("service", ["postgres", "redis"])
def test_what_must_outlive_a_container_is_on_a_volume(service):
    assert SERVICES[service]["volumes"]


def test_redis_keeps_its_queues():
    words = SERVICES["redis"]["command"]

    assert option(words, "--appendonly") == "yes"
    assert option(words, "--maxmemory-policy") == "noeviction"


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_is_one_that_is_read(service):
    if service == "postgres":
        return
    known = {name.upper() for name in Settings.model_fields} | {"REMAP_SIGTERM"}

    assert {name.removesuffix("_FILE") for name in SERVICES[service].get("environment", {})} <= known


@pytest.mark.parametrize("service", SERVICES)
def test_a_secret_comes_from_a_file_that_the_service_may_read(service):
    given = SERVICES[service].get("environment", {})
    files = {value for name, value in given.items() if name.endswith("_FILE")}

    assert files <= {f"/run/secrets/{secret}" for secret in SERVICES[service].get("secrets", [])}


def test_no_secret_stands_in_the_file():
    secret = re.compile(r"KEY$|TOKEN$|PASSWORD$|SECRET$|DSN$|_URL$|AUTH$")
    values = {
        name: value
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if secret.search(name)
    }

    assert [name for name, value in values.items() if not value.startswith("${")] == []
    assert not re.search(r"sk-[\w-]{8}|://[^\s/$]*:[^\s/]+@|Bearer ", TEXT)


def test_the_secrets_are_files_outside_of_the_image():
    assert {secret["file"].split("/")[1] for secret in COMPOSE["secrets"].values()} == {"secrets"}


def test_a_worker_has_longer_to_end_than_it_takes():
    grace = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))

    assert grace > float(SERVICES["worker"]["environment"]["SOFT_SHUTDOWN_SECONDS"]) + 15
    assert SERVICES["worker"]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"


@pytest.mark.parametrize(
    ("service", "role"),
    [("worker", "worker"), ("control", "control"), ("beat", "beat"), ("api", "api"), ("metrics", "metrics")],
)
def test_a_service_is_healthy_when_it_gets_on_itself(service, role):
    assert SERVICES[service]["healthcheck"]["test"] == ["CMD", "senso", "doctor", "--role", role]


def test_beat_has_the_timetable_of_the_operator():
    (mounted,) = SERVICES["beat"]["volumes"]

    assert (ROOT / mounted["source"]).samefile(ROOT / schedule_file.NAME)
    assert (mounted["target"], mounted["read_only"]) == (f"/home/senso/{schedule_file.NAME}", True)
    assert not mounted["bind"]["create_host_path"]  # Docker would make a folder of that name
    assert "WORKDIR /home/senso\n" in (ROOT / "Dockerfile").read_text()


def test_a_timetable_of_the_working_folder_goes_before_the_one_in_the_program(environment, tmp_path):
    (tmp_path / schedule_file.NAME).write_text("")
    environment.chdir(tmp_path)

    assert schedule_file.path() == tmp_path / schedule_file.NAME


@pytest.mark.parametrize("service", OURS)
def test_nothing_of_ours_has_more_rights_than_it_needs(service):
    assert SERVICES[service]["read_only"] is True
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert SERVICES[service]["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("service", SERVICES)
def test_logs_do_not_fill_the_disk(service):
    assert set(SERVICES[service]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("service", ["postgres", "redis"])
def test_a_server_is_of_one_version(service):
    assert re.search(r":\d+\.\d+", SERVICES[service]["image"])


def test_only_this_machine_reaches_the_dashboard():
    assert all(port.startswith("127.0.0.1:") for service in SERVICES.values() for port in service.get("ports", []))
