import json
import re
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest
from sqlalchemy import text

from senso import imports
from senso.db import rows, transaction
from senso.errors import ConfigError
from senso.imports import source
from senso.queries.imports import Count, store
from senso.queries.ledger import grant

PARTNER = "11111111-1111-4111-8111-111111111111"
ORG = "22222222-2222-4222-8222-222222222222"
OTHER = "33333333-3333-4333-8333-333333333333"
FIRST = "44444444-4444-4444-8444-444444444444"
SECOND = "55555555-5555-4555-8555-555555555555"
NETWORK = "66666666-6666-4666-8666-666666666666"
MODELS_PAGE = Path(__file__).parents[1] / "docs" / "models.md"
NOBODY = "99999999-9999-4999-8999-999999999999"

# The lines are numbered: the table below names them.
GOOD = f"""\
partners:                                                             # 1
  - id: {PARTNER}
    name: Larch Partner
    credits: 100
orgs:                                                                 # 5
  - id: {ORG}
    name: Larch Hill Credit Union
    partner: {PARTNER}
    websites: [https://larchhill.example, vantry.example/about]
    created_at: 2026-01-05                                            # 10
    active: true
    competitors: [Vantry, Ashby Bank]
    questions:
      - id: {FIRST}
        text: Which lender is best in Ohio?                           # 15
        kind: unbranded
      - id: {SECOND}
        text: Is Larch Hill a good lender?
        kind: branded
    models: [chatgpt, gpt-6.1-terra]                                        # 20
    locations:
      - {{country: US, region: Ohio}}
      - {{country: gb}}
  - id: {OTHER}
    name: Ashby Bank                                                  # 25
    partner: {PARTNER}
    created_at: 2026-01-06T23:30:00-02:00
networks:
  - id: {NETWORK}
    name: Ohio Network                                                # 30
    partner: {PARTNER}
    orgs: [{ORG}, {OTHER}]
    questions: [{{id: {FIRST}, text: Which lender is best in Ohio?, kind: unbranded}}]
    models: [own]
    locations: [{{country: US, region: Ohio}}]                        # 35
models:
  - {{slug: own, provider: openai, name: own-1, surface: api}}
"""
TABLES = ["models", "locations", "partners", "questions", "orgs", "org_websites", "org_questions", "org_models"]
TABLES += ["org_locations", "networks", "network_orgs", "network_questions", "network_models", "network_locations"]
TABLES += ["ledger", "audit"]


def good(*changes):
    """GOOD with the first of each pair in the place of the second; each must be there, or the table would lie."""
    said = GOOD
    for old, new in changes:
        assert old in said
        said = said.replace(old, new, 1)
    return said


def parsed(*changes):
    return imports.parse(good(*changes), "orgs.yaml")


def refusal(said):
    with pytest.raises(ConfigError) as refused:
        imports.parse(said, "orgs.yaml")
    return str(refused.value)


def everything(db):
    return {table: rows(db.execute(text(f"SELECT * FROM {table} t ORDER BY t::text"))) for table in TABLES}


def column(db, statement, **values):
    return list(db.execute(text(statement), values).scalars())


# --- reading


def test_yaml_and_json_give_the_same_document():
    document = parsed()
    said = json.dumps(document.source.root, indent="\t")

    from_json = imports.parse(said, "orgs.json")

    assert from_json.contents == document.contents
    assert NETWORK in said.splitlines()[from_json.source.line(("networks", 0, "id")) - 1]


def test_values_are_typed_and_normalised():
    org, other = parsed().contents.orgs

    assert org.id == UUID(ORG)
    assert org.websites == ("https://larchhill.example", "https://vantry.example/about")
    assert (org.created_at, other.created_at) == (
        datetime(2026, 1, 5, tzinfo=UTC),
        datetime(2026, 1, 7, 1, 30, tzinfo=UTC),
    )
    assert [place.country for place in org.locations] == ["US", "GB"]
    assert (other.active, other.websites, other.questions) == (True, (), ())


@pytest.mark.parametrize("written", ["NO", "no", "'NO'"])
def test_norway_is_a_country_and_not_false(written):
    (_, british) = parsed(("country: gb", f"country: {written}")).contents.orgs[0].locations

    assert british.country == "NO"


@pytest.mark.parametrize("name", ["On", "Yes", "1:30", "2026-01-05", "3.5", "0x1F", "1_000"])
def test_a_name_is_the_text_that_was_written(name):
    assert parsed(("name: Ashby Bank", f"name: {name}")).contents.orgs[1].name == name


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-05T10:00:00", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05 10:00:00Z", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("'2026-01-05T10:00:00+02:00'", datetime(2026, 1, 5, 8, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_utc(written, read):
    assert parsed(("created_at: 2026-01-05 ", f"created_at: {written} ")).contents.orgs[0].created_at == read


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("acme.com", "https://acme.com"),
        ("http://acme.com/a?b=c", "http://acme.com/a?b=c"),
        ("acme.com:8080", "https://acme.com:8080"),
        ("https://müller.example/", "https://müller.example/"),
    ],
)
def test_a_website_without_a_scheme_is_https(written, url):
    found = parsed(("vantry.example/about", written)).contents.orgs[0].websites

    assert found[1] == url


