import json
from datetime import UTC, datetime

import pytest
from test_wire_openai import ODD, changed, is_storable, over_the_wire, paths

from senso.errors import ConfigError, JobFailed, Malformed, Refused
from senso.http import SUCCESS, Response
from senso.providers import Answer, Run, Source, Usage
from senso.providers.brightdata import DATA_SETS, FIELDS, BrightData, answers, sources
from senso.providers.brightdata import client as module

QUESTION = "Which bank is best for students?"
OTHER = "Which card is best for travel?"
JOB = "s_1"


def run(number, question=QUESTION, country="CA"):
    return Run(number, question, "chatgpt", country)


def record(text="Bank A.", **fields):
    return {"answer_text_markdown": text, "citations": None, "model": "gpt-5-1", "country": "CA"} | fields


def asked(question=QUESTION, country="CA", **more):
    return {"prompt": question, "country": country} | more


def texts(runs, records):
    return [answer.text for answer in answers(runs, records)]


def test_records_out_of_order_find_their_runs_by_number():
    records = [record("third", index=3), record("first", index=1), record("second", index=2)]

    assert texts([run(1), run(2), run(3)], records) == ["first", "second", "third"]


@pytest.mark.parametrize("index", ["7", 7, 7.0])
def test_the_number_may_come_back_as_text(index):
    assert texts([run(7)], [record("mine", index=index)]) == ["mine"]


@pytest.mark.parametrize("index", [7, "7"])
def test_the_number_may_be_only_in_the_input(index):
    assert texts([run(7)], [record("mine", index=None, input=asked(index=index))]) == ["mine"]


def test_a_record_without_a_number_is_joined_by_its_input():
    records = [record("travel", index=None, input=asked(OTHER)), record("students", input=asked())]

    assert texts([run(1), run(2, OTHER)], records) == ["students", "travel"]


def test_the_same_question_in_another_country_is_another_input():
    records = [record("US", input=asked(country="US")), record("CA", input=asked(country="CA"))]

    assert texts([run(1, country="CA"), run(2, country="US")], records) == ["CA", "US"]


def test_the_number_goes_before_the_input():
    records = [record("by input", input=asked()), record("by number", index=1, input=asked(OTHER))]

    assert texts([run(1)], records) == ["by number"]


def test_a_question_asked_twice_gets_both_of_its_records():
    records = [record("one", input=asked()), record("two", input=asked())]

    assert texts([run(1), run(2)], records) == ["one", "two"]


def test_a_question_asked_twice_may_be_joined_in_both_ways():
    records = [record("one", input=asked()), record("two", index=1)]

    assert texts([run(1), run(2)], records) == ["two", "one"]


def test_of_two_records_with_one_number_the_first_counts():
    assert texts([run(1)], [record("one", index=1), record("two", index=1)]) == ["one"]


def test_a_record_of_somebody_else_is_nobodys():
    (answer,) = answers([run(1)], [record("foreign", index=99), record("foreign", input=asked(OTHER))])

    assert answer == Answer(1, error="no record came back for this question")


@pytest.mark.parametrize("odd", [None, "text", 7, ["list"]])
def test_what_is_no_record_does_not_spoil_the_others(odd):
    assert texts([run(1)], [odd, record("mine", index=1)]) == ["mine"]


@pytest.mark.parametrize("given", [None, "text", ["list"], {}, {"prompt": ["list"]}])
def test_an_input_of_another_shape_does_not_spoil_the_others(given):
    assert texts([run(1)], [record("odd", input=given), record("mine", index=1)]) == ["mine"]


@pytest.mark.parametrize("records", [None, {}, "OK", {"status": "building"}])
def test_a_snapshot_that_is_no_list_cannot_be_used(records):
    with pytest.raises(Malformed, match="not a list"):
        answers([run(1)], records)


