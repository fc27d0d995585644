"""DATABASE_URL: what each form means, and what is said of one that is none."""

import pytest

from senso.settings.databases import parameters

LOGIN = {"user": "me", "password": "hunter2"}
HERE = {"host": "pg.example", "dbname": "senso"}
TWO = {"host": "pg1.example,pg2.example", "dbname": "senso"}


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://me:hunter2@pg.example:5433/senso", LOGIN | HERE | {"port": "5433"}),
        ("postgres://me:hunter2@pg.example/senso", LOGIN | HERE),
        ("postgresql+psycopg2://me:hunter2@pg.example/senso", LOGIN | HERE),
        ("POSTGRESQL://me:hunter2@pg.example/senso", LOGIN | HERE),
        ("postgresql://pg.example/senso", HERE),
        ("postgresql://me@pg.example", {"user": "me", "host": "pg.example"}),
        ("postgresql://me:hunter2@[2001:db8::7]:5433/senso", LOGIN | {"host": "2001:db8::7", "port": "5433"}),
        ("postgresql:///senso?host=/run/postgresql", {"host": "/run/postgresql", "dbname": "senso"}),
        ("postgresql://me@%2Frun%2Fpostgresql/senso", {"host": "/run/postgresql", "user": "me"}),
        ("postgresql:///?service=senso", {"service": "senso"}),
        ("postgresql://me@pg.example/senso?passfile=/run/secrets/pgpass", HERE | {"passfile": "/run/secrets/pgpass"}),
        ("postgresql://pg.example/senso?sslmode=verify-full&sslrootcert=ca.pem", {"sslmode": "verify-full"}),
        ("postgresql://me:hunter2@pg1.example:1,pg2.example:2/senso", LOGIN | TWO | {"port": "1,2"}),
        ("postgresql://me:hunter2@pg1.example,pg2.example/senso?target_session_attrs=read-write", LOGIN | TWO),
        ("postgresql://me:hunter2@/senso?host=pg1.example:1&host=pg2.example:2", LOGIN | TWO | {"port": "1,2"}),
        ("postgresql://me:hunter2@/senso?host=pg1.example,pg2.example&port=1,2", LOGIN | TWO | {"port": "1,2"}),
        ("host=pg.example dbname=senso user=me password=hunter2", LOGIN | HERE),
        ("host=pg.example dbname=senso user=me password='a b'", HERE | {"password": "a b"}),
    ],
)
def test_a_url_means_what_it_means_to_psql(url, wanted):
    assert wanted.items() <= parameters(url).items()


@pytest.mark.parametrize(
    ("written", "password"),
    [
        ("a%40b", "a@b"),
        ("a%2Fb", "a/b"),
        ("a/b", "a/b"),
        ("a?b", "a?b"),
        ("a#b", "a#b"),
        ("100%", "100%"),
        ("%zz", "%zz"),
    ],
)
def test_a_password_is_taken_as_it_was_meant(written, password):
    assert parameters(f"postgresql://me:{written}@pg.example:5433/senso") == {
        "user": "me",
        "password": password,
        "host": "pg.example",
        "port": "5433",
        "dbname": "senso",
    }


@pytest.mark.parametrize("written", ["-csearch_path%3Dacme", "-csearch_path=acme"])
def test_options_are_the_users_own(written):
    assert parameters(f"postgresql://pg.example/senso?options={written}")["options"] == "-csearch_path=acme"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:hunter2@pg.example/senso", "must begin with postgresql://"),
        ("pg.example:5432/senso", "must begin with postgresql://"),
        ("jdbc:postgresql://pg.example/senso", "must begin with postgresql://"),
        ("postgresql://me:hunter2@hunter2@pg.example/senso", "an @ in the password as %40"),
        ("postgresql://me:1/hunter2@pg.example/senso", "has an @ behind its host"),
        ("postgresql://me:hunter2@pg.example:port/senso", "a number between 1 and 65535"),
        ("postgresql://me:hunter2@pg.example:70000/senso", "a number between 1 and 65535"),
        ("postgresql://me:hunter2/senso", "neither an @ before its host nor a number"),
        ("postgresql://me:hunter2@2001:db8::7:5432/senso", r"an IPv6 address in \[brackets\]"),
        ("postgresql://me:hunter2 @pg.example/senso", "a space"),
        ("postgresql://me:hunter2@pg.example/senso?nonsense=1", 'an option "nonsense"'),
        ("postgresql://me:hunter2@pg.example/senso?sslmode", "an option without a value"),
        ("postgresql://me:hunter2@pg.example/senso?sslmode=on", "disable, allow, prefer, .* as sslmode"),
        ("postgresql://me:hunter2@pg.example/senso?connect_timeout=5s", "a number as connect_timeout"),
        ("postgresql://me:hunter2@pg.example/senso?target_session_attrs=standby", r"any, read-write, primary .*writes"),
        ("postgresql://me:hunter2@a,b,c/senso?port=1,2", "one port, or one for each"),
        ("postgresql://me:1/x?hunter2=hunter2@pg.example/senso", "has an @ among its options"),
        ("host=pg.example password=my hunter2=x", "key=value pairs"),
        ("host=pg.example password=my hunter2", "key=value pairs"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_without_a_piece_of_it(url, said):
    with pytest.raises(ValueError, match=said) as caught:
        parameters(url)

    assert "hunter2" not in str(caught.value)
