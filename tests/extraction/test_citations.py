import re

import pytest
from url_normalize import url_normalize

from senso.extraction.citations import PLAIN, canonical, category, cite, is_primary, kind, tables
from senso.providers import Source
from senso.states import OF_DOMAINS


def source(url, position=1, *, title=None, cited=True):
    return Source(url=url, title=title, position=position, cited=cited)


def citation(url):
    (only,) = cite([source(url)]).citations
    return only


PAGE = "https://acme.com/loans"


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.com/loans",
        "http://acme.com/loans",
        "HTTPS://ACME.COM/loans",
        "https://acme.com:443/loans",
        "http://acme.com:80/loans/",
        "https://acme.com./loans",
        "https://acme.com/loans#rates",
        "https://acme.com/loans#!rates",
        "https://acme.com/loans#:~:text=low%20rates",
        "https://acme.com/loans?utm_source=chatgpt.com&utm_medium=ai",
        "https://acme.com/loans?UTM_Source=x",
        "https://acme.com/loans?%75tm_source=x",
        "https://acme.com/loans?gclid=1&fbclid=2&msclkid=3&srsltid=4&ref=x&_gsid=5",
        "https://acme.com/loans?",
        "https://user:secret@acme.com/loans",
        "https://acme.com/about/../loans",
        "https://acme.com/l%6fans",
        " https://acme.com/loans\n",
        "https://www.google.com/url?q=https%3A%2F%2Facme.com%2Floans&sa=U",
        "https://www.google.co.uk/url?sa=t&url=https://acme.com/loans",
        "https://google.com/url?q=https://www.google.com/url?q%3Dhttps://acme.com/loans",
    ],
)
def test_every_address_of_one_page_has_one_canonical_form(url):
    assert canonical(url) == PAGE


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://acme.com", "https://acme.com"),
        ("https://acme.com/", "https://acme.com"),
        ("https://acme.com/?b=2&a=1&a=0", "https://acme.com?b=2&a=1&a=0"),
        ("https://acme.com/p?id=7&utm_source=x&page=2", "https://acme.com/p?id=7&page=2"),
        ("https://acme.com/p?preference=1&utmost=2", "https://acme.com/p?preference=1&utmost=2"),
        ("https://acme.com:8080/p", "https://acme.com:8080/p"),
        ("https://acme.com/Loans", "https://acme.com/Loans"),
        ("https://www.gov.uk/p", "https://www.gov.uk/p"),
        ("https://b\u00fccher.de/p", "https://xn--bcher-kva.de/p"),
        ("https://[2001:db8::1]/p", "https://[2001:db8::1]/p"),
        ("https://acme.com/a b", "https://acme.com/a%20b"),
        ("https://evil.com/url?q=https://acme.com", "https://evil.com/url?q=https://acme.com"),
    ],
)
def test_what_tells_pages_apart_is_kept(url, expected):
    assert canonical(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        *["", "acme.com", "mailto:a@acme.com", "javascript:alert(1)", "ftp://acme.com/x", "file:///etc/passwd"],
        *[
            "https://",
            "https:///x",
            "http://localhost/x",
            "https://.../x",
            "https://[bad/x",
            "https://a b.com/",
            "https://acme.com:99999/",
        ],
        *["https://%20/x", f"https://{'a' * 70}.com/", "data:text/html,x", "//acme.com/x"],
        "https://chatgpt.com/?hints=search&q=HP+15.6%22+Laptop",
        "https://www.google.com/search?q=acme",
        "https://www.google.com/url?sa=t",
        "https://www.bing.com/search?q=acme",
        "https://www.perplexity.ai/search?q=acme",
        "https://duckduckgo.com/?q=acme",
        "https://yandex.ru/search/?text=acme",
    ],
)
def test_what_is_no_citation_is_dropped_and_counted(url):
    cited = cite([source(url), source(PAGE, 2)])

    assert [found.canonical_url for found in cited.citations] == [PAGE]
    assert (cited.dropped, cited.merged) == (1, 0)


@pytest.mark.parametrize(
    "url", ["https://chatgpt.com/pricing", "https://perplexity.ai/hub?q=x", "https://bing.com/webmasters/help?q=x"]
)
def test_a_page_of_the_assistants_site_is_a_citation(url):
    assert citation(url).canonical_url == url


def test_one_page_listed_twice_is_one_citation():
    listed = [
        source(f"{PAGE}?utm_source=a", 2, cited=False),
        source("https://other.org", 3, title="Other"),
        source(f"http://acme.com/loans/#{'x'}", 4, title="Loans", cited=True),
    ]
    cited = cite(listed)

    first, other = cited.citations
    assert (first.url, first.canonical_url, first.position) == (f"{PAGE}?utm_source=a", PAGE, 2)
    assert (first.title, first.cited) == ("Loans", True)
    assert (other.title, other.position) == ("Other", 3)
    assert (cited.dropped, cited.merged) == (0, 1)


def test_what_is_only_offered_is_not_cited():
    (only,) = cite([source(PAGE, cited=False)]).citations

    assert only.cited is False