def test_every_run_gets_an_answer_in_the_order_of_the_runs():
    found = answers([run(3), run(1), run(2)], [record(index=1)])

    assert [answer.number for answer in found] == [3, 1, 2]
    assert [answer.text for answer in found] == [None, "Bank A.", None]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"error": "Crawler error: timeout", "error_code": "timeout"}, "timeout: Crawler error: timeout"),
        ({"error": "Auth wall: sign-up prompt detected"}, "Auth wall: sign-up prompt detected"),
    ],
)
def test_an_error_record_is_the_vendors_reason_and_free(fields, reason):
    (answer,) = answers([run(1)], [{"input": asked(index=1)} | fields])

    assert answer == Answer(1, error=reason, usage=Usage(records=0))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the answer is empty"),
        ("  \n", "the answer is empty"),
        (None, "the answer is empty"),
        (["a list"], "the answer is empty"),
        (QUESTION, "the question came back as its own answer"),
        (f" {QUESTION}\n", "the question came back as its own answer"),
    ],
)
def test_a_record_that_is_no_answer_is_an_error_that_was_paid_for(text, reason):
    (answer,) = answers([run(1)], [record(text, index=1)])

    assert answer == Answer(1, error=reason, usage=Usage(records=1))


def test_a_record_becomes_an_answer_with_all_it_says():
    (answer,) = answers([run(1)], [record("Bank A.", index=1, web_search_triggered=True)])

    about = {"searched": True, "usage": Usage(records=1), "reply": {"web_search_triggered": True}}
    assert answer == Answer(1, "Bank A.", model_version="gpt-5-1", country="CA", **about)


def test_a_text_without_marks_is_better_than_none():
    (answer,) = answers([run(1)], [record(None, index=1, answer_text=" Bank A. ")])

    assert answer.text == "Bank A."


@pytest.mark.parametrize("fields", [{"error": True}, {"error": ["text"]}, {"error": {"code": 7}}])
def test_an_error_that_is_no_text_is_still_one_and_free(fields):
    (answer,) = answers([run(1)], [record(index=1, **fields)])

    assert answer == Answer(1, error="no reason given", usage=Usage(records=0))


def test_an_error_is_told_by_its_code_where_it_has_no_words():
    (answer,) = answers([run(1)], [{"input": asked(index=1), "error": None, "error_code": "no_peers"}])

    assert answer == Answer(1, error="no_peers", usage=Usage(records=0))


def test_what_was_searched_for_is_kept_and_the_vendors_id_where_it_gives_one():
    (answer,) = answers([run(1)], [record(index=1, web_search_query=["best bank", "best bank", None], id="r_1")])

    assert (answer.queries, answer.vendor_id) == (("best bank",), "r_1")


def test_an_answer_from_elsewhere_says_where():
    (answer,) = answers([run(1, country="CA")], [record(index=1, country="DE")])

    assert answer.country == "DE"


@pytest.mark.parametrize(
    ("fields", "searched"),
    [
        ({"web_search_triggered": True}, True),
        ({"web_search_triggered": False, "citations": [{"url": "https://a.example"}]}, True),
        ({"web_search_triggered": False, "web_search_query": ["of another session"]}, None),
        ({"web_search_triggered": False, "web_search_query": []}, False),
        ({"web_search_triggered": False, "web_search_query": None}, None),
        ({"web_search_triggered": True, "web_search_query": None}, True),
        ({"web_search_triggered": False, "citations": True}, False),
        ({"web_search_query": []}, False),
        ({}, None),
    ],
)
def test_whether_there_was_a_search_is_not_left_to_the_flag(fields, searched):
    (answer,) = answers([run(1)], [record(index=1, **fields)])

    assert answer.searched is searched


def test_cited_and_merely_offered_sources_are_told_apart():
    listed = [
        {"url": "https://a.example", "title": "A", "cited": True},
        {"url": "https://b.example", "title": "B", "cited": False},
        {"url": "https://c.example", "title": "C"},
    ]

    assert sources({"citations": listed}) == [
        Source("https://a.example", "A", 1, cited=True),
        Source("https://b.example", "B", 2, cited=False),
        Source("https://c.example", "C", 3, cited=True),
    ]


@pytest.mark.parametrize("citations", [None, []])
def test_without_citations_the_links_of_the_text_are_the_sources(citations):
    links = [{"url": "https://a.example", "text": "A 1+", "position": 1}]

    found = sources({"citations": citations, "links_attached": links})

    assert found == [Source("https://a.example", "A 1+", 1, cited=True)]


