"""What an address of a webhook may stand for, however it is written."""

import socket

import pytest
from aiohttp import ClientConnectorError
from hooks import Receiver

from senso import http
from senso.errors import ConfigError, OutsideError, Refused, Unavailable
from senso.event_loop import wait_for
from senso.outgoing import calls
from senso.outgoing.addresses import Forbidden, Reach, require
from senso.outgoing.connections import through
from senso.settings import settings

INSIDE = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "198.18.0.1"),
    *("169.254.169.254", "169.254.1.1", "168.63.129.16", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.0.192"),
    *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::a9fe:a9fe", "64:ff9b::7f00:1"),
    *("64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:7f00:1::80ff:fffe"),
)
OUTSIDE = ("203.0.114.5", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")
WRITTEN = (
    *("http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://2130706433/"),
    *("https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://017700000001/"),
    *("https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://169.254.169.254/latest/meta-data/"),
    *("https://metadata.google.internal./", "https://127.0.0.1./", "https://0/", "https://1.2.3.4.5/"),
    *("https://user:secret@example.com/", "https://example.com/#x", "ftp://example.com/", "https:///x", "example.com"),
    *("https://exämple.com/", "https://example.com/\r\nX: y", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x"),
    f"https://example.com/{'x' * 2000}",
)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_is_not_of_the_internet_may_not_be_reached(address):
    with pytest.raises(Forbidden):
        require(address, Reach.PUBLIC)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_may_be_reached(address):
    require(address, Reach.PUBLIC)


def test_tests_reach_this_machine_and_nothing_else_that_is_inside():
    require("127.0.0.1", Reach.TEST)
    require("::1", Reach.TEST)
    for address in set(INSIDE) - {"127.0.0.1", "127.8.8.8", "::1"}:
        if "127.0.0.1" in address or "7f00:1" in address:
            continue  # loopback in another form
        with pytest.raises(Forbidden):
            require(address, Reach.TEST)


def test_the_application_may_be_in_a_private_network_and_not_at_a_clouds_metadata():
    for address in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "fd12::1", "8.8.8.8"):
        require(address, Reach.OWN)
    for address in ("169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1"):
        with pytest.raises(Forbidden):
            require(address, Reach.OWN)


@pytest.mark.parametrize("url", WRITTEN)
def test_an_address_is_refused_before_anything_is_sent(url):
    with pytest.raises((Forbidden, Unavailable)):
        calls.check(url, Reach.PUBLIC)
    with pytest.raises((OutsideError, ConfigError)):
        calls.post(posted(url, Reach.PUBLIC))


def posted(url, reach=Reach.TEST):
    return calls.Post("webhook", url, b"{}", {"Content-Type": "application/json"}, 3, reach)


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


@pytest.fixture
def names(monkeypatch):
    """Stands in for DNS: the addresses of a name, one list for each time that it is looked up."""
    answers = {}
    real = socket.getaddrinfo

    def looked_up(host, port, *arguments, **options):
        if host not in answers:
            return real(host, port, *arguments, **options)
        found = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    yield answers
    http.close()


def test_a_name_that_stands_for_a_private_address_is_refused_when_it_is_saved(names):
    names["hook.example"] = [["10.0.0.8"]]

    with pytest.raises(Forbidden, match="private"):
        calls.check("https://hook.example/x", Reach.PUBLIC)


def test_without_tls_a_test_may_reach_this_machine_only(names):
    names["hook.example"] = [["8.8.8.8"], ["8.8.8.8"]]

    with pytest.raises(Forbidden, match="must begin with https"):
        calls.check("http://hook.example/x", Reach.TEST)

    assert calls.check("https://hook.example/x", Reach.TEST)
    assert calls.check("http://127.0.0.1:4000/x", Reach.TEST)


def test_one_private_address_among_others_is_enough(names):
    names["hook.example"] = [["8.8.8.8", "127.0.0.1"]]

    with pytest.raises(Forbidden):
        calls.check("https://hook.example/x", Reach.PUBLIC)


def test_a_name_that_stands_for_another_address_later_is_refused_when_it_is_connected_to(names, receiver):
    names["hook.example"] = [["8.8.8.8"], ["127.0.0.1"]]
    calls.check(f"https://hook.example:{receiver.port}/x", Reach.PUBLIC)

    with pytest.raises(Refused, match="which no call may reach"):
        calls.post(posted(f"https://hook.example:{receiver.port}/x", Reach.PUBLIC))

    assert receiver.connections == 0


def test_the_host_is_the_one_that_was_given_and_the_address_the_one_that_was_checked(names, receiver):
    names["hook.example"] = [["127.0.0.1"], ["10.0.0.8"]]

    assert calls.post(posted(f"http://hook.example:{receiver.port}/x")) == 200

    (request,) = receiver.requests
    assert request.headers["host"] == f"hook.example:{receiver.port}"


def test_a_connection_is_checked_also_where_the_address_was_given_as_such(receiver):
    """Beneath the check of the host: as if it had been passed by."""

    async def connected():
        async with through(Reach.PUBLIC)().post(f"http://127.0.0.1:{receiver.port}/"):
            pass

    with pytest.raises(ClientConnectorError) as refused:
        wait_for(connected())

    assert isinstance(refused.value.os_error, Forbidden)
    assert receiver.connections == 0


def test_a_redirect_is_not_followed_and_the_reply_is_not_repeated(receiver):
    receiver.answers = [(302, {"Location": "http://169.254.169.254/latest/"}, b"hunter2 in a body")]

    with pytest.raises(Refused, match="redirects are not followed") as refused:
        calls.post(posted(receiver.url))

    assert "hunter2" not in str(refused.value)
    assert refused.value.status == 302


def test_a_reply_without_end_is_not_read(receiver):
    receiver.answers = [(500, {"Content-Length": "10000000000"}, b"x" * 1000)]

    with pytest.raises(Unavailable, match=r"^webhook 500: it did not accept it$"):
        calls.post(posted(receiver.url))


def test_a_proxy_is_asked_for_the_address_that_was_checked(names, receiver, environment):
    """The receiver here is the proxy: what it is told to connect to is all that matters."""
    names["hook.example"] = [["8.8.8.8"]]
    environment.setenv("HTTPS_PROXY", f"http://127.0.0.1:{receiver.port}")
    settings.cache_clear()
    receiver.answers = [(403, {}, b"")]

    with pytest.raises(OutsideError):
        calls.post(posted("https://hook.example/x", Reach.PUBLIC))

    assert [one.line for one in receiver.requests] == ["CONNECT 8.8.8.8:443 HTTP/1.1"]
