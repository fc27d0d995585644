"""The report: the same numbers in every form, nothing from outside that runs, one file that stands alone."""

import csv
import io
import json
import re
import unicodedata
from dataclasses import asdict, replace
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from senso.cli import reporting
from senso.cli.report_format import Form
from senso.errors import ConfigError, NotFound
from senso.push import metric_json
from senso.queries import results
from senso.reads import history
from senso.reports import charts, wording
from senso.reports.content import ORDER, Asked, Batch, Heard, Pool, Question, Quote, Report
from senso.reports.page import breakable, foldable, isolated, page, together
from senso.reports.passages import SHORT, cut, passage, shortened
from senso.reports.sheet import COLUMNS, cell, sheet
from senso.score import CitedDomain, CompetitorCount, Fact, score
from senso.settings import settings
from senso.states import Category
from senso.tasks.stages import finish_batch

ORG = "Larch Hill Credit Union"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "{{ 7 * 7 }}",
    "]]></svg><script>alert(1)</script>",
    "&lt;b&gt;",
]
FIRST = date(2026, 9, 5)


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).replace("\u00a0", " ").split())

    def all(self, *tags: str) -> list[tuple[str, dict[str, str | None]]]:
        return [(tag, attributes) for tag, attributes in self.elements if tag in tags]


def facts(*, questions: int = 4, kinds=ORDER, mentioned: bool = True, competitor: str = "Vantry") -> list[Fact]:
    return [
        Fact(
            question_id=str(number),
            question_kind=kind,
            surface=surface,
            model=model,
            location=location,
            mentioned=mentioned and (number + len(location)) % 3 > 0,
            sentiment="positive" if mentioned and (number + len(location)) % 3 > 0 else None,
            rank=number + 1 if mentioned and (number + len(location)) % 3 > 0 else None,
            competitors=(competitor, "Kestrel"),
            citations=2,
            owned_citations=number % 2,
        )
        for kind, surface in kinds
        for number in range(questions)
        for model in ("chatgpt", "perplexity")
        for location in ("US", "CA/Ontario")
    ]


def batch(week: int = 0, found: list[Fact] | None = None) -> Batch:
    metrics = tuple(score(facts() if found is None else found))
    return Batch(UUID(int=week + 1), FIRST + timedelta(weeks=week), "org", None, "completed", metrics)


def report(
    *,
    batches: list[Batch] | None = None,
    org: str = ORG,
    competitors: tuple[CompetitorCount, ...] = (CompetitorCount("Vantry", 16), CompetitorCount("Kestrel", 2)),
    sources: tuple[CitedDomain, ...] = (CitedDomain("larchhill.example", "primary", 3),),
    text: str = "Which lender is best?",
    failures: tuple[tuple[str, int], ...] = (),
) -> Report:
    batches = batches if batches is not None else [batch()]
    pools = [
        Pool(
            kind, surface, metrics["mention_rate"].denominator, metrics["mention_rate"].numerator, competitors, sources
        )
        for kind, surface in sorted(ORDER)
        if (metrics := wording.whole(batches[-1].metrics, kind, surface))
    ]
    asked = Asked(
        questions=(Question(text, "unbranded", (Heard("consumer", 15, 9), Heard("api", 16, 2))),),
        models=(("chatgpt", "consumer"), ("sonar", "api")),
        locations=("CA/Ontario", "US"),
        planned=64,
        answered=63,
        read=62,
        failed=2,
        failures=failures,
    )
    return Report(org, batches, pools, asked)


def test_the_page_says_the_metrics_own_numbers():
    found = report()
    shown = Page(page(found)).text

    for kind, surface in ORDER:
        metrics = wording.whole(found.batch.metrics, kind, surface)
        assert wording.headline(ORG, metrics["mention_rate"]) in shown
        for name in ("mention_rate", "share_of_voice", "owned_citation_rate", "average_rank", "sentiment_positive"):
            assert f"{wording.value(metrics[name])} {wording.interval(metrics[name])}" in shown


def test_every_model_and_location_stands_with_its_interval():
    found = report()
    shown = Page(page(found)).text

    for metric in found.batch.metrics:
        if metric.name in {"mention_rate", "share_of_voice"} and (metric.model or metric.location):
            assert f"{wording.value(metric)} {wording.interval(metric)}" in shown