def test_one_odd_record_costs_the_others_nothing():
    listed = [{"url": "https://a.example", "title": "A"}]
    records = [
        record("one", index=1, citations=listed),
        record("two", index=2, citations=True),
        record("three", index=3, citations=["https://b.example/x", None, "no address", {"url": "https://c.example"}]),
        record("four", index=4, citations={"url": "https://d.example"}, model={"name": "gpt-5-1"}, country=["CA"]),
    ]

    found = answers([run(number) for number in range(1, 5)], records)

    assert [answer.text for answer in found] == ["one", "two", "three", "four"]
    assert [[source.url for source in answer.sources] for answer in found] == [
        ["https://a.example"],
        [],
        ["https://b.example/x", "https://c.example"],
        [],
    ]
    assert (found[3].model_version, found[3].country) == (None, None)


def test_pages_that_were_looked_at_come_as_offered_after_the_cited():
    cited = [{"url": "https://a.example", "title": "A", "position": "1"}]
    looked_at = [{"url": "https://b.example", "title": "B"}, {"url": "https://a.example", "title": "A"}]

    assert sources({"citations": cited, "sources": looked_at}) == [
        Source("https://a.example", "A", 1, cited=True),
        Source("https://b.example", "B", 2, cited=False),
    ]
    assert [source.cited for source in sources({"sources": looked_at})] == [True, True]


@pytest.mark.parametrize("index", [True, 1.5, float("inf"), float("nan"), [1], "one", "9" * 5000])
def test_what_is_no_number_belongs_to_no_run_by_it(index):
    assert texts([run(1)], [record(index=index)]) == [None]


def test_a_text_is_taken_from_where_it_is_one():
    (answer,) = answers([run(1)], [record(["a list"], index=1, answer_text="Bank A.")])

    assert answer.text == "Bank A."


WHOLE = record(
    "**Bank A** leads.",
    index=1,
    prompt=QUESTION,
    answer_text="Bank A leads.",
    citations=[{"url": "https://a.example", "title": "A", "cited": True}, {"url": "https://b.example", "cited": False}],
    links_attached=[{"url": "https://a.example", "text": "A 1+", "position": 1}],
    sources=[{"url": "https://c.example", "title": "C", "position": 1}],
    web_search_triggered=True,
    web_search_query=["best bank for students"],
    input=asked(index=1, url="https://chatgpt.com/", web_search=True),
)
FAILED = {"input": asked(index=1), "error": "Crawler error: timeout", "error_code": "timeout", "timestamp": "2026"}


@pytest.mark.parametrize("changing", [WHOLE, FAILED])
def test_no_change_of_a_record_raises_or_costs_the_other_record(changing):
    other = record("Mine.", index=2, input=asked(OTHER, index=2))
    for path in paths(changing):
        for odd in ODD:
            records = over_the_wire([changed(changing, path, odd), other])
            found = answers([run(1), run(2, OTHER)], records)

            assert all(map(is_storable, found)), (path, repr(odd)[:20])
            assert found[1].text == "Mine."


@pytest.mark.parametrize(
    "fields", [{}, {"citations": None}, {"citations": None, "links_attached": None}, {"citations": [None, {}, "x"]}]
)
def test_an_answer_may_have_no_source_at_all(fields):
    assert sources(fields) == []


def test_a_job_is_triggered_with_errors_and_only_with_the_fields_that_are_read(wire):
    wire.says(200, {"snapshot_id": "s_1"})

    job = wire.vendor.submit([run(1), run(2, OTHER, "US")])

    (call,) = wire.calls
    assert job == JOB
    assert (call["method"], call["path"]) == ("POST", "/datasets/v3/trigger")
    assert call["params"] == {
        "dataset_id": "gd_m7aof0k82r803d5bjm",
        "format": "json",
        "include_errors": "true",
        "custom_output_fields": f"{FIELDS}|{DATA_SETS['chatgpt'].fields}",
    }
    assert call["json"] == [
        {"url": "https://chatgpt.com/", "prompt": QUESTION, "country": "CA", "index": 1, "web_search": True},
        {"url": "https://chatgpt.com/", "prompt": OTHER, "country": "US", "index": 2, "web_search": True},
    ]


