"""REDIS_URL taken apart: what every form means, what is refused, and that no line repeats a part of it."""

import pytest

from senso.settings.redis_urls import Address, parsed

TLS = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("redis://host", Address("host")),
        ("redis://host:6380/", Address("host", 6380)),
        ("REDIS://host/3", Address("host", database=3)),
        ("valkey://host/3", Address("host", database=3)),
        ("redis://:p@w@host", Address("host", password="p@w")),
        ("redis://me:p%2Fw%3F@host", Address("host", username="me", password="p/w?")),
        ("redis://me@host", Address("host", username="me")),
        ("redis://host?username=me&password=p%2Bw", Address("host", username="me", password="p+w")),
        ("redis://[::1]:6380/1", Address("::1", 6380, database=1)),
        ("redis://host?db=4", Address("host", database=4)),
        ("redis://host/4?virtual_host=4", Address("host", database=4)),
        ("rediss://host", Address("host", tls=TLS)),
        ("valkeys://host", Address("host", tls=TLS)),
        ("rediss://host?ssl_cert_reqs=CERT_NONE", Address("host", tls=TLS | {"ssl_cert_reqs": "none"})),
        ("rediss://host?ssl_check_hostname=False", Address("host", tls=TLS | {"ssl_check_hostname": False})),
        (
            "rediss://host?ssl_ca_certs=a%20b.pem&ssl_certfile=c.pem&ssl_keyfile=k.pem",
            Address("host", tls=TLS | {"ssl_ca_certs": "a b.pem", "ssl_certfile": "c.pem", "ssl_keyfile": "k.pem"}),
        ),
        ("unix:///run/redis.sock", Address(path="/run/redis.sock")),
        ("unix://:pw@/run/a%20b.sock?db=2", Address(path="/run/a b.sock", database=2, password="pw")),
        ("redis+socket:///run/redis.sock?virtual_host=2", Address(path="/run/redis.sock", database=2)),
    ],
)
def test_a_url_means_what_it_says(url, wanted):
    assert parsed(url) == wanted


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://", "must be redis://"),
        ("redis://:hunter2?hunter3@host", "must be redis://"),
        ("redis://hunter2?hunter3@host/0", "must be redis://"),
        ("redis://host:0", "its port must be between 1 and 65535"),
        ("redis://host:70000", "its port must be between 1 and 65535"),
        ("redis://host/1?db=2", "say the number of the database once"),
        ("redis://host?db=first", "say the number of the database once"),
        ("redis://host?socket_timeout=5", "socket_timeout is no option of it; there are db, "),
        ("redis://host?Hunter2=5", "what stands behind its \\? is no option of it"),
        ("redis://host?db=", "db has no value"),
        ("redis://host?db=1&db=1", "db is given twice"),
        ("redis://host?ssl_cert_reqs=none", "options of TLS are for rediss://, and this is redis://"),
        ("unix:///run/redis.sock?ssl_cert_reqs=none", "options of TLS are for rediss://"),
        ("unix://run/redis.sock", "must be redis://"),
        ("rediss://host?ssl_cert_reqs=maybe", "ssl_cert_reqs must be one of required, optional, none"),
        ("rediss://host?ssl_check_hostname=maybe", "ssl_check_hostname must be true or false"),
        ("rediss://host?ssl_certfile=c.pem", "ssl_certfile and ssl_keyfile go together"),
    ],
)
def test_what_is_refused_is_named_and_not_repeated(url, said):
    with pytest.raises(ValueError, match=said) as caught:
        parsed(url)

    assert "unter" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "queues", "results"),
    [
        ("redis://host", "redis://host:6379/0", "redis://host:6379/1"),
        ("redis://:p@w;@host/4", "redis://:p%40w%3B@host:6379/4", "redis://:p%40w%3B@host:6379/5"),
        ("redis://[::1]?db=3", "redis://[::1]:6379/3", "redis://[::1]:6379/4"),
        ("valkeys://me:pw@host/0?ssl_cert_reqs=none", "rediss://me:pw@host:6379/0", "rediss://me:pw@host:6379/1"),
        (
            "unix://:pw@/a.sock",
            "redis+socket://:pw@/a.sock?virtual_host=0",
            "redis+socket://:pw@/a.sock?virtual_host=1",
        ),
    ],
)
def test_results_are_kept_apart_from_the_queues(url, queues, results):
    assert (parsed(url).url, parsed(url).results.url) == (queues, results)


def test_no_password_is_shown():
    shown = repr(parsed("rediss://me:hunter2@host?ssl_password=hunter3&ssl_certfile=c&ssl_keyfile=k"))

    assert "hunter" not in shown


@pytest.mark.parametrize(
    "host", [".", "..", "redis..internal", ".redis", "%2E", "a" * 64, "a" * 64 + ".b", "a.\u3002b"]
)
def test_a_host_that_cannot_be_looked_up_is_refused_as_one(host):
    with pytest.raises(ValueError, match="has a host that is none: a part between its dots is empty or over 63"):
        parsed(f"redis://:hunter2@{host}:6379/0")


@pytest.mark.parametrize("host", ["a%20b", "a%2Fb", "a\\b", "a!b"])
def test_a_host_of_letters_that_no_name_has_is_refused(host):
    with pytest.raises(ValueError, match="has a host that is none: a name has letters"):
        parsed(f"redis://{host}/0")


@pytest.mark.parametrize("host", ["redis.", "r\u00e9dis", "a" * 63, "redis_1", "10.0.0.1"])
def test_a_host_that_can_be_looked_up_is_taken(host):
    assert parsed(f"redis://{host}/0").host == host


@pytest.mark.parametrize("login", [":hunter[2", ":hunter]2", "hunter[2", ":hunter[2]", "[hunter:2]"])
@pytest.mark.parametrize("host", ["host", "[::1]"])
def test_a_bracket_in_a_password_is_said_with_how_to_write_it(login, host):
    with pytest.raises(ValueError, match=r"write \[ as %5B and \] as %5D") as caught:
        parsed(f"redis://{login}@{host}:6379/0")

    assert "hunter" not in str(caught.value)
    assert parsed("redis://:hunter%5B2@host").password == "hunter[2"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis+sentinel://:hunter2@one:26379,two:26379/main/0", "is for Redis Sentinel, which is not supported"),
        *((f"{scheme}://one", "Redis Sentinel") for scheme in ("sentinel", "Sentinel", "rediss+sentinel")),
        *((f"{scheme}://one", "Redis Cluster") for scheme in ("redis+cluster", "redis-cluster")),
        ("sentinel://one:26379;sentinel://two:26379", "Redis Sentinel"),
        *((f"redis://{hosts}", "has several hosts") for hosts in ("one,two", "one:1,two:2/0", ":hunter2@one,two:2")),
        ("redis://one;redis://two", "has several hosts"),
        ("redis://me:hunter2@one,me:hunter2@two,three/0", "has several hosts"),
    ],
)
def test_more_servers_than_one_are_refused_with_what_to_write(url, said):
    with pytest.raises(ValueError, match=said) as caught:
        parsed(url)

    assert "put the address of the primary, or of a proxy" in str(caught.value)
    assert "hunter" not in str(caught.value)


def test_a_comma_in_a_password_is_no_second_host():
    assert parsed("redis://:a,b;c@host/0").password == "a,b;c"
    assert parsed("redis://host?password=a,b").password == "a,b"
    assert parsed("unix:///a,b.sock").path == "/a,b.sock"
