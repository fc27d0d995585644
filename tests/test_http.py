import asyncio
import gzip
import inspect
import threading
import time
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp
import pytest
from multidict import CIMultiDict

from senso import http
from senso.errors import ConfigError, Malformed, Misconfigured, OutsideError, RateLimited, Refused, Unavailable
from senso.event_loop import event_loop, wait_for
from senso.http import REASON_LENGTH, Response, call, close, failure, json_of, request, session, time_for, translate

LIBRARY = {
    name: found
    for name, found in inspect.getmembers(aiohttp.client_exceptions, inspect.isclass)
    if issubclass(found, aiohttp.ClientError)
}
TOGETHER = 20
# Never tried again; whatever else the library raises may pass.
OUR_MISTAKES = {"InvalidURL", "InvalidUrlClientError", "InvalidUrlRedirectClientError"}


def raised(name):
    """Their constructors differ, and their types alone decide."""
    return LIBRARY[name].__new__(LIBRARY[name])


def response(status, text="", headers=(), secrets=()):
    return Response(status, CIMultiDict(headers), text.encode(), secrets)


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_an_error_of_the_library_becomes_the_one_that_says_what_to_do(name):
    found = translate("vendor", raised(name))

    assert type(found) is (ConfigError if name in OUR_MISTAKES else Unavailable)
    assert str(found).startswith("vendor: ")


@pytest.mark.parametrize("name", ["ServerTimeoutError", "ConnectionTimeoutError", "SocketTimeoutError"])
def test_a_timeout_says_that_it_was_one(name):
    assert translate("vendor", raised(name)).reason == "did not answer in time"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, Refused),
        (304, Refused),
        (400, Refused),
        (401, Refused),
        (402, Misconfigured),
        (403, Refused),
        (404, Refused),
        (408, Unavailable),
        (409, Unavailable),
        (410, Misconfigured),
        (413, Refused),
        (422, Refused),
        (425, Unavailable),
        (429, RateLimited),
        (500, Unavailable),
        (501, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (529, Unavailable),
    ],
)
def test_a_status_becomes_the_error_that_says_what_to_do(status, expected):
    found = failure("vendor", response(status, "why"))

    assert (type(found), found.service, found.status, found.reason) == (expected, "vendor", status, "why")
    assert str(found) == f"vendor {status}: why"


def test_a_404_of_the_service_itself_is_of_the_model_or_the_address():
    said = Response(404, {}, b'{"error": {"message": "no such model"}}')

    assert isinstance(failure("vendor", said), Misconfigured)


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}',
        '{"error": {"message": "Stop.", "type": "insufficient_quota", "code": "credit_balance_exhausted"}}',
        '{"error": {"message": "Stop.", "code": "organization_spend_limit_exceeded"}}',
        '{"error": {"message": "Stop.", "code": "project_spend_limit_exceeded"}}',
        '{"error": {"message": "Stop.", "code": "organization_usage_limit_exceeded"}}',
        '{"error": {"type": "rate_limit_error", "details": {"error_code": "enforced_spend_limit_reached"}}}',
        '{"error": {"type": "rate_limit_error", "details": {"error_code": "contract_spend_limit_reached"}}}',
    ],
)
def test_a_429_of_an_account_without_money_is_a_refusal_of_all_requests(body):
    assert type(failure("vendor", response(429, body))) is Misconfigured


