"""`credits`, `ledger`, and `trigger` for many: nothing twice, nothing half."""

import os
import subprocess
import sys

import pytest
from at_work import start, work_off
from shell import Shell
from sqlalchemy.exc import IntegrityError

from senso import __version__
from senso.cli import acting_user
from senso.policy import POLICY
from senso.queries import invariants
from senso.settings import Settings


def test_a_grant_is_given_once_for_a_ref_and_audited_once(senso, make):
    partner = make.org(available=10).partner

    first = senso("credits", partner, "--grant", 5, "--ref", "invoice 7", "--json").json
    again = senso("credits", partner, "--grant", 5, "--ref", "invoice 7", "--json").json

    assert (first["available"], again["available"]) == (15, 15)
    assert (first["grant"]["outcome"], again["grant"]["outcome"]) == ("granted", "already granted")
    audited = make.sql("SELECT actor, action, subject, details FROM audit")
    assert audited == [
        {
            "actor": acting_user.actor(),
            "action": "grant",
            "subject": f"partner:{partner}",
            "details": {"credits": 5, "ref": "invoice 7"},
        }
    ]


def test_a_ref_of_another_grant_is_refused_with_what_it_was(senso, make):
    partner, other = make.org(available=10).partner, make.org(available=10).partner
    senso("credits", partner, "--grant", 5, "--ref", "invoice 7")

    for arguments in ([partner, "--grant", 6], [other, "--grant", 5]):
        done = senso("credits", *arguments, "--ref", "invoice 7")

        assert (done.code, done.err.count("\n"), done.out) == (2, 1, "")
        assert f"5 credits to partner {partner}" in done.err
    assert [row["available"] for row in make.sql("SELECT available FROM partners ORDER BY available")] == [10, 15]


def test_what_is_held_is_said_beside_what_is_available(senso, make):
    org = make.org(questions=3, available=10)
    start(make.queued(org))

    found = senso("credits", org.partner, "--json").json
    said = senso("credits", org.partner).out

    assert (found["available"], found["held"], found["granted"], found["charged"]) == (7, 3, 10, 0)
    assert "held       3" in said


def test_a_row_that_the_product_would_not_write_is_refused(make):
    partner = make.org(available=10).partner

    with pytest.raises(IntegrityError, match="ck_ledger_entry"):
        make.sql(
            "INSERT INTO ledger (idempotency_key, entry, partner_id, credits) VALUES ('gift:1', 'gift', :partner, 3)",
            partner=partner,
        )


def test_an_unmetered_partner_is_said_to_be_one(senso, make, db):
    partner = make.org(available=None).partner

    before = senso("credits", partner).out
    granted = senso("credits", partner, "--grant", 5, "--ref", "x", "--json").json

    assert "not metered" in before
    assert (granted["metered"], granted["available"]) == (False, None)
    assert invariants.broken(db, POLICY, 500) == {}


def test_the_ledger_has_a_running_balance_that_ends_in_what_is_available(senso, make, sandbox):
    org = make.org(questions=2, available=10)
    batch = make.queued(org)
    work_off(make, batch)

    found = senso("ledger", org.partner, "--json").json
    last = senso("ledger", org.partner, "--last", 2)

    assert [(row["entry"], row["credits"], row["balance"]) for row in found] == [
        ("grant", 10, 10),
        ("hold", -2, 8),
        ("release", 2, 10),
        ("charge", -1, 9),
        ("charge", -1, 8),
    ]
    assert found[-1]["balance"] == make.one("SELECT available FROM partners")
    assert found[3]["batch_id"] == str(batch)
    assert "The latest 2 of 5 rows" in last.err
    assert last.out.count("charge") == 2
    assert "release" not in last.out


def test_a_file_of_ids_is_triggered_each_once(senso, make, tmp_path):
    first, second, third = make.org(), make.org(), make.org()
    file = tmp_path / "ids.txt"
    file.write_text(f"# ours\n{first.id}  # the bank\n\n  {second.id}\n{first.id}\n")

    found = senso("trigger", "org", third.id, second.id, "--file", file, "--json").json

    assert [one["org_id"] for one in found] == [str(third.id), str(second.id), str(first.id)]
    assert make.one("SELECT count(*) FROM batches") == 3


@pytest.mark.parametrize("unknown", [1, 2])
def test_an_unknown_org_among_many_is_refused_before_anything_is_opened(senso, make, unknown):
    strangers = [make.org().partner for _ in range(unknown)]

    done = senso("trigger", "org", make.org().id, *strangers)

    assert (done.code, done.err.count("\n")) == (4, 1)
    assert str(strangers[0]) in done.err
    assert make.sql("SELECT * FROM batches") == make.sql("SELECT * FROM audit") == []


def test_a_cancelled_batch_among_many_is_refused_before_anything_is_opened(senso, make):
    stopped, fine = make.org(), make.org()
    senso("cancel", make.queued(stopped))

    done = senso("trigger", "org", fine.id, stopped.id)

    assert (done.code, "--reopen" in done.err) == (2, True)
    assert make.one("SELECT count(*) FROM batches") == 1


def test_the_same_idempotency_key_opens_once_and_refuses_another_request(senso, make):
    org, other = make.org(), make.org()

    first = senso("trigger", "org", org.id, "--idempotency-key", "k-1", "--json").json
    again = senso("trigger", "org", org.id, "--idempotency-key", "k-1", "--json").json
    refused = senso("trigger", "org", other.id, "--idempotency-key", "k-1")
    many = senso("trigger", "org", org.id, other.id, "--idempotency-key", "k-2")

    assert (first["id"], again["outcome"]) == (again["id"], "attached")
    assert (refused.code, many.code) == (2, 2)
    assert make.one("SELECT count(*) FROM batches") == 1


def test_a_user_without_a_name_is_known_by_its_number(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody else")
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)

    assert acting_user.actor() == "4000000"


def test_the_sandbox_says_what_it_takes(senso):
    said = senso("sandbox", "--help")

    assert said.code == 0
    assert "--snapshot-seconds" in said.out


def test_the_version_is_printed(senso):
    assert senso("--version").out == f"senso {__version__}\n"


@pytest.mark.parametrize(
    ("line", "offered"),
    [("senso st", "status"), ("senso status --state can", "cancelled"), ("senso trigger org --dr", "--dry-run")],
)
def test_the_shell_completes_commands_and_options(line, offered):
    words = {"_SENSO_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}

    done = typed(**words)

    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [offered], "")


def test_completion_is_shown_and_installed(tmp_path):
    shown = typed("--show-completion", "bash")
    installed = typed("--install-completion", "bash", HOME=str(tmp_path))

    assert (shown.returncode, "complete_bash" in shown.stdout) == (0, True)
    assert installed.returncode == 0, installed.stderr
    assert "senso" in (tmp_path / ".bashrc").read_text()


def typed(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Through the installed name, by which completion goes, and from a shell, which it finds among its parents."""
    clean = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    program = "import sys; sys.argv[0] = 'senso'; from senso.cli import main; main()"
    return subprocess.run(
        ["bash", "-c", '"$@"; exit $?', "bash", sys.executable, "-c", program, *arguments],
        env=clean | {"SHELL": "/bin/bash"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)
