import re

import pytest
from sandbox_client import Client

from senso.sandbox.fault_rules import rule_in
from senso.sandbox.guests import Guest
from senso.sandbox.server import Settings, running
from senso.sandbox.state import Timing

NAME = '<script>alert(1)</script> & "Co"'


def page(client, **more):
    return client.http.get(client.url + "/", timeout=5, **more)


def typed(client, path="add", headers=None, **fields):
    return client.http.post(f"{client.url}/_sandbox/page/{path}", data=fields, headers=headers, timeout=5)


def test_the_page_has_the_settings_the_world_and_what_was_asked(client):
    client.responses(input="Who is <best>?")
    shown = page(client).text

    assert f"OPENAI_BASE_URL={client.url}/openai/v1" in shown
    assert "Community Financial Credit Union" in shown
    assert "Who is &lt;best&gt;?" in shown
    assert "a batch of OpenAI" in shown
    assert client.http.get(f"{client.url}/_sandbox", timeout=5).status_code == 200


def test_a_fault_is_added_and_removed_by_a_form(client):
    typed(client, fault="openai.chat 429", share="100%", retry_after="2")
    struck = client.chat()
    shown = page(client).text
    typed(client, "remove", number="0")

    assert (struck.status_code, struck.headers["Retry-After"]) == (429, "2")
    assert "openai.chat 429 share=100% retry_after=2" in shown
    assert client.control("faults") == []


def test_all_faults_are_removed_by_one_button(client):
    client.fault("openai.chat", "429")
    client.fault("openai.chat", "500")
    typed(client, "remove", number="all")

    assert client.control("faults") == []


def test_a_wrong_wish_is_shown_again_with_what_is_wrong(client):
    told = typed(client, fault="openai.chat 429", share="<b>", match="car")

    assert told.status_code == 400
    assert "share is a number, not &#x27;&lt;b&gt;&#x27;" in told.text.replace("&#39;", "&#x27;")
    assert 'value="car"' in told.text
    assert re.search(r'value="openai.chat 429" selected', told.text)
    assert client.control("faults") == []


def test_names_are_text_and_nothing_else():
    settings = Settings(
        timing=Timing(0, 0, 0),
        guests=[Guest(NAME, (), (), ((NAME, "branded"),))],
        faults=[rule_in("openai.chat 500 'match=<i>'")],
    )
    with running(settings) as url:
        shown = page(Client(url)).text

    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert "<i>" not in shown


def test_nothing_from_elsewhere_is_loaded_or_run(client):
    reply = page(client)

    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
    assert not re.search(r"(src|href|action)=\"(https?:)?//", reply.text)


@pytest.mark.parametrize(
    ("path", "body"), [("page/add", "fault=openai.chat+500"), ("faults", '[{"where": "openai.chat", "kind": "500"}]')]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "elsewhere.example"},
        {"Host": "elsewhere.example", "Origin": "http://elsewhere.example"},
    ],
)
def test_another_sites_page_changes_nothing(client, headers, path, body):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = client.http.post(f"{client.url}/_sandbox/{path}", data=body, headers=form | headers, timeout=5)

    assert reply.status_code == 403
    assert client.control("faults") == []


@pytest.mark.parametrize("path", ["", "_sandbox/calls", "_sandbox/faults", "_sandbox/truth"])
def test_another_name_for_this_machine_reads_nothing(client, path):
    reply = client.http.get(f"{client.url}/{path}", headers={"Host": "elsewhere.example"}, timeout=5)

    assert reply.status_code == 403
    assert "127.0.0.1 or localhost" in reply.text


def test_the_pages_own_form_and_a_link_to_the_page_are_let_through(client):
    own = {"Origin": client.url, "Sec-Fetch-Site": "same-origin"}

    assert typed(client, fault="openai.chat 500", headers=own).status_code == 200
    assert page(client, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