def test_a_429_to_a_request_that_is_over_the_limit_by_itself_is_a_refusal_of_it_alone():
    body = '{"error": {"message": "Limit 30000, Requested 31538.", "code": "rate_limit_exceeded"}}'

    assert type(failure("vendor", response(429, body))) is Refused


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "Request too large: insufficient_quota, spend_limit", "code": "rate_limit_exceeded"}}',
        '{"error": {"message": "Limit 30000, Used 28039, Requested 3906.", "code": "rate_limit_exceeded"}}',
        '{"error": "insufficient_quota"}',
        f'{{"error": "Limit 1{"0" * 5000}, Requested 5"}}',
        "insufficient_quota",
        "[]",
    ],
)
def test_no_word_of_a_text_makes_a_429_a_refusal(body):
    assert type(failure("vendor", response(429, body))) is RateLimited


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"retry-after": "7"}, "", 7),
        ({"Retry-After": "0"}, "", 0),
        ({"retry-after": "1.5"}, "", 1.5),
        ({"retry-after-ms": "250"}, "", 0.25),
        ({"retry-after-ms": "250", "retry-after": "1"}, "", 0.25),
        ({"retry-after-ms": "soon", "retry-after": "2"}, "", 2),
        ({"retry-after": "3"}, "Please try again in 9s.", 3),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, "", 0),
        ({"retry-after": "soon"}, "Please try again in 9s.", 9),
        ({"retry-after": "-1"}, "", None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 +99999999999999"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": ""}, "", None),
        ({}, "Please try again in 3.89s. Visit https://vendor.example/limits", 3.89),
        ({}, "Please try again in 174ms.", 0.174),
        ({}, "Please try again in 7m12s.", 432),
        ({}, "Please try again in 1h0m1.5s.", 3601.5),
        ({}, "Please retry after 33 seconds.", 33),
        ({}, "Snapshot is not ready yet, try again in 10s", 10),
        ({}, "RETRY IN 5 S", 5),
        ({}, "Please try again later.", None),
        ({}, "", None),
    ],
)
def test_the_time_to_wait_is_the_services_own_word(headers, text, seconds):
    assert failure("vendor", response(429, text, headers)).retry_after_seconds == pytest.approx(seconds)


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_may_be_a_date(status):
    moment = datetime.now(UTC) + timedelta(seconds=90)
    found = failure("vendor", response(status, "", {"retry-after": format_datetime(moment, usegmt=True)}))

    assert 85 < found.retry_after_seconds <= 90


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"error": {"message": "Too long.", "code": "x"}}', "Too long."),
        ('{"error": "Invalid input provided", "code": "validation_error"}', "Invalid input provided"),
        ('{"detail": "no such thing"}', '{"detail": "no such thing"}'),
        ('["a list"]', '["a list"]'),
        ("Collector\n  not found\n", "Collector not found"),
        ("", "no reason given"),
        ('{"error": {"message": "a NUL\\u0000 and half a pair \\ud800"}}', "a NUL and half a pair ?"),
        ("a NUL\x00 in a text", "a NUL in a text"),
        ("[" * 200_000, "[" * REASON_LENGTH),
    ],
)
def test_the_reason_is_the_services_own_in_one_line(body, reason):
    assert failure("vendor", response(400, body)).reason == reason


def test_a_long_body_is_cut():
    assert failure("vendor", response(400, "x" * 100_000)).reason == "x" * REASON_LENGTH


def test_a_page_of_a_proxy_is_a_passing_failure_in_one_line():
    page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>"
    found = failure("vendor", response(502, page, {"content-type": "text/html"}))

    assert type(found) is Unavailable
    assert "502 Bad Gateway" in found.reason
    assert len(str(found).splitlines()) == 1


@pytest.mark.parametrize("padding", [0, REASON_LENGTH - 10])
def test_a_key_that_the_service_repeats_is_not_in_the_reason(padding):
    found = failure("vendor", response(400, "x" * padding + " bad key very-secret-key", secrets=("very-secret-key",)))

    assert "very-sec" not in str(found)


@pytest.mark.parametrize("body", ['{"id": ', "[" * 200_000])
def test_what_is_not_json_is_malformed(body):
    with pytest.raises(Malformed) as caught:
        json_of("vendor", response(200, body))

    assert (caught.value.service, caught.value.status) == ("vendor", 200)


@pytest.mark.parametrize(
    "url", ["", "vendor.example/v1", "ftp://vendor.example", "http://", "http://[::1", "http://vendor..example"]
)
def test_a_base_url_that_is_none_is_a_mistake_of_configuration(url):
    with pytest.raises(ConfigError, match=r"^vendor: its base URL is not one"):
        call("vendor", "GET", url)


