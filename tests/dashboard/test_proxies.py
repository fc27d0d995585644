"""People whom a proxy has let in: by which header, from where, and what they may do."""

import http.client
from types import SimpleNamespace
from uuid import uuid4

import pytest
import requests
from api_process import PATIENCE_SECONDS, serving
from ground import NOWHERE, addresses
from requests.adapters import HTTPAdapter
from starlette.requests import Request

from senso.api.access import Caller
from senso.api.access.streams import Streams
from senso.api.live.following import Following
from senso.api.live.hub import Hub
from senso.api.live.listening import Listener
from senso.dashboard import proxies
from senso.dashboard.proxies import Proxies
from senso.db import engine, transaction
from senso.queries import tokens
from senso.reads.live import Scope as LiveScope
from senso.settings import read_settings
from senso.states import Scope

HEADER = "X-Forwarded-User"
OPERATOR = "Ada Byron"


@pytest.fixture(scope="module")
def running_api(one_database, tmp_path_factory):
    more = {"DASHBOARD_USER_HEADER": HEADER, "DASHBOARD_OPERATORS": f"{OPERATOR}, max@example.org"}
    more |= {"DATABASE_URL": one_database.url, "API_REQUESTS_PER_MINUTE": "15"}
    with serving(tmp_path_factory.mktemp("api"), addresses(NOWHERE) | more) as api:
        yield api


class From(HTTPAdapter):
    """Sends from another address of this machine."""

    def init_poolmanager(self, *given, **options):
        super().init_poolmanager(*given, source_address=("127.0.0.2", 0), **options)


@pytest.fixture
def ask(api):
    """As a proxy on this machine asks for `name`; from 127.0.0.2, as somebody who is no proxy."""

    def asked(path, name=None, data=None, *, proxy=True, headers=None, cookies=None):
        session = requests.Session()
        if not proxy:
            session.mount("http://", From())
        sent = ({} if name is None else {HEADER: name.encode()}) | {"Origin": api.url} | (headers or {})
        method = "GET" if data is None else "POST"
        options = {"timeout": PATIENCE_SECONDS, "allow_redirects": False, "cookies": cookies}
        return session.request(method, api.url + path, data=data, headers=sent, **options)

    return asked


def test_whom_the_proxy_names_reads_without_a_login(ask, make):
    make.org()

    answer = ask("/partners", "Zoë")

    assert answer.status_code == 200
    assert "Zoë" in answer.text
    assert "set-cookie" not in answer.headers
    assert ask("/partners").headers["location"] == "/login?next=/partners"


def test_the_named_operators_act_and_the_audit_has_their_names(ask, make):
    form = {"scope": "provider", "name": "openai", "reason": "a bill is wrong"}

    assert ask("/pause", "Somebody else", form).status_code == 403
    assert ask("/pause", OPERATOR.lower(), form).status_code == 403
    assert ask("/pause", OPERATOR, form).status_code == 303

    assert make.one("SELECT actor FROM audit WHERE action = 'pause'") == f"user {OPERATOR}"
    assert make.one("SELECT paused_by FROM pauses") == f"user {OPERATOR}"
    assert f"user {OPERATOR}" in ask("/audit", "Zoë").text


def test_a_person_makes_no_tokens(ask):
    form = {"name": "x", "scope": "read", "days": 1, "key": uuid4()}

    assert ask("/tokens", OPERATOR).status_code == 403
    assert ask("/tokens", OPERATOR, form).status_code == 403


def test_a_persons_forms_come_from_the_dashboards_own_pages(ask, make):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert ask("/pause", OPERATOR, {"scope": "all"}, headers=headers).status_code == 403

    assert make.one("SELECT count(*) FROM pauses") == 0


def test_from_another_address_the_header_is_nothing_and_the_log_says_so_once(api, ask):
    for _ in range(3):
        assert ask("/partners", OPERATOR, proxy=False).status_code == 303
    assert ask("/pause", OPERATOR, {"scope": "all"}, proxy=False).headers["location"] == "/login"

    assert api.log.count("that is not in DASHBOARD_PROXIES") == 1


def test_what_a_browser_sent_beside_the_proxys_header_lets_nobody_in(api, ask):
    connection = http.client.HTTPConnection("127.0.0.1", int(api.url.rpartition(":")[2]), timeout=PATIENCE_SECONDS)
    connection.putrequest("GET", "/partners")
    for name in (OPERATOR, "Zoë"):
        connection.putheader(HEADER, name.encode())
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()

    assert (answer.status, answer.headers["location"]) == (303, "/login?next=/partners")
    assert "more than one header" in api.log