def test_a_sheet_has_each_metric_of_each_batch_unrounded():
    batches = [batch(0), batch(1, facts(questions=1))]
    read = list(csv.DictReader(io.StringIO(sheet(batches))))

    expected = [
        {name: "" if one is None else str(one) for name, one in asdict(metric).items()}
        | {"batch_date": member.date.isoformat(), "batch_id": str(member.id), "batch_kind": "org", "network": ""}
        | dict.fromkeys(("answers", "made_up", "by_fallback", "by_rule", "sampled", "missed"), "0")
        | {"cautions": ""}
        | {f"claims_{name}": "0" for name in ("contradicted", "supported", "not_covered", "unjudged")}
        for member in batches
        for metric in member.metrics
    ]
    assert read == [{name: row[name] for name in COLUMNS} for row in expected]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_a_text_is_no_formula_in_a_spreadsheet(text):
    found = [replace(one, model=text, location=text) for one in facts(questions=1)]
    rows = list(csv.DictReader(io.StringIO(sheet([batch(0, found)]), newline="")))

    assert {row["model"] for row in rows} == {"", f"'{text}"}
    assert {row["location"] for row in rows} == {"", f"'{text}"}


def test_a_number_below_zero_stays_a_number():
    assert cell(-1.5) == -1.5
    assert cell("US") == "US"


@pytest.mark.parametrize("name", HOSTILE)
def test_what_comes_from_outside_is_text_and_never_markup(name):
    found = [replace(one, model=name, location=name) for one in facts(competitor=name)]
    hostile = report(
        batches=[batch(0, found), batch(1, found)],
        org=name,
        competitors=(CompetitorCount(name, 3),),
        sources=(CitedDomain(name, "secondary", 2),),
        text=name,
        failures=((name, 2),),
    )
    plain = replace(hostile, org="x", pools=[replace(pool, competitors=(), sources=()) for pool in hostile.pools])

    read, harmless = Page(page(hostile)), Page(page(plain))

    assert not read.all("script", "img", "iframe", "object", "embed", "form", "base", "link")
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert {tag for tag, _ in read.elements} <= {tag for tag, _ in harmless.elements} | {"a", "svg", "g", "p", "small"}
    assert " ".join(name.split()) in read.text


@pytest.mark.parametrize(
    "domain", ["javascript:alert(1)", "data:text/html,x", "a.example/x", "a.example:80", "-a.example", "A B", "10"]
)
def test_only_a_plain_domain_becomes_a_link(domain):
    read = Page(page(report(sources=(CitedDomain(domain, "secondary", 2),))))

    assert all(attributes["href"].startswith("#") for _, attributes in read.all("a"))
    assert domain in read.text


def test_the_only_addresses_are_the_sources_and_they_open_apart():
    read = Page(page(report(batches=[batch(week) for week in range(3)])))
    outside = [
        (tag, attributes)
        for tag, attributes in read.elements
        for name in ("href", "src", "xlink:href", "action", "data")
        if name in attributes and not (attributes[name] or "").startswith("#")
    ]

    assert {attributes["href"] for _, attributes in outside} == {"https://larchhill.example"}
    assert all(tag == "a" and "noopener" in (attributes["rel"] or "") for tag, attributes in outside)
    assert "url(" not in page(report())
    assert "@import" not in page(report())


def test_a_page_is_readable_without_seeing_its_charts():
    read = Page(page(report()))
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]

    assert read.all("html")[0][1]["lang"] == "en"
    assert [attributes for _, attributes in read.all("meta") if attributes.get("name") == "viewport"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper <= upper + 1 for upper, deeper in pairwise(levels))
    assert all(one["role"] == "img" and one["aria-label"] for _, one in read.all("svg"))
    assert len(read.all("table")) == len(read.all("caption"))
    assert all(attributes.get("scope") for _, attributes in read.all("th"))
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_same_data_is_the_same_text():
    assert page(report()) == page(report())


def test_half_a_year_of_weeks_stays_a_small_file():
    shown = page(report(batches=[batch(week) for week in range(60)]))

    assert len(shown) < 300_000
    assert "34 earlier" in shown


