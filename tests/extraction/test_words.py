import pytest

from senso.extraction.words import key, located, namings, text


def named(answer, name):
    return [answer[start:end] for start, end in namings(text(answer), name)]


@pytest.mark.parametrize(
    ("answer", "name", "as_written"),
    [
        ("I like Acme Bank best.", "Acme Bank", "Acme Bank"),
        ("I like ACME BANK best.", "acme bank", "ACME BANK"),
        ("I like **Acme Bank** best.", "Acme Bank", "Acme Bank"),
        ("I like **Acme** *Bank* best.", "Acme Bank", "Acme** *Bank"),
        ("I like __Acme Bank__ and `Acme`.", "Acme Bank", "Acme Bank"),
        ("I like [Acme Bank](https://x.org).", "Acme Bank", "Acme Bank"),
        ("Acme Bank's app", "Acme Bank", "Acme Bank's"),
        ("Acme Bank\u2019s app", "Acme Bank", "Acme Bank\u2019s"),
        ("the 'Acme Bank' app", "Acme Bank", "Acme Bank"),
        ("McDonald's Corporation's plans", "McDonald's Corporation", "McDonald's Corporation's"),
        ("Lowes is near", "Lowe's", "Lowes"),
        ("Lowe\u2019s is near", "Lowes", "Lowe\u2019s"),
        ("O'Reilly sells parts", "O\u2019Reilly", "O'Reilly"),
        ("Coca-Cola or tea", "Coca Cola", "Coca-Cola"),
        ("Coca Cola or tea", "Coca-Cola", "Coca Cola"),
        ("Coca\u2011Cola or tea", "Coca-Cola", "Coca\u2011Cola"),
        ("Procter and Gamble", "Procter & Gamble", "Procter and Gamble"),
        ("AT\\&T is one", "AT&T", "AT\\&T"),
        ("U.S. Bank has it", "US Bank", "U.S. Bank"),
        ("US Bank has it", "U.S. Bank", "US Bank"),
        ("St. Mary's Bank has it", "St Mary's Bank", "St. Mary's Bank"),
        ("St Mary's Bank has it", "St. Mary's Bank", "St Mary's Bank"),
        ("Acme, Inc. has it", "Acme, Inc.", "Acme, Inc"),
        ("Acme Inc. has it", "Acme, Inc.", "Acme Inc"),
        ("Caf\u00e9 Z\u00fcrich is open", "Cafe Zurich", "Caf\u00e9 Z\u00fcrich"),
        ("Cafe\u0301 is open", "Caf\u00e9", "Cafe\u0301"),
        ("\u00d8rsted builds it", "Orsted", "\u00d8rsted"),
        ("Stra\u00dfe 7 is open", "STRASSE 7", "Stra\u00dfe 7"),
        ("\uff21\uff43\uff4d\uff45 Bank", "Acme Bank", "\uff21\uff43\uff4d\uff45 Bank"),
        ("Acme\u00a0Bank is open", "Acme Bank", "Acme\u00a0Bank"),
        ("Ac\u00adme Bank is open", "Acme Bank", "Ac\u00adme Bank"),
        ("Acme\u2122 Bank\u00b2 is open", "Acme Bank", "Acme\u2122 Bank"),
        ("Acme Bank[3] is open", "Acme Bank", "Acme Bank"),
        ("Go to www.acmebank.com now", "acmebank.com", "acmebank.com"),
        ("Go to acmebank.com.", "acmebank.com", "acmebank.com"),
        ("Disney+ streams", "Disney+", "Disney+"),
        ("\u4e09\u83f1 \u9280\u884c \u3067\u3059", "\u4e09\u83f1 \u9280\u884c", "\u4e09\u83f1 \u9280\u884c"),
    ],
)
def test_a_name_is_found_whatever_it_wears(answer, name, as_written):
    assert named(answer, name) == [as_written]


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("building a strong community", "Community Financial Credit Union"),
        ("I believe it", "LI"),
        ("Acmeology is a field", "Acme"),
        ("Chase, Bank of America and Citi", "Chase Bank"),
        ("* Chase\n* Bank of America", "Chase Bank"),
        ("Chase\nBank of America", "Chase Bank"),
        ("I left Chase Manhattan. Bank early.", "Manhattan Bank"),
        ("Acme \u2014 Bank of the year", "Acme Bank"),
        ("Acme: Bank of the year", "Acme Bank"),
        ("Acme - Bank of the year", "Acme Bank"),
        ("Acme's Bank", "Acme Bank"),
        ("Acme Banks", "Acme Bank"),
        ("AcmeBank", "Acme Bank"),
        ("look at T-Mobile", "AT&T"),
        ("Disney is old", "Disney+"),
        ("See notacme.com", "acme.com"),
        ("See my-acme.com", "acme.com"),
        ("See acme.com.evil.net", "acme.com"),
        ("See acme.community", "acme.com"),
        ("I use acme com", "acme.com"),
        ("See [this](https://acme.com/acme-bank).", "Acme"),
        ('As said.[1]\n\n[1]: https://acme.com "Acme Bank"', "Acme Bank"),
        ("Low fees \u30103\u2020Acme Bank\u3011", "Acme Bank"),
        ("anything", ""),
        ("anything", "!!!"),
    ],
)
def test_a_name_is_not_found_in_something_else(answer, name):
    assert named(answer, name) == []