def test_no_sources_are_no_citations():
    assert cite([]).citations == ()


@pytest.mark.parametrize(
    ("url", "host", "registrable"),
    [
        ("https://www.shop.acme.co.uk/x", "www.shop.acme.co.uk", "acme.co.uk"),
        ("https://a.github.io/x", "a.github.io", "a.github.io"),
        ("https://github.io/x", "github.io", "github.io"),
        ("https://192.0.2.1/x", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_registrable_domain_is_the_owners(url, host, registrable):
    assert (citation(url).host, citation(url).registrable_domain) == (host, registrable)


@pytest.mark.parametrize(
    ("url", "website"),
    [
        ("https://acme.com/loans", "https://www.acme.com/"),
        ("http://shop.acme.com/loans", "https://acme.com"),
        ("https://acme.com", "acme.com"),
        ("https://m.facebook.com/acme", "https://www.facebook.com/acme"),
        ("https://www.facebook.com/Acme/posts/1", "https://www.facebook.com/acme/"),
        ("https://www.facebook.com/acme?v=info", "https://www.facebook.com/acme"),
        ("https://uk.linkedin.com/company/acme", "https://www.linkedin.com/company/acme"),
        ("https://a.github.io/docs", "https://a.github.io"),
    ],
)
def test_a_page_on_the_orgs_own_site_is_primary(url, website):
    assert is_primary(citation(url), ["https://other.org", website])
    assert kind(citation(url), [website]) == "primary"


@pytest.mark.parametrize(
    ("url", "website"),
    [
        ("https://acmebank.com.evil.net/x", "https://acmebank.com"),
        ("https://notacme.com/x", "https://acme.com"),
        ("https://acme.co/x", "https://acme.com"),
        ("https://evil.net/acme.com", "https://acme.com"),
        ("https://acme.com@evil.net/", "https://acme.com"),
        ("https://www.facebook.com/acmefans", "https://www.facebook.com/acme"),
        ("https://www.facebook.com/other", "https://www.facebook.com/acme"),
        ("https://www.facebook.com", "https://www.facebook.com/acme"),
        ("https://b.github.io", "https://a.github.io"),
        ("https://acme.com", "not a website"),
        ("https://acme.com", ""),
    ],
)
def test_a_look_alike_and_somebody_elses_page_are_secondary(url, website):
    assert not is_primary(citation(url), [website])
    assert kind(citation(url), [website]) == "secondary"


def test_a_list_as_assistants_give_it_keeps_its_pages_without_tracking_and_no_search_of_their_own():
    listed = [
        "https://www.example.com/2024/9/deals?utm_source=chatgpt.com",
        "https://chatgpt.com/?hints=search&q=Quiet+15.6%22+Laptop",
        "https://shop.example.org/products/kettle?variant=4711&utm_source=chatgpt.com",
        "https://news.example.co.uk/best.html?utm_campaign=feed&utm_medium=social&utm_source=chatgpt.com",
        "https://food.example.net/blender?srsltid=AfmBOor-x_1&utm_source=chatgpt.com",
        "https://www.example.com/2024/9/deals?utm_source=openai#:~:text=quiet%20laptop",
        "https://shop.example.org/c/p1.c?id=p1&utm_source=chatgpt.com",
        "https://www.google.com/search?q=kettle",
    ]
    found = cite([source(url, place) for place, url in enumerate(listed, 1)])

    assert [(page.position, page.canonical_url) for page in found.citations] == [
        (1, "https://example.com/2024/9/deals"),
        (3, "https://shop.example.org/products/kettle?variant=4711"),
        (4, "https://news.example.co.uk/best.html"),
        (5, "https://food.example.net/blender"),
        (7, "https://shop.example.org/c/p1.c?id=p1"),
    ]
    assert (found.dropped, found.merged) == (2, 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.com",
        "https://acme.com/",
        "http://www.acme.co.uk/a/b.html",
        "https://a-b.acme.com/~x/A_b/c.d.e/",
        "https://acme.com/p?utm_source=openai",
        "https://acme.com/p?a=1&b=x.y-z~_",
        "https://acme.com./",
        "https://xn--bcher-kva.com/",
        "https://ab--cd.com/",
        "https://-acme.com/",
        "https://acme.com/a/../b",
        "https://acme.com/a/./b",
        "https://acme.com//a",
        "https://acme.com/a%20b",
        "https://acme.com/p?",
        "https://acme.com/p?a=",
        "https://acme.com/p?=1&",
        "https://ACME.com/",
        "https://127.0.0.1/",
        "https://acme.com:443/",
        "https://me@acme.com/",
    ],
)
def test_an_address_taken_for_plain_is_what_the_library_makes_of_it(url):
    plain = PLAIN.fullmatch(url)

    assert not plain or url_normalize(url) in {url, f"{url}/"}


LOCALES = [
    "en",
    "en-us",
    "en-US/",
    "de_DE",
    "uk/en",
    "us/en/home.html",
    "intl/en",
    "home",
    "index.html",
    "de.html",
    "zh-hans",
]
LOCALES += [
    "en-us/index.html",
    "welcome",
    "pt-br",
    "es-419",
    "en/home",
    "global/en",
    "fr-ca",
    "sr-latn-rs",
    "en.html",
    "jp",
]


@pytest.mark.parametrize("path", LOCALES)
@pytest.mark.parametrize(
    "cited", ["https://acme.example/loans", "https://shop.acme.example/de/", "https://www.acme.example"]
)
def test_a_website_at_a_locale_or_its_home_page_covers_its_whole_domain(path, cited):
    assert is_primary(citation(cited), [f"https://www.acme.example/{path}"])


@pytest.mark.parametrize(
    ("url", "website"),
    [
        ("https://uni.example/loans", "https://uni.example/law-school"),
        ("https://uni.example/loans", "https://uni.example/en/law-school"),
        ("https://www.facebook.com/other", "https://www.facebook.com/de"),
        ("https://www.facebook.com/other", "https://www.facebook.com/home"),
        ("https://other.substack.com/p/x", "https://acme.substack.com"),
        ("https://other.medium.com/x", "https://acme.medium.com/"),
        ("https://www.facebook.com/profile.php?id=6", "https://www.facebook.com/profile.php?id=5"),
        ("https://sites.google.com/view/other", "https://sites.google.com/view/acme"),
        ("https://docs.google.com/x", "https://sites.google.com/view/acme"),
        ("https://www.youtube.com/@other", "https://www.youtube.com/@acme"),
    ],
)
def test_a_page_on_a_platform_covers_nothing_else_there(url, website):
    assert not is_primary(citation(url), [website])


@pytest.mark.parametrize(
    ("url", "website"),
    [
        ("https://acme.substack.com/p/x", "https://acme.substack.com"),
        ("https://www.facebook.com/profile.php?id=5&sk=about", "https://www.facebook.com/profile.php?id=5"),
        ("https://uni.example/law-school/people", "https://uni.example/law-school"),
        ("https://x.com/acme/status/1", "https://twitter.com/acme"),
        ("https://www.reddit.com/r/acme/comments/1ab/t/", "https://old.reddit.com/r/acme"),
        ("https://developers.facebook.com/docs", "https://www.facebook.com"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Facme.com%2Fx", "https://acme.com"),
        ("https://web.archive.org/web/2020/https://acme.com/x", "https://acme.com"),
    ],
)
def test_the_orgs_own_page_is_found_behind_other_addresses(url, website):
    assert is_primary(citation(url), [website])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.nytimes.com/a", "news"),
        ("https://finance.yahoo.com/a", "news"),
        ("https://www.amazon.com.br/dp/B0ABCDEF12", "shop"),
        ("https://en.m.wikipedia.org/wiki/Acme", "reference"),
        ("https://twitter.com/acme", "social"),
        ("https://youtu.be/dQw4w9WgXcQ", "social"),
        ("https://old.reddit.com/r/a", "forum"),
        ("https://www.trustpilot.com/review/a", "listing"),
        ("https://www.yelp.co.uk/biz/a", "listing"),
        ("https://www.irs.gov/a", "government"),
        ("https://www.gov.uk/a", "government"),
        ("https://www.service.gov.uk/a", "government"),
        ("https://www.sat.gob.mx/a", "government"),
        ("https://www.economie.gouv.fr/a", "government"),
        ("https://www.nta.go.jp/a", "government"),
        ("https://www.canada.ca/a", "government"),
        ("https://www.ird.govt.nz/a", "government"),
        ("https://www.who.int/a", "government"),
        ("https://ec.europa.eu/a", "government"),
        ("https://abcnews.go.com/a", "news"),
        ("https://www.stanford.edu/a", "reference"),
        ("https://www.ox.ac.uk/a", "reference"),
        ("https://acme.com/a", None),
        ("https://gov.io/a", None),
        ("https://www.city.osaka.lg.jp/a", "government"),
        ("https://www.state.ca.us/a", "government"),
        ("https://www2.gov.bc.ca/a", "government"),
        ("https://state.us/a", None),
        ("https://192.0.2.1/a", None),
        ("https://ac.me/a", None),
    ],
)
def test_the_category_of_a_domain(url, expected):
    assert citation(url).category == expected


def test_the_orgs_own_and_its_competitors_sites_come_before_the_table():
    page = citation("https://www.amazon.com/dp/B0ABCDEF12")

    assert category(page, ["https://amazon.com"], ["https://amazon.com"]) == "own"
    assert category(page, ["https://acme.com"], ["https://amazon.com"]) == "competitor"
    assert category(page, ["https://acme.com"]) == "shop"
    assert category(citation("https://nobody.example"), ["https://acme.com"]) == "other"


def test_the_table_of_domains_is_sound():
    version, table = tables.categories()

    assert version
    assert set(table.values()) == {one.value for one in OF_DOMAINS if one != "other"}
    assert len(table) > 1500
    for domain in table:
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.([a-z0-9-]+|\*)", domain), domain