def test_a_batch_that_read_nothing_says_so():
    read = Page(page(report(batches=[batch(0, [])], failures=(("openai 401: no such key", 64),))))

    assert "No answer was read, so there are no numbers." in read.text
    assert "64 × openai 401: no such key" in read.text


def test_a_pool_without_numbers_is_left_out():
    """As after a model was given another surface."""
    found = report()
    metrics = tuple(one for one in found.batch.metrics if one.surface != "consumer")
    moved = replace(found, batches=[replace(found.batch, metrics=metrics)])

    assert {chapter for chapter in re.findall(r'id="(\w+-\w+)"', page(moved)) if "branded" in chapter} == {
        "unbranded-api",
        "branded-api",
    }


def test_one_question_has_no_bootstrap_interval_and_is_shown_all_the_same():
    lonely = [replace(one, question_id="0") for one in facts()]
    found = report(batches=[batch(0, lonely), batch(1, lonely)])
    share = wording.whole(found.batch.metrics, "unbranded", "consumer")["share_of_voice"]

    read = Page(page(found))

    assert share.low is None
    assert f"{share.numerator} name {ORG}: {wording.value(share)}." in read.text


def test_one_of_something_is_not_said_as_many():
    one = next(fact for fact in facts(questions=1) if fact.mentioned)
    lonely = report(batches=[batch(0, [one])])
    shown = Page(page(replace(lonely, asked=replace(lonely.asked, planned=1, answered=1, read=1, failed=0)))).text

    assert "of 1 answer mentions it" in shown
    assert "Of 1 answer " in shown
    assert "1 question on 5 Sep 2026" in shown
    assert "1 answer was wanted: 1 came, 1 was read, 0 failed." in shown
    assert not re.search(r"(?<!1 of )\b1 (answers|questions|more are)\b", shown)


def test_an_org_that_nobody_mentions_has_no_sentiment():
    read = Page(page(report(batches=[batch(0, facts(mentioned=False))])))

    assert f"No answer mentions {ORG} here." in read.text
    assert f"{ORG} is mentioned in 0 of 16 answers" in read.text


def test_pools_are_never_counted_together():
    found = report(batches=[batch(0, facts(kinds=[("branded", "api")]))])
    read = Page(page(found))

    assert [attributes["id"] for tag, attributes in read.all("section") if "id" in attributes] == ["branded-api"]


def test_questions_are_counted_apart_by_surface():
    read = Page(page(report()))

    assert "consumer apps APIs Which lender is best? unbranded 9 of 15 2 of 16" in read.text


def test_the_org_stands_among_its_competitors_by_its_own_count():
    pool = replace(report().pools[0], mentioned=16)
    read = Page(page(replace(report(), pools=[pool])))

    assert f"1 {ORG} 16 1 Vantry 16 3 Kestrel 2" in read.text


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ((0.5, 0.4, 0.6), "the intervals overlap, so a difference may be chance"),
        ((0.1, 0.05, 0.2), "It is up from 10 % (5 to 20 %) on 5 Sep 2026"),
        ((0.9, 0.8, 0.95), "It is down from 90 % (80 to 95 %) on 5 Sep 2026"),
        ((0.5, None, None), ""),
    ],
)
def test_a_change_is_only_called_one_where_the_intervals_are_apart(before, said):
    rate = wording.whole(batch().metrics, "branded", "api")["mention_rate"]
    now = replace(rate, value=0.55, low=0.45, high=0.65)
    then = replace(rate, value=before[0], low=before[1], high=before[2])

    found = wording.change(now, then, FIRST)

    assert said in found
    assert bool(said) == bool(found)


def test_numbers_of_two_rules_are_not_compared():
    rate = wording.whole(batch().metrics, "branded", "api")["mention_rate"]

    assert "do not compare" in wording.change(rate, replace(rate, rule_version="score-0"), FIRST)