def test_the_api_takes_no_names(api):
    answer = requests.get(f"{api.url}/api/v1/partners", headers={HEADER: OPERATOR}, timeout=PATIENCE_SECONDS)

    assert answer.status_code == 401


def test_a_person_may_log_in_by_a_token_that_may_do_more_and_be_a_person_again(ask, make):
    cookies = ask("/login", OPERATOR, {"token": make.token(Scope.ADMIN)}).cookies.get_dict()

    assert ask("/tokens", OPERATOR, cookies=cookies).status_code == 200
    assert ask("/session", "Zoë", cookies=cookies | {"senso_session": "0" * 64}).text.count("Zoë") > 1


@pytest.mark.parametrize(
    ("said", "is_secure"), [("https", True), ("https, http", True), ("http", False), (None, False)]
)
def test_the_cookie_keeps_to_tls_where_the_browser_speaks_it(ask, make, said, is_secure):
    headers = {} if said is None else {"X-Forwarded-Proto": said}

    answer = ask("/login", None, {"token": make.token(Scope.READ)}, headers=headers)

    assert ("Secure" in answer.headers["set-cookie"]) is is_secure


def test_the_pages_of_each_person_are_counted(ask):
    answers = [ask("/session", "Hasty").status_code for _ in range(20)]

    assert (answers[0], answers[-1]) == (200, 429)
    assert ask("/session", "Patient").status_code == 200


def request(*names, address="127.0.0.1"):
    headers = [(HEADER.lower().encode(), name if isinstance(name, bytes) else name.encode()) for name in names]
    return Request({"type": "http", "client": (address, 1), "headers": headers})


def believed(*of, operators=()):
    read = read_settings(dashboard_user_header=HEADER, dashboard_proxies=",".join(of))
    return Proxies(HEADER, read.dashboard_networks, frozenset(operators))


@pytest.mark.parametrize(
    ("of", "address", "is_believed"),
    [
        (["127.0.0.1", "::1"], "127.0.0.1", True),
        (["127.0.0.1", "::1"], "::1", True),
        (["127.0.0.1"], "::ffff:127.0.0.1", True),
        (["127.0.0.1"], "127.0.0.2", False),
        (["127.0.0.1"], "10.0.3.7", False),
        (["10.0.3.0/24"], "10.0.3.7", True),
        (["10.0.3.0/24"], "10.0.4.7", False),
        (["fd00:1::/64"], "fd00:1::7", True),
        (["10.0.3.0/24"], "", False),
        (["10.0.3.0/24"], "10.0.3.7.evil.example", False),
    ],
)
def test_only_proxies_are_believed(of, address, is_believed):
    assert (believed(*of).person(request("Ada", address=address)) is not None) is is_believed


@pytest.mark.parametrize(
    "name",
    [b"", b"  ", b"\xff\xfe", "a\u202eb".encode(), b"a\tb", "x" * 101, b"*", "\u3000Ada".encode(), "Ada\xa0".encode()],
)
def test_what_is_no_name_names_nobody(name):
    assert believed("127.0.0.1").person(request(name)) is None


@pytest.mark.parametrize(("operators", "scope"), [((), "read"), (("Ada",), "operate"), (("*",), "operate")])
def test_who_may_act_is_said_by_name(operators, scope):
    found = believed("127.0.0.1", operators=operators).person(request(" Ada "))

    assert (found.name, found.scope, found.partner_id, found.actor) == ("Ada", scope, None, "user Ada")


def test_without_the_setting_the_header_is_nothing():
    assert Proxies().person(request("Ada")) is None


def test_a_warning_is_logged_once(monkeypatch):
    said = []
    monkeypatch.setattr(proxies, "log", SimpleNamespace(warning=said.append))
    warnings = proxies.Warnings()

    for what in "abab":
        warnings.once(what)

    assert said == ["a", "b"]


def test_a_form_of_a_person_is_remembered_as_one_of_a_token(database):
    person = Proxies(HEADER).caller("Ada")

    for is_new in (True, False):
        with transaction() as db:
            earlier = tokens.claim(db, person.token_id, "page:1", "digest")
            assert (earlier is None) is is_new


def test_a_persons_streams_do_not_end_for_want_of_a_token(database):
    hub = Hub(Streams(5))
    following = Following(hub)
    following.call = lambda done, *given: done(*given)
    person, nobody = Proxies(HEADER).caller("Ada"), Caller(uuid4(), "revoked", None, Scope.READ)
    listeners = {one: Listener(LiveScope(), one.token_id) for one in (person, nobody)}
    for one, listener in listeners.items():
        hub.streams.take(one)
        hub.join(listener)

    following.check_tokens(engine())

    assert not listeners[person].is_over
    assert listeners[nobody].is_over
    hub.streams.leave(person)
    assert not hub.streams.people