def test_lists_that_are_empty_or_left_out_or_commented_out_are_the_same():
    said = good(("    competitors: [Vantry, Ashby Bank]\n", "    competitors:\n"), ("[own]", "[]"))

    org, _ = imports.parse(said, "orgs.yaml").contents.orgs

    assert org.competitors == ()


def test_aliases_share_what_they_stand_for():
    said = good(
        ("models: [chatgpt, gpt-6.1-terra]", "models: &all [chatgpt, gpt-6.1-terra]"), ("models: [own]", "models: *all")
    )

    (network,) = imports.parse(said, "orgs.yaml").contents.networks

    assert network.models == ("chatgpt", "gpt-6.1-terra")


def test_json_may_escape_what_is_beyond_sixteen_bits_and_hold_what_yaml_takes_for_a_line():
    partner = '{"id": "%s",\n\t"name": "\\ud83d\\ude00 \\\\ud83d \\/ one\u00a0two", "credits": null}' % PARTNER  # noqa: UP031
    asked = {"id": FIRST, "text": "one\u2028 two\x85three", "kind": "branded"}
    org = {"id": ORG, "name": "Org", "partner": PARTNER, "created_at": "2026-01-05", "questions": [asked]}

    said = f'{{"partners": [{partner}], "orgs": [{json.dumps(org, ensure_ascii=False)}]}}'
    found = imports.parse(said, "orgs.json").contents

    assert found.partners[0].name == "😀 \\ud83d / one\u00a0two"
    assert found.orgs[0].questions[0].text == "one\u2028 two\x85three"


def test_a_document_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        parsed().contents.partners[0].name = "another"


# --- refusing


