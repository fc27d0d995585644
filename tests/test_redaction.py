"""No credential that was sent is in what is said about a call; against a service that repeats all it was sent."""

import base64
import html
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, quote_plus, unquote

import pytest

from senso import redaction
from senso.errors import OutsideError
from senso.http import REASON_LENGTH, call, close, json_of

SECRET = "Sk+long/And=Secret&Key~7-Zq=="  # what encoders change, and what they leave
CARRIERS = {
    "bearer": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    "api-key": {"headers": {"api-key": SECRET}},
    "x-api-key": {"headers": {"x-api-key": SECRET, "anthropic-version": "2023-06-01"}},
    "x-goog-api-key": {"headers": {"X-Goog-Api-Key": SECRET}},
    "unheard of": {"headers": {"X-Entrance": SECRET}},
    "unheard of, with a scheme": {"headers": {"X-Entrance": f"Token {SECRET}"}},
    "key": {"params": {"key": SECRET}},
    "access_token": {"params": {"limit": 3, "access_token": SECRET}},
}
# How a service may repeat it.
FORMS = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "percent, slashes left": quote,
    "small percent": lambda text: re.sub("%..", lambda code: code[0].lower(), quote(text, safe="")),
    "form": quote_plus,
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "only one character": lambda text: text.replace("/", "%2F"),
    "half of it": lambda text: quote(text[:9], safe="") + text[9:],
    "a plus read as a space": lambda text: text.replace("+", " "),
    "json": lambda text: json.dumps(text).replace("/", "\\/"),
    "json, unicode": lambda text: text.replace("&", "\\u0026").replace("=", "\\u003D"),
    "html": html.escape,
    "html, numbers": lambda text: "".join(one if one.isalnum() else f"&#{ord(one)};" for one in text),
    "html, hexadecimal": lambda text: text.replace("+", "&#x2b;").replace("/", "&#x2F;"),
    "padding left out": lambda text: text.rstrip("="),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_failed_call_is_told_without_the_credential_however_it_was_sent_and_repeated(echo, carrier, form):
    with pytest.raises(OutsideError) as caught:
        call("vendor", "GET", f"{echo}/400/{list(FORMS).index(form)}", **CARRIERS[carrier])

    assert pieces(str(caught.value)) == []
    assert redaction.HIDDEN in caught.value.reason


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_failure_that_comes_as_a_success_is_told_without_it_too(echo, carrier, form):
    found = json_of("vendor", call("vendor", "GET", f"{echo}/200/{list(FORMS).index(form)}", **CARRIERS[carrier]))

    assert pieces(json.dumps(found)) == []


@pytest.mark.parametrize("status", [401, 429, 500, 502])
def test_no_status_repeats_it(echo, status):
    with pytest.raises(OutsideError) as caught:
        call("vendor", "POST", f"{echo}/{status}/0", json={}, headers={"api-key": SECRET})

    assert pieces(str(caught.value)) == []


def test_a_key_in_the_address_itself_is_hidden(echo):
    with pytest.raises(OutsideError) as caught:
        call("vendor", "GET", f"{echo}/400/0?key={quote(SECRET, safe='')}&alt=json")

    assert pieces(str(caught.value)) == []


def test_the_password_of_a_basic_login_is_hidden_by_itself(echo):
    login = base64.b64encode(f"me:{SECRET}".encode()).decode()

    assert set(redaction.credentials({"Authorization": f"Basic {login}"})) == {login, f"me:{SECRET}", SECRET}


def test_what_is_no_credential_is_repeated_as_it_is(echo):
    plain = {"Idempotency-Key": "push:7:1", "anthropic-version": "2023-06-01"}

    with pytest.raises(OutsideError) as caught:
        call("vendor", "GET", f"{echo}/400/0", headers=plain, params={"dataset_id": "gd_1", "limit": "5000"})

    assert {"push:7:1", "2023-06-01", "gd_1", "5000"} <= set(re.findall(r"[\w:-]+", caught.value.reason))
    assert redaction.HIDDEN not in caught.value.reason


def test_a_short_key_of_a_stand_in_does_not_change_an_answer(echo):
    reply = call("vendor", "GET", f"{echo}/200/0", headers={"api-key": "bank"})

    assert "bank" in json.dumps(json_of("vendor", reply))


def test_a_word_of_a_key_that_stands_in_an_answer_by_itself_is_no_trace_of_it():
    assert not redaction.is_in(b"The sandbox answers each question. " * 9 + b"A key.", ("sandbox-key",))
    assert redaction.is_in(b"The sandbox answers with sandbox%2Dkey.", ("sandbox-key",))


@pytest.mark.parametrize("padding", range(REASON_LENGTH - len(SECRET) - 3, REASON_LENGTH + 1))
def test_no_part_of_it_stays_where_a_reason_is_cut(padding):
    said = redaction.shown("x" * padding + SECRET * 40, (SECRET,), REASON_LENGTH)

    assert pieces(said) == []
    assert len(said) <= REASON_LENGTH


def pieces(said):
    """Parts of the secret in the text, once all that may be encoded in it is decoded."""
    for _ in range(3):
        said = unquote(html.unescape(re.sub(r"\\u(00..)", lambda code: chr(int(code[1], 16)), said)))
    said = said.replace("\\", "")
    return [part for part in re.findall(r"[A-Za-z]{3,}", SECRET) if part in said]


class Echo(BaseHTTPRequestHandler):
    """/STATUS/FORM: repeats each header and each parameter in that form, in the message of a JSON error."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        _, status, form = path.split("/")
        given = [
            *self.headers.values(),
            *(unquote(one.partition("=")[2].replace("+", " ")) for one in query.split("&")),
        ]
        repeat = list(FORMS.values())[int(form)]
        said = " ".join(repeat(word) for value in given for word in value.split() if word not in {"Bearer", "Token"})
        body = json.dumps({"error": {"message": f"not accepted: {said}"}}).encode()
        self.send_response(int(status))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def echo():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        close()
        server.shutdown()
        thread.join()