def test_a_trend_breaks_where_the_rule_changed_and_its_band_where_an_interval_is_missing():
    rate = wording.whole(batch().metrics, "branded", "api")["mention_rate"]
    past = [rate, rate, replace(rate, low=None, high=None), rate, *[replace(rate, rule_version="score-1")] * 2]
    points = [charts.Point(FIRST + timedelta(weeks=week), metric) for week, metric in enumerate(past)]

    drawn = charts.trend("Mention rate", points)

    assert drawn.count('<g class="band"><path') == 3
    assert drawn.count('<g class="line"><path') == 2
    assert drawn.count("<circle") == 6


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (1, "0 1"),
        (3, "0 1 2 3"),
        (7, "0 2 4 6"),
        (21, "0 5 10 15 20"),
        (106, "0 50 100"),
        (4000, "0 1000 2000 3000 4000"),
    ],
)
def test_counts_are_marked_in_steps_that_a_reader_counts_in(most, ticks):
    shown = Page(str(charts.counts("a title", [("Vantry", most, False)]))).text

    assert [word for word in shown.split() if word.isdigit()] == ticks.split()


def test_a_number_goes_on_in_no_other_line():
    assert together("75 % (65 to 99 %) to questions") == "75\u00a0% (65\u00a0to\u00a099\u00a0%) to questions"


def test_a_location_breaks_after_a_slash_and_stays_text():
    assert breakable("DE/<b>/Köln") == "DE/<wbr>&lt;b&gt;/<wbr>Köln"


def test_a_line_is_drawn_from_two_dates_on_and_a_bar_only_beside_another():
    lonely = [one for one in facts() if (one.model, one.location) == ("chatgpt", "US")]
    one, two = (Page(page(report(batches=[batch(week, lonely) for week in range(weeks)]))) for weeks in (1, 2))

    assert "One date so far, 5 Sep 2026: a line over time needs a second one." in one.text
    assert not [name for _, attributes in one.all("svg") if (name := attributes["aria-label"]).startswith("Mention")]
    assert [attributes["aria-label"].split(",")[0] for _, attributes in two.all("svg")][:2] == [
        "Mention rate by batch",
        "Share of voice by batch",
    ]


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("Donaudampfschifffahrtsgesellschaft", ["Donaudampfschifffahr", "tsgesellschaft"]),
        ("www.a-rather-long-name.example", ["www.", "a-", "rather-", "long-", "name.", "example"]),
        ("Larch Hill Credit Union of the Valley", ["Larch Hill Credit Union of the Valley"]),
        ("ธนาคารดาวเพื่อการเกษตรและสหกรณ์การเกษตร", ["ธนาคารดาวเพื่อการเกษตรและสหกรณ์การเกษตร"]),
        ("e\u0301" * 20, ["e\u0301" * 10, "e\u0301" * 10]),
        ("x" * 19 + "e\u0301" + "x" * 9, ["x" * 19 + "e\u0301" + "x" * 9]),
        ("<b>" * 10, ["&lt;b&gt;" * 6 + "&lt;b", "&gt;" + "&lt;b&gt;" * 3]),
    ],
)
def test_only_a_word_that_may_fit_into_no_line_can_be_broken(name, pieces):
    assert foldable(name).split("<wbr>") == pieces


def test_a_name_from_right_to_left_is_set_apart_and_no_other():
    assert isolated("In بنك 5 <i>", "بنك") == "In <bdi>بنك</bdi> 5 &lt;i&gt;"
    assert isolated("In Bank 5", "Bank") == "In Bank 5"


def quote(text: str = "Larch Hill is good.", **given: Any) -> Quote:
    about = {"sentiment": "positive", "rank": 2, "instead": None, "question": "Who?", "model": "chatgpt"}
    return Quote(text=text, **about | {"location": "US", "on": FIRST, "run": 7} | given)


def quoting(*quotes: Quote) -> Report:
    found = report()
    return replace(found, pools=[replace(pool, quotes=quotes) for pool in found.pools])


def test_a_quote_stands_with_who_said_it_where_when_and_to_which_question():
    read = Page(page(quoting(quote(), quote("Vantry is best.", sentiment=None, rank=None, instead="Vantry"))))

    assert "Larch Hill is good. positive, rank 2 · chatgpt in US, 5 Sep 2026 · run 7 asked: Who?" in read.text
    assert "Vantry is best. names Vantry instead · chatgpt in US" in read.text
    assert all(attributes["dir"] == "auto" for _, attributes in read.all("blockquote", "q"))