def test_a_user_in_a_base_url_does_not_stand_in_the_way_of_the_key(url):
    given = {"Authorization": "Bearer key"}

    assert call("vendor", "GET", url.replace("//", "//me:password@") + "/ok", headers=given).text == "fine"


@pytest.mark.parametrize("key", ["very-secret\nkey", "very-secret-k\u2026y"])
def test_a_key_that_cannot_be_sent_is_a_mistake_of_configuration(url, key):
    with pytest.raises(ConfigError, match=r"^vendor: its key") as caught:
        call("vendor", "GET", url, headers={"Authorization": f"Bearer {key}"})

    assert "very-secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_body_that_is_no_json_is_not_sent_again(url):
    with pytest.raises(Refused):
        call("vendor", "POST", url, json={"value": float("nan")})


def test_a_port_on_which_nobody_listens_is_a_passing_failure():
    with pytest.raises(Unavailable, match="the connection failed"):
        call("vendor", "GET", "http://127.0.0.1:9/")


def test_a_service_that_hangs_is_given_up(url):
    with pytest.raises(Unavailable, match="did not answer in time"):
        call("vendor", "GET", f"{url}/hang", timeout_seconds=0.1)


@pytest.mark.parametrize("path", ["/redirect", "/300"])
def test_redirects_are_not_followed(url, path):
    with pytest.raises(Refused) as caught:
        call("vendor", "GET", url + path)

    assert caught.value.status in {300, 302}


def test_a_good_answer_comes_back(url):
    assert call("vendor", "GET", f"{url}/ok").text == "fine"


def test_a_cut_body_is_a_passing_failure(url):
    with pytest.raises(Unavailable, match="the connection failed"):
        call("vendor", "GET", f"{url}/cut")


def test_neither_a_proxy_nor_a_netrc_of_the_machine_is_used(url, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert call("vendor", "GET", f"{url}/ok").text == "fine"


def test_errors_know_their_service(url):
    with pytest.raises(OutsideError) as caught:
        call("vendor", "GET", f"{url}/404")

    assert (caught.value.service, caught.value.status) == ("vendor", 404)


async def same():
    return session() is session()


def test_one_session_serves_the_whole_process():
    assert wait_for(same())
    assert event_loop() is event_loop()


def test_calls_wait_side_by_side_and_no_thread_waits_for_each(url):
    async def many():
        return await asyncio.gather(*(request("vendor", "GET", f"{url}/together") for _ in range(TOGETHER)))

    replies = wait_for(many())

    assert {reply.text for reply in replies} == {"fine"}
    assert [one.name for one in threading.enumerate()].count("loop") == 1


def test_a_post_on_a_connection_that_was_closed_meanwhile_is_not_sent_twice(url):
    """aiohttp sends some requests again by itself; one that is paid for must not be among them."""
    Vendor.posts = 0
    call("vendor", "POST", f"{url}/ok", json={})

    with pytest.raises(Unavailable):
        call("vendor", "POST", f"{url}/drop", json={})

    assert Vendor.posts == 2


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_service_that_drips_is_given_up_after_the_time_for_the_whole_call(url, part, monkeypatch):
    time_for.cache_clear()
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.2)
    began = time.monotonic()

    with pytest.raises(Unavailable, match="did not answer in time"):
        call("vendor", "GET", f"{url}/drip-{part}", timeout_seconds=0.3)

    time_for.cache_clear()
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("body", ['{"a": ["x\\u0000y"]}', '{"a": ["x\\ud800y"]}', b'{"a": ["x\xed\xa0\x80y"]}'])
def test_what_postgres_cannot_store_is_taken_out_of_an_answer(body):
    raw = body if isinstance(body, bytes) else body.encode()

    (kept,) = json_of("vendor", Response(200, {}, raw))["a"]

    assert kept.encode().decode() == kept
    assert "\x00" not in kept