NO_SAMPLES = "not a whole number from 1 to 20, nor two of them, such as {from: 1, to: 4}"
MUST_BE_WHOLE = "not a whole number, 0 or more, or null"
BAD = [
    ("name: Larch Partner", "nom: Larch Partner", "2: partners[0].name: missing"),
    ("    active: true", "    activ: true", "11: orgs[0].activ: unknown key"),
    ("networks:\n", "network:\n", "28: network: unknown key"),
    (f"- id: {ORG}", "- id: 17", "6: orgs[0].id: not a UUID"),
    (f"- id: {ORG}", "- id: Larch", "6: orgs[0].id: not a UUID"),
    ("2026-01-05 ", "soon", "10: orgs[0].created_at: not a date"),
    ("2026-01-05 ", "2026-02-30", "10: orgs[0].created_at: not a date"),
    ("2026-01-05 ", "20260105", "10: orgs[0].created_at: not a date"),
    ("2026-01-05 ", "0001-01-01T00:00+14:00", "10: orgs[0].created_at: not a date"),
    ("    created_at: 2026-01-06T23:30:00-02:00\n", "", "24: orgs[1].created_at: missing"),
    ("name: Ashby Bank", "name: ''", "25: orgs[1].name: empty"),
    ("name: Ashby Bank", "name: '  '", "25: orgs[1].name: empty"),
    ("name: Ashby Bank", "name:", "25: orgs[1].name: not text; put it in quotes"),
    ("name: Ashby Bank", "name: 1984", "25: orgs[1].name: not text; put it in quotes"),
    ("name: Ashby Bank", 'name: "a\\nb"', "25: orgs[1].name: more than one line, or a control character"),
    ("name: Ashby Bank", f"name: {'x' * 256}", "25: orgs[1].name: longer than 255 characters"),
    ("credits: 100", "credits: -1", f"4: partners[0].credits: {MUST_BE_WHOLE}"),
    ("credits: 100", "credits: true", f"4: partners[0].credits: {MUST_BE_WHOLE}"),
    ("credits: 100", "credits: 1.0", f"4: partners[0].credits: {MUST_BE_WHOLE}"),
    ("credits: 100", "credits: '100'", f"4: partners[0].credits: {MUST_BE_WHOLE}"),
    ("    credits: 100\n", "", "2: partners[0].credits: missing"),
    ("active: true", "active: yes", "11: orgs[0].active: neither true nor false"),
    ("active: true", "active: 1", "11: orgs[0].active: neither true nor false"),
    ("[Vantry, Ashby Bank]", "Vantry", "12: orgs[0].competitors: not a list"),
    ("[Vantry, Ashby Bank]", "[Vantry, '']", "12: orgs[0].competitors[1]: empty"),
    ("[Vantry, Ashby Bank]", "[Vantry, Vantry]", "12: orgs[0].competitors[1]: given before, on line 12"),
    ("text: Which lender is best in Ohio?  ", "text: ''", "15: orgs[0].questions[0].text: empty"),
    ("Is Larch Hill a", "x" * 4096, "18: orgs[0].questions[1].text: longer than 4096 characters"),
    ("Is Larch Hill a good lender?", '"\\0"', "18: orgs[0].questions[1].text: a character that Postgres cannot store"),
    ("kind: branded", "kind: brand", "19: orgs[0].questions[1].kind: not one of 'branded' or 'unbranded'"),
    ("surface: api", "surface: web", "37: models[0].surface: not one of 'consumer' or 'api'"),
    ("slug: own", "slug: Own", "37: models[0].slug: not a short name of small letters, digits, dots and dashes"),
    ("gb", "UK", "23: orgs[0].locations[1].country: UK is no ISO 3166-1 code; write GB"),
    ("gb", "usa", "23: orgs[0].locations[1].country: USA has three letters; write US"),
    ("gb", "XK", "23: orgs[0].locations[1].country: not a country code of ISO 3166-1, such as US or GB"),
    ("gb", "ZZ", "23: orgs[0].locations[1].country: not a country code of ISO 3166-1, such as US or GB"),
    ("{country: US, region: Ohio}", "US", "22: orgs[0].locations[0]: not a mapping with keys"),
    ("{country: gb}", "{country: us, region: ' Ohio'}", "23: orgs[0].locations[1]: given before, on line 22"),
    ("[chatgpt, gpt-6.1-terra]", "[chatgpt, chatgpt]", "20: orgs[0].models[1]: given before, on line 20"),
    (f"[{ORG}, {OTHER}]", f"[{ORG}, {ORG}]", "32: networks[0].orgs[1]: given before, on line 32"),
    (f"- id: {OTHER}", f"- id: {ORG}", "24: orgs[1].id: given before, on line 6"),
    (f"- id: {SECOND}", f"- id: {FIRST}", "17: orgs[0].questions[1].id: given before, on line 14"),
    ("networks:\n", "orgs:\n", "28: orgs: this key is given before, on line 5"),
    ("active: true", "name: Again", "11: orgs[0].name: this key is given before, on line 7"),
    (
        "Which lender is best in Ohio?, kind",
        "Which lender is worst?, kind",
        "33: networks[0].questions[0].id: has another text or kind on line 14; give one a new id",
    ),
    ("kind: branded", "kind: branded\n        tags: ['']", "20: orgs[0].questions[1].tags[0]: empty"),
    (
        "kind: unbranded}",
        "kind: unbranded, tags: [loans]}",
        "33: networks[0].questions[0].id: has other tags on line 14; give both the same",
    ),
    ("active: true", "active: !!bool true", "11: orgs[0].active: tags are not read; write the value alone"),
    ("active: true", "active: *nothing", "11: orgs[0].active: no anchor nothing before this alias"),
    ("active: true", "active: &a [*a]", "11: orgs[0].active[0]: no anchor a before this alias"),
    ("active: true", "[1]: true", "11: orgs[0]: a key is not a word"),
    ("active: true", '"a\\nb": true', r"11: orgs[0].a\nb: unknown key"),
    ("active: true", "active: [[[[[[[[[]]]]]]]]]", f"11: orgs[0].active{'[0]' * 8}: nested too deep"),
    ("active: true", "active: [", "13: not YAML: did not find expected ',' or ']', in what begins on line 11"),
    ("active: true", "active: \x07", "11: a character that YAML forbids"),
    ("active: true", "samples: 0", f"11: orgs[0].samples: {NO_SAMPLES}"),
    ("active: true", "samples: 21", f"11: orgs[0].samples: {NO_SAMPLES}"),
    ("active: true", "samples: true", f"11: orgs[0].samples: {NO_SAMPLES}"),
    ("active: true", "samples: '3'", f"11: orgs[0].samples: {NO_SAMPLES}"),
    ("active: true", "samples: {from: 2}", f"11: orgs[0].samples: {NO_SAMPLES}"),
    ("active: true", "samples: {from: 1, to: 21}", "11: orgs[0].samples: not a whole number from 1 to 20"),
    (
        "active: true",
        "samples: {from: 4, to: 2}",
        "11: orgs[0].samples: from 4 to 2: the first must not be above the second",
    ),
    (
        "name: Ohio Network",
        "name: Ohio Network\n    samples: {from: 1, to: 4}",
        "31: networks[0].samples: not a whole number from 1 to 20",
    ),
    ("networks:\n", "---\nnetworks:\n", "28: a second document; write one file for each"),
]
URLS = ["ftp://acme.com", "https://", "acme", "https://me@acme.com", "mailto:me@acme.com", "'https://a b.com'"]
URLS += ["javascript:alert(1)", "https://acme.com:99999", "https://-"]
BAD += [
    ("vantry.example/about", url, "9: orgs[0].websites[1]: not a URL with a host, such as https://acme.com")
    for url in URLS
]