@pytest.mark.parametrize("model", DATA_SETS)
def test_only_an_engine_that_takes_it_is_sent_a_permission_to_search(wire, model):
    wire.says(200, {"snapshot_id": "s_1"})

    wire.vendor.submit([Run(1, QUESTION, model, "CA")])

    ((entry,),) = [call["json"] for call in wire.calls]
    assert entry["url"] == DATA_SETS[model].url
    assert ("web_search" in entry) == (model == "chatgpt")


@pytest.mark.parametrize(
    ("model", "dataset_id", "url"),
    [
        ("chatgpt", "gd_m7aof0k82r803d5bjm", "https://chatgpt.com/"),
        ("perplexity", "gd_m7dhdot1vw9a7gc1n", "https://www.perplexity.ai"),
        ("gemini", "gd_mbz66arm2mf9cu856y", "https://gemini.google.com/"),
        ("google-ai-mode", "gd_mcswdt6z2elth3zqr2", "https://google.com/aimode"),
        ("copilot", "gd_m7di5jy6s9geokz8w", "https://copilot.microsoft.com/chats"),
    ],
)
def test_an_engine_is_a_data_set_of_the_vendors(model, dataset_id, url):
    assert (DATA_SETS[model].id, DATA_SETS[model].url) == (dataset_id, url)


@pytest.mark.parametrize("data_set", DATA_SETS.values(), ids=DATA_SETS)
def test_the_fields_asked_for_are_those_that_are_read(data_set):
    asked = set(f"{FIELDS}|{data_set.fields}".split("|"))

    assert {"prompt", "answer_text_markdown", "answer_text", "citations", "index", "input"} <= asked
    assert {"links_attached", "sources"} & asked
    assert not {"answer_html", "answer_section_html", "response_raw"} & asked


def test_a_model_without_a_data_set_is_a_mistake_of_configuration(wire):
    with pytest.raises(ConfigError, match="no data set for grok in this version; it has " + ", ".join(DATA_SETS)):
        wire.vendor.submit([Run(1, QUESTION, "grok", "CA")])

    assert wire.calls == []


@pytest.mark.parametrize("body", [{}, {"snapshot_id": None}, {"snapshot_id": {}}, {"snapshot_id": ""}, [], "OK"])
def test_a_job_without_a_name_cannot_be_used(wire, body):
    wire.says(200, body)

    with pytest.raises(Malformed, match="snapshot_id"):
        wire.vendor.submit([run(1)])


@pytest.mark.parametrize(
    "status", ["starting", "running", "building", "collecting", "digesting", "READY?", None, ["ready"], {}, 7]
)
def test_a_status_that_is_neither_ready_nor_dead_is_still_working(wire, status):
    wire.says(200, {"status": status})

    assert wire.vendor.collect(JOB, [run(1)]) is None


@pytest.mark.parametrize("body", [[], "OK"])
def test_a_progress_of_another_shape_is_still_working(wire, body):
    wire.says(200, body)

    assert wire.vendor.collect(JOB, [run(1)]) is None


def test_a_job_may_still_be_building_after_it_is_ready(wire):
    wire.says(200, {"status": "ready"})
    wire.says(202, {"status": "building", "message": "Snapshot is building, try again in 10s"})

    assert wire.vendor.collect(JOB, [run(1)]) is None


def test_a_job_that_is_ready_is_collected(wire):
    wire.says(200, {"status": "ready"})
    wire.says(200, [record("Bank A.", index=1)])

    (answer,) = wire.vendor.collect(JOB, [run(1)])

    assert answer.text == "Bank A."
    assert [call["path"] for call in wire.calls] == ["/datasets/v3/progress/s_1", "/datasets/v3/snapshot/s_1"]
    assert wire.calls[1]["params"] == {"format": "json"}


@pytest.mark.parametrize("status", ["failed", "error", "canceled", "cancelled"])
def test_a_job_that_is_dead_is_refused(wire, status):
    wire.says(200, {"status": status})

    with pytest.raises(Refused, match=f"the snapshot is {status}"):
        wire.vendor.collect(JOB, [run(1)])


def test_a_job_that_failed_says_why(wire):
    wire.says(200, {"status": "failed", "error_message": "Account is suspended"})

    with pytest.raises(Refused, match="Account is suspended"):
        wire.vendor.collect(JOB, [run(1)])