class Vendor(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    released = threading.Event()
    posts = 0
    all_here = threading.Barrier(TOGETHER)

    def do_GET(self):
        path = self.path.strip("/")
        if path == "hang":
            self.released.wait(5)
        elif path == "cut":
            self.reply(200, b"half", length=8)
            self.close_connection = True
        elif path == "redirect":
            self.reply(302, b"", Location="/ok")
        elif path == "drip-head":
            self.drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200)
        elif path == "drip-body":
            self.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 200)
        elif path == "ok":
            self.reply(200, b"fine")
        elif path.startswith("long/"):
            self.long(*path.split("/")[1:])
        elif path == "together":
            self.all_here.wait(5)
            self.reply(200, b"fine")
        else:
            self.reply(int(path), b"")

    def do_POST(self):
        type(self).posts += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/drop":
            self.close_connection = True
        else:
            self.reply(200, b"")

    def long(self, size, form):
        content = b"x" * int(size)
        if form == "gzip":
            self.reply(200, gzip.compress(content), **{"Content-Encoding": "gzip"})
        else:
            self.reply(200, content)

    def drip(self, data):
        """Never so slowly that one read would be late."""
        for place in range(len(data)):
            try:
                self.wfile.write(data[place : place + 1])
            except OSError:
                break
            if self.released.wait(0.05):
                break
        self.close_connection = True

    def reply(self, status, body, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = TOGETHER


@pytest.fixture(scope="module")
def url():
    Vendor.released.clear()
    with Server(("127.0.0.1", 0), Vendor) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        Vendor.released.set()
        close()
        server.shutdown()
        thread.join()


@pytest.fixture
def limited(monkeypatch):
    """Replies of up to 1,000 bytes are read."""
    monkeypatch.setattr(http.supplied.outgoing, "find", lambda: http.Outgoing(most_bytes=1000))


@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_a_reply_is_read_up_to_the_limit_also_where_it_unfolds(limited, url, form):
    assert len(call("vendor", "GET", f"{url}/long/1000/{form}").content) == 1000
    with pytest.raises(Malformed, match=r"longer than 1000 bytes \(MAX_REPLY_BYTES\)"):
        call("vendor", "GET", f"{url}/long/1001/{form}")


@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("https://api.vendor.example/v1", "", "http://proxy.example:3128"),
        ("https://api.vendor.example/v1", "vendor.example", None),
        ("https://api.vendor.example/v1", "other.example, api.vendor.example", None),
        ("https://api.vendor.example/v1", "*", None),
        ("https://api.vendor.example/v1", "dor.example", "http://proxy.example:3128"),
        ("http://api.vendor.example/v1", "", None),
    ],
)
def test_calls_to_https_go_through_the_proxy_but_for_the_named_hosts(monkeypatch, url, no_proxy, expected):
    known = http.Outgoing(proxy="http://proxy.example:3128", no_proxy=no_proxy)
    monkeypatch.setattr(http.supplied.outgoing, "find", lambda: known)

    assert http.proxy_for(http.URL(url)) == expected


@pytest.fixture
def proxy():
    """Refuses every tunnel; what it was asked for."""
    asked = []

    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self):
            asked.append((self.path, self.headers["Proxy-Authorization"]))
            self.send_error(403)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://me:hunter2@127.0.0.1:{server.server_port}", asked
        close()
        server.shutdown()
        thread.join()


def test_a_call_goes_through_the_proxy_whose_password_is_told_to_nobody_else(monkeypatch, proxy):
    address, asked = proxy
    monkeypatch.setattr(http.supplied.outgoing, "find", lambda: http.Outgoing(proxy=address))

    with pytest.raises(Unavailable) as caught:
        call("vendor", "GET", "https://api.vendor.example/v1")

    assert asked == [("api.vendor.example:443", f"Basic {b64encode(b'me:hunter2').decode()}")]
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("depth", [500, 700, 900, 100_000])
def test_a_reply_of_lists_in_lists_is_read_or_malformed(depth):
    body = '{"a": "\\u0000", "output": ' + "[" * depth + "]" * depth + "}"

    with suppress(Malformed):
        assert json_of("vendor", response(200, body))["a"] == ""