def test_a_long_quote_ends_with_a_sentence_and_opens_as_a_whole():
    long = " ".join(f"Sentence {number} says that Larch Hill is good." for number in range(12))
    read, short = Page(page(quoting(quote(long)))), Page(page(quoting(quote())))

    assert len(shortened(long)) <= SHORT + 2
    assert shortened(long).endswith("good. …")
    assert shortened(long) in read.text
    assert long in read.text
    assert len(read.all("details")) == 4 + len(short.all("details"))


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("word " * 100, "word word"),
        ("银行" * 300, "银行银行"),
        ("e\u0301" * 400, "e\u0301e\u0301"),
        ("x" * 1000, "xxx"),
    ],
)
def test_what_has_no_sentences_is_cut_between_words_or_letters(text, start):
    found = cut(text, SHORT)

    assert found.startswith(start)
    assert SHORT // 2 < len(found) <= SHORT + 2
    assert text.startswith(found.removesuffix(" …"))
    assert not unicodedata.combining(text[len(found.removesuffix(" …"))])


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (
            "2. **Larch Hill** – praised ([forum.example](https://forum.example/x)).",
            "Larch Hill – praised (forum.example).",
        ),
        ("### 1\\. **Larch Hill**", "1. Larch Hill"),
        ("| Larch Hill | 4 % | good |", "Larch Hill | 4 % | good"),
        ("Larch &amp; Hill is `cheap` \\[1\\] [2]【3†x】. ![x](https://x.example/y.png)", "Larch & Hill is cheap."),
        ("Larch Hill** is good", "Larch Hill is good"),
        (
            "Larch Hill is good. || Larch Hill is near. || Larch Hill is good.",
            "Larch Hill is good. … Larch Hill is near.",
        ),
        ("<b>Larch</b> Hill\u202e is\x07 good", "Larch Hill is good"),
        ("    Larch Hill", "Larch Hill"),
        ("![x](https://x.example/y.png)", ""),
    ],
)
def test_a_quote_is_what_a_reader_of_the_answer_saw(markdown, shown):
    assert passage(markdown) == shown


def test_made_up_data_and_fallback_names_are_said_in_every_form(tmp_path, make, scored, capsys):
    org, _, second = scored
    make.sql("UPDATE question_runs SET model_version = 'senso-sandbox/x' WHERE id = :run", run=make.runs(second)[0])
    make.sql(
        """UPDATE evaluations SET marks = '[{"kind": "fallback-names", "field": "names", "value": "x"}]'
        WHERE run_id = :run""",
        run=make.runs(second)[1],
    )
    said = {}
    for form in Form:
        reporting.report(org.id, form)
        said[form] = " ".join(capsys.readouterr().out.split())

    assert "Made-up data: 1 of 3 answers read came from the sandbox" in said[Form.text]
    assert "made-up data: 1 of 3 answers read" in said[Form.csv]
    assert "made-up data: 1 of 3 answers read" in said[Form.json]
    assert "<title>Made-up data:" in said[Form.html]
    assert "<strong>Made-up data.</strong> 1 of 3 answers read" in said[Form.html]
    assert "The names call failed: in 1 of 3 answers read" in said[Form.text]
    assert "the names call failed: in 1 of 3 answers read" in said[Form.csv]
    assert "the names call failed: in 1 of 3 answers read" in said[Form.json]
    assert "<strong>The names call failed.</strong> In 1 of 3 answers" in said[Form.html]


def test_data_that_is_not_made_up_is_not_said_to_be(scored, capsys):
    org, _, _ = scored
    for form in Form:
        reporting.report(org.id, form)

    assert "made-up" not in capsys.readouterr().out.lower()


def test_each_batch_of_a_sheet_says_for_itself_what_is_made_up(make, scored, capsys):
    org, first, _ = scored
    make.sql("UPDATE evaluations SET model_version = 'senso-sandbox/x' WHERE batch_id = :b", b=first)

    reporting.report(org.id, Form.csv)

    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert {(row["batch_id"] == str(first), row["answers"], row["made_up"]) for row in rows} == {
        (True, "3", "3"),
        (False, "3", "0"),
    }