@pytest.mark.parametrize("message", [None, "", {"text": "why"}, ["why"], 7])
def test_a_job_that_failed_without_words_is_told_by_its_status(wire, message):
    wire.says(200, {"status": "failed", "error_message": message})

    with pytest.raises(JobFailed, match="the snapshot is failed"):
        wire.vendor.collect(JOB, [run(1)])


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Snapshot is empty"),
        (400, "Snapshot is expired"),
        (400, '{"validation_errors": ["url"]}'),
        (404, "Snapshot does not exist"),
        (410, "Gone"),
    ],
)
def test_a_job_without_a_download_has_failed_and_the_vendor_says_why(wire, status, words):
    wire.says(200, {"status": "ready"})
    wire.says(status, words)

    with pytest.raises(JobFailed) as caught:
        wire.vendor.collect(JOB, [run(1)])

    assert (caught.value.reason, caught.value.status) == (words, status)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_download_that_is_refused_for_another_reason_does_not_end_the_job(wire, status):
    wire.says(200, {"status": "ready"})
    wire.says(status, "Insufficient balance")

    with pytest.raises(Refused) as caught:
        wire.vendor.collect(JOB, [run(1)])

    assert not isinstance(caught.value, JobFailed)


def test_an_empty_list_of_records_is_no_failure_of_the_job(wire):
    wire.says(200, {"status": "ready"})
    wire.says(200, [])

    assert wire.vendor.collect(JOB, [run(1)]) == [Answer(1, error="no record came back for this question")]


def test_a_cancelled_job_is_confirmed_in_plain_text(wire):
    wire.says(200, "OK")

    wire.vendor.cancel(JOB)

    assert [(call["method"], call["path"]) for call in wire.calls] == [("POST", "/datasets/v3/snapshot/s_1/cancel")]


@pytest.mark.parametrize("status", [400, 404])
def test_a_job_that_is_not_running_need_not_be_cancelled(wire, status):
    wire.says(status, "Snapshot is not running")

    wire.vendor.cancel(JOB)

    assert len(wire.calls) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_job_that_may_not_be_cancelled_goes_on_and_that_is_said(wire, status):
    wire.says(status, "Invalid credentials")

    with pytest.raises(Refused, match="BRIGHTDATA_API_KEY"):
        wire.vendor.cancel(JOB)


class Wire:
    """The edge: what would go out is kept, what would come back is given."""

    def __init__(self):
        self.replies, self.calls = [], []
        self.vendor = BrightData("http://vendor.example", "a-key")

    def says(self, status, body):
        self.replies.append(replied(body if isinstance(body, str) else json.dumps(body), status))

    def send(self, service, method, url, *, headers, **options):
        assert headers == {"Authorization": "Bearer a-key"}
        self.calls.append({"method": method, "path": url.removeprefix("http://vendor.example"), **options})
        found = self.replies.pop(0)
        if found.status_code not in SUCCESS:
            raise Refused(service, found.text, status=found.status_code)
        return found


@pytest.fixture
def wire(monkeypatch):
    made = Wire()
    monkeypatch.setattr(module, "call", made.send)
    return made


def given(number, question=QUESTION, **more):
    return {
        "url": "https://chatgpt.com/",
        "prompt": question,
        "country": "CA",
        "index": number,
        "web_search": True,
    } | more


def replied(text, status=200):
    return Response(status, {}, text.encode())


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([given(1), given(2, OTHER)]),
        json.dumps([given("2", OTHER), given("1", additional_prompt=None)]),
        (
            "url,prompt,country,index,web_search\r\n"
            f"https://chatgpt.com/,{QUESTION},CA,1,true\r\nhttps://chatgpt.com/,{OTHER},CA,2,true\r\n"
        ),
        (
            "\ufeffindex,prompt,additional_prompt,country,web_search,url\n"
            f'2,"{OTHER}",,CA,TRUE,https://chatgpt.com/\n1,"{QUESTION}",,CA,TRUE,https://chatgpt.com/\n'
        ),
    ],
)
def test_inputs_are_recognised_in_whatever_form_the_vendor_gives_them_back(monkeypatch, text):
    vendor = BrightData("http://nowhere", "key")
    monkeypatch.setattr(module, "call", lambda *_, **__: replied(text))

    assert vendor.fingerprint_of("s_1") == vendor.fingerprint([run(1), run(2, OTHER)])