@pytest.mark.parametrize(("old", "new", "line"), BAD, ids=[f"{new[:30]}" for _, new, _ in BAD])
def test_a_bad_file_is_refused_with_its_line_and_the_reason(old, new, line):
    assert refusal(good((old, new))) == f"orgs.yaml:{line}"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("", "orgs.yaml: empty; nothing to import"),
        ("# nothing\n", "orgs.yaml: empty; nothing to import"),
        ("---\n", "orgs.yaml:1: not a mapping with keys"),
        ("[]", "orgs.yaml:1: not a mapping with keys"),
        ("orgs", "orgs.yaml:1: not a mapping with keys"),
        ("{", "orgs.yaml:2: not YAML: did not find expected node content"),
        ("partners: 5", "orgs.yaml:1: partners: not a list"),
        ('{"partners": [],\n "partners": []}', "orgs.yaml:2: partners: this key is given before, on line 1"),
        ('{"partners": ["\\ud83d"]}', "orgs.yaml:1: not YAML: found invalid Unicode character escape code"),
    ],
)
def test_what_is_no_import_file_is_refused(said, line):
    assert refusal(said) == line


def test_the_first_of_several_faults_is_named():
    assert refusal(good(("country: gb", "country: UK"), ("active: true", "active: 3"))).startswith("orgs.yaml:11: ")


def test_a_bomb_of_aliases_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(source, "MOST_VALUES", 10_000)
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30))

    assert refusal(bomb) == "orgs.yaml:4: a3[7]: more than 10000 values, aliases counted as often as used"


@pytest.mark.parametrize("deep", ["[" * 1_000_000, "- " * 100_000, "{a: " * 100_000])
def test_depth_is_refused_at_once(deep):
    assert refusal(deep).endswith("nested too deep")


def test_a_file_that_is_too_large_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(imports, "MOST_BYTES", 1_000_000)
    path = tmp_path / "orgs.yaml"
    path.write_text("# ü\n" * 250_000)

    with pytest.raises(ConfigError, match="larger than 1 MB; give it in parts"):
        imports.read(path)


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path):
    path = tmp_path / "orgs.yaml"
    path.write_text(GOOD, encoding="utf-8-sig")

    assert imports.read(path).contents == parsed().contents


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="No such file or directory"):
        imports.read(tmp_path / "none.yaml")


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "orgs.yaml"
    path.write_bytes("partners:\n  - {name: Müller}\n".encode("latin-1"))

    with pytest.raises(ConfigError, match=r"orgs\.yaml:2: not UTF-8 text; save the file as UTF-8$"):
        imports.read(path)


# --- storing


def test_an_import_stores_all_that_the_file_says(db):
    changes = store(db, parsed(), "ada")

    inserted = {name: count["inserted"] for name, count in asdict(changes).items() if name != "notes"}
    assert inserted == {
        "models": 1,
        "locations": 2,
        "partners": 1,
        "questions": 2,
        "orgs": 2,
        "org_websites": 2,
        "org_aliases": 0,
        "org_not_names": 0,
        "org_facts": 0,
        "org_questions": 2,
        "org_models": 2,
        "org_locations": 2,
        "networks": 1,
        "network_orgs": 2,
        "network_questions": 1,
        "network_models": 1,
        "network_locations": 1,
        "ledger": 1,
    }
    found = everything(db)
    assert found["partners"][0]["available"] == 100
    assert found["ledger"][0]["idempotency_key"] == f"grant:import:{PARTNER}"
    assert found["orgs"][0]["competitors"] == ["Vantry", "Ashby Bank"]
    assert found["orgs"][0]["created_at"] == datetime(2026, 1, 5, tzinfo=UTC)
    assert column(db, "SELECT url FROM org_websites ORDER BY position") == [
        "https://larchhill.example",
        "https://vantry.example/about",
    ]
    assert column(db, "SELECT question_id FROM org_questions ORDER BY position") == [UUID(FIRST), UUID(SECOND)]
    assert column(db, "SELECT slug FROM org_models JOIN models ON id = model_id ORDER BY 1") == [
        "chatgpt",
        "gpt-6.1-terra",
    ]


def test_ids_of_models_and_places_are_the_same_in_every_installation(db):
    store(db, parsed(), "ada")

    assert column(db, "SELECT id FROM models WHERE slug = 'own'") == [uuid5(NAMESPACE_URL, "senso:model:own")]
    assert column(db, "SELECT id FROM locations WHERE region = 'Ohio'") == [
        uuid5(NAMESPACE_URL, "senso:location:US\x1fOhio\x1f")
    ]


def test_a_second_import_changes_nothing_and_says_so(db):
    first = store(db, parsed(), "ada")
    before = everything(db)

    second = store(db, parsed(), "ada")

    after = everything(db)
    assert {name: after[name] for name in after if name != "audit"} == {
        name: before[name] for name in before if name != "audit"
    }
    assert second == type(first)(
        **{name: Count(unchanged=count["inserted"]) for name, count in asdict(first).items() if name != "notes"},
        notes=(),
    )


def test_an_import_leaves_one_line_of_audit(db):
    changes = store(db, parsed(), "ada")

    (row,) = rows(db.execute(text("SELECT action, actor, subject, details FROM audit")))
    assert (row["action"], row["actor"], row["subject"]) == ("import", "ada", "orgs.yaml")
    assert row["details"] == json.loads(json.dumps({"file": "orgs.yaml"} | asdict(changes)))