def test_quotes_are_whole_sentences_of_the_answers_and_name_whom_they_are_about(make, db, scored):
    org, _, batch = scored
    runs = make.runs(batch)
    answer = "Hello. Vantry is first. **Larch Hill** – praised by all ([a.example](https://a.example/x)). Bye."
    make.sql("UPDATE question_runs SET answer_text = :text WHERE batch_id = :b", text=answer, b=batch)
    make.sql("UPDATE evaluations SET mention_text = 'Larch Hill** – praised', rank = 2 WHERE run_id = :r", r=runs[0])
    make.sql("UPDATE evaluations SET mentioned = false, sentiment = NULL WHERE run_id = :r", r=runs[1])

    (pool,) = history.pools(db, batch, org.id)

    (about, instead) = pool.quotes
    assert (about.text, about.sentiment, about.rank) == ("Larch Hill – praised by all (a.example).", "neutral", 2)
    assert (instead.text, instead.instead, instead.sentiment) == ("Vantry is first.", "Vantry", None)
    assert about.run == make.one("SELECT number FROM question_runs WHERE id = :r", r=runs[0])


def test_the_text_says_the_same_headline_as_the_page(scored, capsys):
    org, _, _ = scored
    reporting.report(org.id, Form.text)
    said = " ".join(capsys.readouterr().out.split())
    reporting.report(org.id, Form.html)

    assert f"{ORG} is mentioned in 3 of 3 answers" in said
    assert f"{ORG} is mentioned in 3 of 3 answers" in Page(capsys.readouterr().out).text


def test_a_page_of_thousands_of_questions_and_locations_stays_a_small_file():
    found = report(
        batches=[
            batch(0, [replace(one, location=f"US/{number}") for number in range(900) for one in facts(questions=1)])
        ]
    )
    many = replace(found.asked, questions=found.asked.questions * 3000, locations=("US",) * 900)
    shown = page(replace(found, asked=many))

    assert len(shown) < 300_000
    assert "2800 more in the JSON report" in shown
    assert "US and 894 more" in Page(shown).text


@pytest.mark.parametrize("form", Form)
def test_no_form_calls_a_location_or_a_rank_a_place(scored, capsys, form):
    org, _, _ = scored

    reporting.report(org.id, form)

    assert not re.search(r"\bplaces?\b", capsys.readouterr().out)


def test_an_org_without_numbers_is_not_found(make):
    org = make.org()

    with pytest.raises(NotFound, match="has no numbers yet; open a batch"):
        reporting.report(org.id, Form.html)
    with pytest.raises(NotFound, match="no org"):
        reporting.report(uuid4(), Form.html)


def test_history_is_the_batches_the_pools_and_what_was_asked(make, db, scored):
    org, first, second = scored

    found = history.batches(db, org.id)
    (pool,) = history.pools(db, second, org.id)
    asked = history.asked(db, second)

    assert [one.id for one in found] == [first, second]
    assert list(found[1].metrics) == results.metrics(db, second)
    assert (pool.kind, pool.surface, pool.answers, pool.mentioned) == ("unbranded", "api", 3, 3)
    assert pool.competitors == (CompetitorCount("Vantry", 3),)
    assert pool.sources == (CitedDomain("larchhill.example", "primary", 1, Category.OWN),)
    assert (asked.planned, asked.read, asked.failed) == (4, 3, 1)
    assert asked.failures == (("gone", 1),)
    assert [question.heard for question in asked.questions] == [(Heard("api", 2, 2),), (Heard("api", 1, 1),)]
    assert asked.models == (("gpt-6.1-terra", "api"),)
    assert asked.locations == ("CA", "US")


def test_a_networks_batch_is_in_the_sheet_and_in_no_trend_of_the_org(make, scored, capsys):
    org, first, _ = scored
    network = uuid4()
    make.sql("INSERT INTO networks (id, partner_id, name) VALUES (:id, :partner, 'N')", id=network, partner=org.partner)
    make.sql("UPDATE batches SET kind = 'network_org', network_id = :n WHERE id = :id", n=network, id=first)

    reporting.report(org.id, Form.csv)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    reporting.report(org.id, Form.html)
    shown = capsys.readouterr().out

    assert {row["batch_kind"] for row in rows} == {"org", "network_org"}
    assert "<circle" not in shown
    assert "One date so far" in shown


