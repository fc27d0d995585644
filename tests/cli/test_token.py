"""`senso token`: what it prints, what it keeps, and what it refuses."""

import re
from uuid import uuid4

import pytest
from shell import Shell


@pytest.fixture
def senso(make, monkeypatch, capsys) -> Shell:
    return Shell(monkeypatch, capsys)


def test_a_token_is_printed_once_alone_on_its_line_listed_and_revoked(senso, make):
    partner = make.partner()

    made = senso("token", "create", "reporting", "--scope", "read", "--partner", partner, "--days", 7)

    secret = made.out.splitlines()[0]
    assert re.fullmatch(r"senso_[0-9a-f]{64}", secret)
    assert "stored nowhere" in made.err
    (listed,) = senso("token", "list", "--json").json
    assert (listed["name"], listed["scope"], listed["partner_id"]) == ("reporting", "read", str(partner))
    assert secret.startswith(listed["start"])
    assert secret not in senso("token", "list").out + str(make.sql("SELECT * FROM tokens"))
    assert senso("token", "list", "--partner", uuid4(), "--json").json == []

    first, again = (senso("token", "revoke", listed["id"], "--json").json for _ in range(2))
    assert first["revoked_at"] is not None
    assert again == first
    assert "revoked 20" in senso("token", "list").out
    audited = make.sql("SELECT action, subject FROM audit ORDER BY id")
    assert audited == [{"action": f"{done} token", "subject": f"token:{listed['id']}"} for done in ("create", "revoke")]


def test_as_json_the_token_is_a_member_and_expires_after_90_days(senso, make):
    made = senso("token", "create", "x", "--scope", "admin", "--json").json

    assert made["token"].startswith(made["start"])
    assert made["partner_id"] is None
    assert make.one("SELECT expires_at - created_at = interval '90 days' FROM tokens")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("create", "x"), 2, "Missing option '--scope'"),
        (("create", "x", "--scope", "root"), 2, "'root' is not one of"),
        (("create", "x", "--scope", "read", "--days", "367"), 2, "less than or equal to 366"),
        (("create", " ", "--scope", "read"), 2, "NAME: empty"),
        (("create", "x" * 101, "--scope", "read"), 2, "NAME: longer than 100 characters"),
        (("create", "x", "--scope", "read", "--partner", "7"), 2, "'7' is not the id of a partner"),
        (("create", "x", "--scope", "read", "--partner", str(uuid4())), 4, "no partner"),
        (("revoke", "7"), 2, "'7' is not the id of a token"),
        (("revoke", str(uuid4())), 4, "no token"),
    ],
)
def test_what_is_refused_says_why_and_makes_nothing(senso, make, words, code, said):
    done = senso("token", *words)

    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err
    assert make.one("SELECT count(*) FROM tokens") == 0