def test_only_what_differs_is_changed(db):
    store(db, parsed(), "ada")

    changes = store(
        db,
        parsed(
            ("name: Ashby Bank", "name: Ashby Bank & Sons"),
            ("2026-01-05 ", "2026-01-08 "),
            ("is best in Ohio?  ", "is the best?  "),
            ("is best in Ohio?, ", "is the best?, "),
        ),
        "ada",
    )

    assert changes.orgs == Count(updated=2)
    assert changes.questions == Count(updated=1, unchanged=1)
    assert column(db, "SELECT name FROM orgs ORDER BY id") == ["Larch Hill Credit Union", "Ashby Bank & Sons"]
    assert column(db, "SELECT text FROM questions ORDER BY id") == [
        "Which lender is the best?",
        "Is Larch Hill a good lender?",
    ]
    assert sum(count["updated"] for name, count in asdict(changes).items() if name != "notes") == 3


def test_what_left_the_file_leaves_its_org_but_questions_stay(db):
    store(db, parsed(), "ada")
    second = f"      - id: {SECOND}\n        text: Is Larch Hill a good lender?\n        kind: branded\n"

    changes = store(
        db,
        parsed(
            (second, ""),
            ("[https://larchhill.example, vantry", "[vantry"),
            ("[chatgpt, gpt-6.1-terra]", "[gemini, gpt-6.1-terra]"),
            ("      - {country: gb}\n", ""),
            (f"[{ORG}, {OTHER}]", f"[{OTHER}]"),
            ("models: [own]", "models: []"),
        ),
        "ada",
    )

    assert changes.org_questions == Count(removed=1, unchanged=1)
    assert changes.org_websites == Count(removed=1, updated=1)
    assert changes.org_models == Count(removed=1, inserted=1, unchanged=1)
    assert changes.org_locations == Count(removed=1, unchanged=1)
    assert changes.network_orgs == Count(removed=1, unchanged=1)
    assert changes.network_models == Count(removed=1)
    assert changes.questions == Count(unchanged=1)
    assert column(db, "SELECT count(*) FROM questions") == [2]


@pytest.mark.parametrize(("written", "stored"), [("3", (3, 3)), ("{from: 1, to: 4}", (1, 4)), ("1", (1, 1))])
def test_how_often_a_question_is_asked_follows_the_file(db, written, stored):
    store(
        db, parsed(("active: true", "samples: 2"), ("name: Ohio Network", "name: Ohio Network\n    samples: 5")), "ada"
    )

    changes = store(db, parsed(("active: true", f"samples: {written}")), "ada")

    assert (changes.orgs.updated, changes.networks.updated) == (1, 1)
    (row,) = rows(db.execute(text("SELECT samples, most_samples FROM orgs WHERE id = :id"), {"id": ORG}))
    assert (row["samples"], row["most_samples"]) == stored
    assert column(db, "SELECT samples FROM networks") == [1]


def test_an_order_that_differs_is_a_change(db):
    store(db, parsed(), "ada")

    root = parsed().source.root
    root["orgs"][0]["questions"].reverse()
    changes = store(db, imports.parse(json.dumps(root), "turned.json"), "ada")

    assert changes.org_questions == Count(updated=2)
    assert column(db, "SELECT question_id FROM org_questions ORDER BY position") == [UUID(SECOND), UUID(FIRST)]


def test_orgs_and_networks_that_are_not_in_the_file_are_untouched(db):
    store(db, parsed(), "ada")
    before = everything(db)

    store(db, imports.parse("orgs: []\nnetworks: []\n", "empty.yaml"), "ada")
    store(db, imports.parse(only_other(), "other.yaml"), "ada")

    after = everything(db)
    assert {name: after[name] for name in after if name != "audit"} == {
        name: before[name] for name in before if name != "audit"
    }


def only_other():
    return f"orgs: [{{id: {OTHER}, name: Ashby Bank, partner: {PARTNER}, created_at: 2026-01-07T01:30}}]"


def test_a_place_that_is_there_under_another_id_keeps_it(db):
    known = uuid4()
    db.execute(text("INSERT INTO locations (id, country) VALUES (:id, 'GB')"), {"id": known})

    changes = store(db, parsed(), "ada")

    assert changes.locations == Count(inserted=1, unchanged=1)
    assert known in column(db, "SELECT location_id FROM org_locations")


def test_a_well_known_model_may_be_defined_anew(db):
    was = column(db, "SELECT id FROM models WHERE slug = 'chatgpt'")

    changes = store(db, parsed(("slug: own, provider: openai", "slug: chatgpt, provider: other"), ("[own]", "[]")), "a")

    assert changes.models == Count(updated=1)
    assert column(db, "SELECT id FROM models WHERE slug = 'chatgpt' AND provider = 'other'") == was
    assert column(db, "SELECT deadline_seconds FROM models WHERE slug = 'chatgpt'") == [1200]