def test_json_has_what_the_push_has(make, db, scored, capsys):
    org, _, second = scored

    reporting.report(org.id, Form.json)

    said = json.loads(capsys.readouterr().out)
    assert said["metrics"] == [metric_json(metric) for metric in results.metrics(db, second)]
    assert said["pools"][0]["competitors"] == [{"name": "Vantry", "answers": 3}]
    assert said["asked"]["planned"] == 4


@pytest.mark.parametrize("form", Form)
def test_an_output_file_is_written_whole_and_named_with_its_size(make, scored, tmp_path, capsys, form):
    org, _, _ = scored
    output = tmp_path / "report"

    reporting.report(org.id, form, output)

    assert re.fullmatch(rf"{re.escape(str(output))}, \d+ kB\n", capsys.readouterr().out)
    assert ORG in output.read_text() or form is Form.csv
    assert output.stat().st_mode & 0o777 == 0o666 & ~reporting.umask()
    assert names(tmp_path) == ["report"]


def test_an_output_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").touch()

    for path in (tmp_path / "none" / "r.html", tmp_path / "file" / "r.html", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(ConfigError, match="--output"):
            reporting.write_whole(path, b"x")

    assert names(tmp_path) == ["file"]


def test_a_device_is_not_replaced():
    with pytest.raises(ConfigError, match="is not a file"):
        reporting.write_whole(reporting.Path("/dev/null"), b"x")


def test_the_old_file_stays_when_the_disk_is_full(tmp_path, monkeypatch):
    output = tmp_path / "r.html"
    output.write_text("old")
    monkeypatch.setattr(reporting.Path, "replace", full)

    with pytest.raises(ConfigError, match="No space left on device"):
        reporting.write_whole(output, b"new")

    assert output.read_text() == "old"
    assert names(tmp_path) == ["r.html"]


def names(folder) -> list[str]:
    return [path.name for path in folder.iterdir()]


def full(*_):
    raise OSError(28, "No space left on device")


@pytest.fixture
def scored(make, messages, environment):
    """Two batches of one org, a week apart; of four answers three were read."""
    org = make.org(countries=("US", "CA"))
    environment.setenv("SENSO_CLOCK", "-7d")
    settings.cache_clear()
    first = read(make, org)
    environment.delenv("SENSO_CLOCK")
    settings.cache_clear()
    make.sql("DELETE FROM name_variations")
    return org, first, read(make, org)


def read(make, org) -> UUID:
    opened = make.batch(org)
    make.sql("UPDATE question_runs SET state = 'answered' WHERE batch_id = :b", b=opened)
    make.sql(
        "UPDATE evaluations SET state = 'done', mentioned = true, sentiment = 'neutral' WHERE batch_id = :b", b=opened
    )
    runs = make.runs(opened)
    make.sql("UPDATE evaluations SET state = 'failed', error = 'gone' WHERE run_id = :run", run=runs[-1])
    make.sql(
        "INSERT INTO competitors (evaluation_id, name) SELECT id, 'Vantry' FROM evaluations WHERE batch_id = :b",
        b=opened,
    )
    make.sql(
        "INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, position, cited) VALUES "
        "(:run, 'https://larchhill.example/a', 'https://larchhill.example/a', 'larchhill.example', "
        "'larchhill.example', 1, true)",
        run=runs[0],
    )
    make.sql("UPDATE batches SET remaining = 0 WHERE id = :b", b=opened)
    finish_batch(str(opened), "rows")
    return opened


@pytest.mark.parametrize(("low", "high", "wide"), [(0.19, 0.98, True), (0.3, 0.69, False), (None, None, False)])
def test_an_interval_that_leaves_nearly_everything_open_is_said_to_be_wide(low, high, wide):
    found = report(batches=[batch(0, facts())])
    rate = replace(wording.whole(found.batch.metrics, "unbranded", "consumer")["mention_rate"], low=low, high=high)

    assert wording.headline(ORG, rate).endswith(wording.TOO_WIDE) == wide