@pytest.mark.parametrize(
    "inputs",
    [
        [given(1)],
        [given(1), given(3, OTHER)],
        [given(1), given(2, OTHER + "?")],
        [given(1), given(2, OTHER, country="US")],
        [given(1), given(2, OTHER, web_search=False)],
        [given(1), given(2, OTHER, additional_prompt="And why?")],
        [given(1), given(2, OTHER), given(2, OTHER)],
        [given(1), given(2, OTHER), {}],
        [],
    ],
)
def test_other_inputs_have_another_fingerprint(inputs):
    assert module.fingerprint(inputs) != BrightData("", "").fingerprint([run(1), run(2, OTHER)])


def test_a_question_of_many_lines_survives_the_way_through_csv(monkeypatch):
    asked = 'Which "bank",\r\nand why?'
    text = 'url,prompt,country,index,web_search\r\nhttps://chatgpt.com/,"Which ""bank"",\nand why?",CA,1,true\r\n'
    monkeypatch.setattr(module, "call", lambda *_, **__: replied(text))

    assert BrightData("", "").fingerprint_of("s_1") == BrightData("", "").fingerprint([run(1, asked)])


def test_a_job_whose_inputs_the_vendor_does_not_tell_is_nobodys(monkeypatch):
    def refuse(*_, **__):
        raise Refused("brightdata", "Snapshot does not exist", status=404)

    monkeypatch.setattr(module, "call", refuse)

    assert BrightData("", "").fingerprint_of("s_1") is None


@pytest.mark.parametrize(
    "text", ["", "OK", "[]", '["text"]', '{"id": "broken", "object": ', "id,name\n1,2\n", f"url\n{'x' * 200_000}\n"]
)
def test_inputs_that_cannot_be_read_prove_nothing(monkeypatch, text):
    monkeypatch.setattr(module, "call", lambda *_, **__: replied(text))

    with pytest.raises(Malformed, match="inputs of a job"):
        BrightData("", "").fingerprint_of("s_1")


def listed_as(monkeypatch, jobs, page=3):
    """Answers like the vendor's list: newest first, `limit` and `skip`."""
    asked = []

    def call(*_, params, **__):
        asked.append(params)
        return replied(json.dumps(jobs[params["skip"] : params["skip"] + page]))

    monkeypatch.setattr(module, "call", call)
    monkeypatch.setattr(module, "PAGE", page)
    return asked


SINCE = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def test_jobs_since_a_moment_come_oldest_first_over_all_pages(monkeypatch):
    jobs = [{"id": f"s_{n}", "created": f"2026-11-21T00:{n}:00.000Z"} for n in range(39, 25, -1)]
    asked = listed_as(monkeypatch, jobs)

    assert list(BrightData("", "").jobs_since("chatgpt", SINCE)) == [f"s_{n}" for n in range(30, 40)]
    assert {one["from_date"] for one in asked} == {"2026-11-20"}
    assert [one["skip"] for one in asked] == [0, 3, 6, 9, 12]


def test_a_vendor_that_gives_the_same_page_for_ever_is_not_asked_for_ever(monkeypatch):
    asked = listed_as(monkeypatch, [])
    monkeypatch.setattr(
        module, "call", lambda *_, **__: asked.append(1) or replied('[{"id": "a"}, {"id": "b"}, {"id": "c"}]')
    )

    assert list(BrightData("", "").jobs_since("chatgpt", SINCE)) == ["a", "b", "c"]
    assert len(asked) == 2


@pytest.mark.parametrize("created", [None, "yesterday", 7, {}])
def test_a_job_whose_time_cannot_be_read_counts_as_new(monkeypatch, created):
    listed_as(monkeypatch, [{"id": "s_1", "created": created}, {"no": "id"}, "odd"], page=9)

    assert list(BrightData("", "").jobs_since("chatgpt", SINCE)) == ["s_1"]


def test_a_list_of_another_shape_proves_nothing(monkeypatch):
    monkeypatch.setattr(module, "call", lambda *_, **__: replied('{"status": "building"}'))

    with pytest.raises(Malformed, match="not a list"):
        BrightData("", "").jobs_since("chatgpt", SINCE)