PAGE = "source: a page, read_on: 2026-11-28"
PRICES = f"prices: {{token_in: 0.075, token_out: 2, search: 10000, {PAGE}}}"
PARAMETERS = f"parameters: {{temperature: false, reasoning_effort: [low, high], max_output_tokens: 8000, {PAGE}}}"
RETIREMENT = f"retirement: {{on: 2027-01-14, {PAGE}}}"
FROM_PAGE = {"source": "a page", "read_on": "2026-11-28"}


def one_model(db, *properties, name="own-1"):
    """Imports it with these properties; its row."""
    line = ", ".join(["slug: own", "provider: openai", f"name: {name}", "surface: api", *properties])
    store(db, imports.parse(f"models: [{{{line}}}]", "models.yaml"), "ada")
    return db.execute(text("SELECT parameters, prices, retirement, changed_at FROM models WHERE slug = 'own'")).one()


def test_what_is_known_of_a_model_is_stored_with_where_it_is_from_and_when_it_was_read(db):
    found = one_model(db, PRICES, PARAMETERS, RETIREMENT)

    assert found.prices == {"token_in": 0.075, "token_out": 2, "search": 10_000} | FROM_PAGE
    accepted = {"temperature": False, "reasoning_effort": ["low", "high"], "max_output_tokens": 8000}
    assert found.parameters == accepted | FROM_PAGE
    assert found.retirement == {"on": "2027-01-14"} | FROM_PAGE


def test_the_example_of_the_page_on_models_is_taken_as_it_stands(db):
    (example,) = re.findall(r"```yaml\n(.*?)```", MODELS_PAGE.read_text(), re.DOTALL)

    store(db, imports.parse(example, "models.yaml"), "ada")

    (found,) = column(db, "SELECT prices FROM models WHERE slug = 'gpt-5.1'")
    assert found == {
        "token_in": 1.25,
        "token_cached": 0.125,
        "token_written": 1.5,
        "token_out": 10,
        "search": 10_000,
        "long_from": 272_000,
        "long_factor": 2,
        "batch_factor": 0.5,
        "source": "openai.com/api/pricing",
        "read_on": "2026-11-21",
    }


def test_what_a_file_does_not_say_of_a_model_stays_and_null_takes_it_away(db):
    one_model(db, PRICES, RETIREMENT)

    kept = one_model(db, PARAMETERS)
    taken = one_model(db, "prices: null")

    assert (kept.prices["token_in"], kept.retirement["on"]) == (0.075, "2027-01-14")
    assert (taken.prices, taken.retirement["on"], taken.parameters["max_output_tokens"]) == (None, "2027-01-14", 8000)


def test_what_is_known_of_a_model_is_not_taken_to_be_true_of_another_one_under_its_slug(db):
    one_model(db, PRICES, PARAMETERS)

    found = one_model(db, RETIREMENT, name="own-2")

    assert (found.prices, found.parameters, found.retirement["on"]) == (None, None, "2027-01-14")


def test_limits_of_a_model_stay_where_a_file_leaves_them_out_and_null_lifts_them(db):
    found = []
    for properties in (["rpm: 500", "tpm: 200000", "max_in_flight: 50"], ["tpm: null"], ["rpm: 600"]):
        one_model(db, *properties)
        found += db.execute(text("SELECT rpm, tpm, max_in_flight FROM models WHERE slug = 'own'")).all()

    assert list(map(tuple, found)) == [(500, 200_000, 50), (500, None, 50), (600, None, 50)]


def test_an_import_notes_when_it_changed_a_model_and_only_then(database):
    moments = []
    for properties in ([], [], [PRICES], [PRICES], ["prices: null"]):
        with transaction() as db:
            moments.append(one_model(db, *properties).changed_at)

    assert moments[0] == moments[1] < moments[2] == moments[3] < moments[4]


@pytest.mark.parametrize(
    ("property_", "said"),
    [
        ("prices: {token_in: 1}", "prices.source: missing"),
        (f"prices: {{token_in: cheap, {PAGE}}}", "prices.token_in: not an amount of micro-dollars, such as 0.075"),
        (f"prices: {{token_in: -1, {PAGE}}}", "prices.token_in: not an amount of micro-dollars, such as 0.075"),
        (f"prices: {{input: 1, {PAGE}}}", "prices.input: unknown key"),
        (f"parameters: {{temperature: 1, {PAGE}}}", "parameters.temperature: neither true nor false"),
        (f"parameters: {{max_output_tokens: 0, {PAGE}}}", "parameters.max_output_tokens: not a whole number above 0"),
        (
            "retirement: {on: 2027-01-14, source: a page, read_on: today}",
            "retirement.read_on: not a day, such as 2027-01-14",
        ),
        (f"retirement: {{{PAGE}}}", "retirement.on: missing"),
        ("rpm: 0", "rpm: not a whole number above 0"),
    ],
)
def test_a_property_of_a_model_that_cannot_be_read_is_refused_with_its_line(property_, said):
    model = f"models:\n  - slug: own\n    provider: openai\n    name: own-1\n    surface: api\n    {property_}\n"

    with pytest.raises(ConfigError) as refused:
        imports.parse(model, "models.yaml")

    assert str(refused.value) == f"models.yaml:6: models[0].{said}"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            f"partner: {PARTNER}\n    created_at: 2026-01-06",
            f"partner: {NOBODY}\n    created_at: 2026-01-06",
            "26: orgs[1].partner: no such partner in this file or in the database",
        ),
        (f"[{ORG}, {OTHER}]", f"[{NOBODY}]", "32: networks[0].orgs[0]: no such org in this file or in the database"),
        (
            "models: [own]",
            "models: [own, chatgtp]",
            "34: networks[0].models[1]: no model chatgtp; did you mean chatgpt? senso models lists all",
        ),
        ("models: [own]", "models: [own, zzz]", "34: networks[0].models[1]: no model zzz; senso models lists all"),
    ],
)
def test_a_file_that_refers_to_nothing_is_refused_and_leaves_no_row(db, old, new, line):
    before = everything(db)

    with pytest.raises(ConfigError) as refused:
        store(db, parsed((old, new)), "ada")

    assert str(refused.value) == f"orgs.yaml:{line}"
    assert everything(db) == before