def test_every_place_is_found():
    assert named("Acme, acme and ACME's", "Acme") == ["Acme", "acme", "ACME's"]


@pytest.mark.parametrize(
    ("quote", "as_written"),
    [
        ("Acme Bank is cheap.", "Acme Bank** is cheap"),
        ("acme bank  is\ncheap", "Acme Bank** is cheap"),
        ("cheap and good", "cheap[1] and good"),
        ("cheap and new", "cheap[^2] and new"),
        ("cheap and small", "cheap [1, 2] and small"),
        ("cheap and far", "cheap <sup>3</sup> and far"),
        ("the fees of Acme Bank", None),
        ("Acme Bank is chea", None),
        ("cheap good", None),
        ("...", None),
        ("", None),
    ],
)
def test_a_quote_is_located_by_its_words(quote, as_written):
    answer = "So: **Acme Bank** is cheap. It is cheap[1] and good, they say, "
    answer += "cheap[^2] and new, cheap [1, 2] and small, cheap <sup>3</sup> and far."

    assert [answer[start:end] for start, end in located(text(answer), quote)] == ([as_written] if as_written else [])


def test_a_quote_is_located_wherever_it_is():
    assert located(text("cheap cheap, cheap"), "cheap cheap") == [(0, 11)]
    assert located(text("cheap. cheap"), "cheap") == [(0, 5), (7, 12)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Bank", "ACME BANK"),
        ("Acme Bank, Inc.", "Acme Bank"),
        ("The Acme Bank", "Acme Bank"),
        ("Procter & Gamble Co.", "Procter and Gamble"),
        ("Lowe's", "Lowes"),
        ("U.S. Bank", "US Bank"),
        ("Coca-Cola", "coca cola"),
    ],
)
def test_two_spellings_of_one_name_have_one_key(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Acme Bank", "First Acme Bank"), ("Acme", "Acmes"), ("The", ""), ("Co", "Inc")]
)
def test_two_names_have_two_keys(one, other):
    assert key(one) != key(other)


BREWERS = ["Kettle & Co", "TeaTimer", "Brewlet", "Quick Pot"]
LISTED_BREWERS = """Here are the kettles that I would buy:

1. **Steepwell** - most settings
2. **Brewlet** - good for small kitchens
3. QuickPot – cheap, and the oldest
"""
TOLD_BREWERS = """* Steep Well (the first of its kind) has the most settings
* teatimer.com is where most people order
* Kettle and Co's glass model (called Brewlet) is quiet

Most find that steep well does all they want. TeaTimer > Brewlet > Steep Well."""


@pytest.mark.parametrize(
    ("answer", "own", "others"),
    [
        (LISTED_BREWERS, {"Steepwell"}, {"Brewlet"}),
        (TOLD_BREWERS, {"Steep Well"}, {"TeaTimer", "Kettle & Co", "Brewlet"}),
        ("Steepwell’s lid sticks; _Quick Pot_’s does not.", {"Steepwell"}, {"Quick Pot"}),
        ("Try [TeaTimer](https://teatimer.com/?utm_source=openai) or brewlets of any make.", set(), {"TeaTimer"}),
        ("I know of none: ask somebody who steeps, brews and times tea.", set(), set()),
        (
            "| Kettle | Stars |\n|---|---|\n| **STEEPWELL** | 4 |\n| *Kettle & Co.* | 5 |",
            {"Steepwell"},
            {"Kettle & Co"},
        ),
        ("SteepwellPro and TeaTimers are other products; Overbrewlet, too.", set(), set()),
    ],
)
def test_whoever_an_answer_names_is_told_from_who_it_does_not(answer, own, others):
    read = text(answer)

    assert {name for name in ["Steepwell", "Steep Well"] if namings(read, name)} == own
    assert {name for name in BREWERS if namings(read, name)} == others


def test_a_long_hostile_answer_is_read_in_linear_time():
    answer = "](" * 20_000 + "Acme Bank. ([a][1])" * 900

    assert len(namings(text(answer), "Acme Bank")) == 900


@pytest.mark.parametrize(
    "path", ["savings-and-loans-of-all-kinds-for-everybody", "wiki/Acme_(bank_of_the_whole_county"]
)
def test_an_answer_that_is_cut_off_within_a_link_is_read_at_once(path):
    assert named(f"Try [Acme Bank](https://www.acmebank.com/{path}", "Acme Bank") == ["Acme Bank"]
