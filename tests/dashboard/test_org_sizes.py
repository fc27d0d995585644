"""An organisation with two hundred questions and six models: its pages stay small, and lists go on."""

import pytest
from read_batches import Days

from senso.dashboard import files
from senso.states import Scope

MODELS = ("gpt-6.1-terra", "gpt-6-luna", "claude", "chatgpt", "perplexity", "gemini")
MOST_BYTES = 200_000
WEEKS = 26
EXPLAIN = "/explain?metric=mention_rate&kind=unbranded&surface=api"
PAGES = ("", "/changes", "/competitors", "/sources", "/sources?by=page", "/claims", "/names", "/setup", EXPLAIN)
PAGES += ("/parts/changes", "/parts/answers")


@pytest.fixture
def large(make, messages, environment):
    """Asked twice; the numbers of the second batch also stand for those of half a year before."""
    org = make.org(questions=200, models=MODELS, available=100_000)
    make.sql("UPDATE questions SET tags = ARRAY['tag ' || left(md5(text), 1), 'long tag ' || left(md5(id::text), 2)]")
    make.sql("UPDATE questions SET kind = 'branded' WHERE text LIKE '%0?'")
    reader = Days(make, environment).read
    reader(org, 7, 300)
    reader(org, 0, 500)
    make.sql(
        "INSERT INTO competitors (evaluation_id, name) SELECT e.id, 'Competitor ' || g || md5(e.id::text || g) "
        "FROM evaluations e, generate_series(1, 2) g WHERE e.mentioned"
    )
    make.sql(
        "INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, position, cited) "
        "SELECT r.id, u, u, d, d, g, true FROM question_runs r, generate_series(1, 3) g, "
        "LATERAL (SELECT 's' || g || left(md5(r.id::text), 2) || '.example') s(d), "
        "LATERAL (SELECT 'https://' || d) t(u)"
    )
    earlier(make, org)
    return org


def earlier(make, org):
    make.sql(
        "INSERT INTO batches SELECT (jsonb_populate_record(b, jsonb_build_object("
        "'id', gen_random_uuid(), 'batch_date', b.batch_date - 7 * week))).* "
        "FROM batches b, generate_series(1, :weeks) week "
        "WHERE b.id = (SELECT id FROM batches WHERE org_id = :org ORDER BY batch_date LIMIT 1)",
        org=org.id,
        weeks=WEEKS - 2,
    )
    columns = make.one(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_name = 'metrics' AND column_name NOT IN ('id', 'batch_id')"
    )
    latest = make.one("SELECT batch_id FROM metrics ORDER BY id DESC LIMIT 1")
    without = "SELECT id FROM batches b WHERE org_id = :org AND NOT EXISTS (SELECT FROM metrics WHERE batch_id = b.id)"
    for batch in make.sql(without, org=org.id):
        make.sql(
            f"INSERT INTO metrics (batch_id, {columns}) SELECT :batch, {columns} FROM metrics WHERE batch_id = :latest",
            batch=batch["id"],
            latest=latest,
        )


def test_pages_of_a_large_organisation_stay_within_their_size(browse, make, large):
    browsing, path = browse(Scope.OPERATE), f"/orgs/{large.id}"
    assets = sum(len(one.content) for one in files.assets().values())

    for page in PAGES:
        answer = browsing.get(path + page)
        assert answer.status_code == 200, (page, answer.text)
        print(page, len(answer.content), assets, answer.elapsed)
        assert len(answer.content) + assets <= MOST_BYTES, page


def test_what_takes_long_comes_as_parts_and_long_lists_go_on(browse, make, large):
    browsing, path = browse(Scope.READ), f"/orgs/{large.id}"

    page = browsing.get(path).text
    parts = {part: browsing.get(f"{path}/parts/{part}", headers={"HX-Request": "true"}).text
             for part in ("changes", "answers")}  # fmt: skip

    assert f'hx-get="{path}/parts/changes"' in page
    assert f'href="{path}/changes"' in page
    assert "moved by more than chance" not in page
    assert "moved by more than chance" in parts["changes"]
    assert "Who else is named" in parts["answers"]
    assert all("<html" not in part for part in parts.values())

    for name in ("/setup", "/competitors", "/sources", EXPLAIN):
        first = browsing.get(f"{path}{name}").text
        url = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = browsing.get(url)
        assert second.status_code == 200, url
        assert second.text != first