def test_a_file_may_refer_to_what_was_imported_before(db):
    store(db, parsed(), "ada")
    network = f"networks: [{{id: {NOBODY}, name: Second, partner: {PARTNER}, orgs: [{ORG}], models: [own]}}]"

    changes = store(db, imports.parse(network, "second.yaml"), "ada")

    assert (changes.networks, changes.network_orgs) == (Count(inserted=1), Count(inserted=1))


def test_a_failure_of_the_database_half_way_leaves_nothing(database):
    with transaction() as db:
        db.execute(text("ALTER TABLE network_locations ADD CONSTRAINT never CHECK (false)"))
        before = everything(db)

    try:
        with pytest.raises(Exception, match="never"), transaction() as db:
            store(db, parsed(), "ada")
    finally:
        with transaction() as db:
            db.execute(text("ALTER TABLE network_locations DROP CONSTRAINT never"))  # tests share one schema

    with transaction() as db:
        assert everything(db) == before


# --- what was measured


def asked_before(db, state="running"):
    """A batch of the first org with a run of its first question."""
    batch = uuid4()
    db.execute(
        text(
            "INSERT INTO batches (id, kind, org_id, batch_date, credits_per_evaluation, triggered_by, state) "
            "VALUES (:batch, 'org', :org, '2026-11-21', 1, 'test', :state)"
        ),
        {"batch": batch, "org": ORG, "state": state},
    )
    db.execute(
        text(
            "INSERT INTO question_runs (id, batch_id, subject_id, question_id, model_id, location_id) "
            "SELECT :run, :batch, :org, :question, m.id, l.id FROM models m, locations l "
            "WHERE m.slug = 'own' AND l.country = 'GB'"
        ),
        {"run": uuid4(), "batch": batch, "org": ORG, "question": FIRST},
    )


@pytest.mark.parametrize(
    "changes",
    [
        [("is best in Ohio?  ", "is worst?  "), ("is best in Ohio?, ", "is worst?, ")],
        [("kind: unbranded", "kind: branded"), ("kind: unbranded}", "kind: branded}")],
    ],
)
def test_a_question_that_was_asked_keeps_its_text_and_kind(db, changes):
    store(db, parsed(), "ada")
    asked_before(db)

    with pytest.raises(ConfigError) as refused:
        store(db, parsed(*changes), "ada")

    assert str(refused.value) == (
        "orgs.yaml:14: orgs[0].questions[0].id: its text or kind differs and it was asked before; "
        "give the new question a new id"
    )


def test_a_question_that_nobody_was_asked_may_be_reworded(db):
    store(db, parsed(), "ada")
    asked_before(db)

    changes = store(db, parsed(("Is Larch Hill a good lender?", "Is Larch Hill good?")), "ada")

    assert changes.questions == Count(updated=1, unchanged=1)


def test_tags_of_a_question_may_change_at_any_time_and_their_order_says_nothing(db):
    store(db, parsed(), "ada")
    asked_before(db)

    tagged = ("kind: branded", "kind: branded\n        tags: [price, ' car loans ', price]")
    assert store(db, parsed(tagged), "ada").questions == Count(updated=1, unchanged=1)
    assert column(db, "SELECT tags FROM questions ORDER BY id") == [[], ["car loans", "price"]]

    again = ("kind: branded", "kind: branded\n        tags: [car loans, price]")
    assert store(db, parsed(again), "ada").questions == Count(unchanged=2)
    assert store(db, parsed(), "ada").questions == Count(updated=1, unchanged=1)


def test_a_model_that_was_asked_keeps_its_surface(db):
    store(db, parsed(), "ada")
    asked_before(db)

    with pytest.raises(ConfigError) as refused:
        store(db, parsed(("surface: api", "surface: consumer")), "ada")

    assert str(refused.value) == (
        "orgs.yaml:37: models[0].surface: it was asked before, and surfaces are never pooled; "
        "give the new model a new slug"
    )


def move_org(db):
    partner = f"  - {{id: {NOBODY}, name: Another, credits: null}}\norgs:"
    return store(db, parsed(("orgs:", partner), (f"    partner: {PARTNER}", f"    partner: {NOBODY}")), "ada")


def test_an_org_stays_with_its_partner_while_a_batch_is_under_way(db):
    store(db, parsed(), "ada")
    asked_before(db)

    with pytest.raises(ConfigError) as refused:
        move_org(db)

    assert str(refused.value) == (
        "orgs.yaml:9: orgs[0].partner: a batch that the partner until now pays is under way; "
        "import again when it has ended"
    )


def test_an_org_may_move_to_another_partner_between_batches(db):
    store(db, parsed(), "ada")
    asked_before(db, "completed")

    assert move_org(db).orgs == Count(updated=1, unchanged=1)


# --- credits


@pytest.mark.parametrize(("written", "available"), [("null", None), ("0", 0), ("7", 7)])
def test_a_number_is_granted_and_null_is_not_metered(db, written, available):
    store(db, parsed(("credits: 100", f"credits: {written}")), "ada")

    assert column(db, "SELECT available FROM partners") == [available]
    assert column(db, "SELECT credits FROM ledger") == ([] if available is None else [available])


@pytest.mark.parametrize(
    ("first", "then", "note"),
    [
        ("100", "150", f"credits stay as they are; grant the rest with: senso credits {PARTNER} --grant 50 --ref REF"),
        ("100", "50", "credits stay as they are; what was granted is not taken back"),
        ("100", "null", "stays metered; no import lifts that"),
        ("null", "100", "stays unmetered: it can always pay, and neither import nor grant meters it"),
    ],
)
def test_credits_that_differ_later_are_a_note_and_nothing_else(db, first, then, note):
    store(db, parsed(("credits: 100", f"credits: {first}")), "ada")
    before = everything(db)

    changes = store(db, parsed(("credits: 100", f"credits: {then}")), "ada")

    assert changes.notes == (f"partner {PARTNER}: {note}",)
    after = everything(db)
    assert (after["partners"], after["ledger"]) == (before["partners"], before["ledger"])


def test_credits_that_were_spent_or_granted_since_are_no_difference(db):
    store(db, parsed(), "ada")
    grant(db, UUID(PARTNER), 20, "invoice 7")

    changes = store(db, parsed(), "ada")

    assert changes.notes == ()
    assert column(db, "SELECT available FROM partners") == [120]


# --- two at once


def many(reverse):
    orgs = [
        {"id": str(UUID(int=n)), "name": f"Org {n} {reverse}", "partner": PARTNER, "created_at": "2026-01-05"}
        | {"models": ["chatgpt"], "locations": [{"country": "US"}], "websites": [f"https://org{n}.example"]}
        | {"questions": [{"id": str(UUID(int=1000 + n)), "text": f"Question {n} {reverse}?", "kind": "branded"}]}
        for n in sorted(range(1, 200), reverse=reverse)
    ]
    partners = [{"id": PARTNER, "name": f"Partner {reverse}", "credits": 100}]
    return imports.parse(json.dumps({"partners": partners, "orgs": orgs}), f"{reverse}.json")


def test_imports_at_the_same_time_end_as_if_one_came_after_the_other(database):
    documents = [many(reverse=turn) for turn in (False, True)] * 3
    failures = []

    def run(document):
        try:
            with transaction() as db:
                store(db, document, "ada")
        except Exception as error:  # noqa: BLE001  whatever it is, the test shall see it
            failures.append(error)

    threads = [threading.Thread(target=run, args=(document,)) for document in documents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with transaction() as db:
        winners = column(
            db,
            "SELECT DISTINCT split_part(name, ' ', 3) FROM orgs UNION SELECT DISTINCT split_part(name, ' ', 2) "
            "FROM partners UNION SELECT DISTINCT rtrim(split_part(text, ' ', 3), '?') FROM questions",
        )
        assert len(winners) == 1
        assert column(db, "SELECT count(*) FROM orgs") == [199]
        assert column(db, "SELECT available FROM partners") == [100]
        assert column(db, "SELECT count(*) FROM audit") == [6]


def test_a_second_import_waits_for_the_first_and_then_finds_nothing_to_do(database):
    done = []

    def second():
        with transaction() as db:
            done.append(store(db, parsed(), "bob"))

    with transaction() as db:
        store(db, parsed(), "ada")
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        assert done == []
    thread.join()

    assert done[0].orgs == Count(unchanged=2)
    assert done[0].ledger == Count(unchanged=1)


def test_an_import_that_changes_nothing_locks_no_row(database):
    with transaction() as db:
        store(db, parsed(), "ada")

    with transaction() as db:
        store(db, parsed(), "ada")
        with transaction() as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))

            assert other.execute(text("UPDATE partners SET available = available - 1")).rowcount == 1
            assert other.execute(text("UPDATE orgs SET active = false")).rowcount == 2
