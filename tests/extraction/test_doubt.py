"""Names that are common words, and phrases in which a name means somebody else."""

from time import process_time

import pytest
import saying

from senso import extraction
from senso.extraction import Watched
from senso.extraction.naming import Doubt, common_in
from senso.extraction.naming.doubt import language_of
from senso.extraction.words import text


def read(answer, org, **said):
    """By a model that judges no place unless told, and says what belongs to a mention."""
    watched = org if isinstance(org, Watched) else Watched(org, (org,), (), ())
    return saying.read(answer, watched, **{"by_default": None, "sentiment": "positive", "rank": 1} | said)


def kinds(reading):
    return [mark.kind for mark in reading.marks]


TARGETS = "Target is a fine shop.\nSet your target first.\nMany miss their target."


@pytest.mark.parametrize(
    "judged",
    [
        {},
        {"1.1": ["named", "everyday-word"]},
        {"1.4": "named", "1": "named", "2.1": "named", "T1.1": "named", "": "named"},
    ],
    ids=["nothing", "one thing and another", "of other marks"],
)
def test_a_common_word_is_no_mention_if_it_is_not_judged(judged):
    reading = read(TARGETS, "Target", judged=judged)

    assert (reading.mentioned, reading.sentiment, reading.rank, reading.share_of_text) == (False, None, None, 0)
    assert kinds(reading)[:3] == ["common-word-not-judged"] * 3


@pytest.mark.parametrize("others", [None, "everyday-word"])
def test_a_confirmed_occurrence_counts_and_only_that(others):
    reading = read(TARGETS, "Target", judged={"1.1": "named", "1.2": others, "1.3": others})

    assert reading.mention_text == "Target is a fine shop."
    assert reading.share_of_text == round(22 / (22 + 22 + 23), 4)
    assert kinds(reading) == [others or "common-word-not-judged"] * 2


def test_a_name_that_is_no_common_word_is_recovered():
    assert read("Larkspur is a fine shop.", "Larkspur").mention_text == "Larkspur is a fine shop."


@pytest.mark.parametrize(
    ("answer", "name", "counts"),
    [
        ("Many people shop at Target on a weekend.", "Target", True),
        ("Many people miss the target on a weekend.", "Target", False),
        ("### How To Set A Target For Your Team", "Target", False),
        ("MANY PEOPLE MISS THE TARGET TODAY", "Target", False),
        ("Das ist die Bank, und das Ziel ist nicht mit dem Auto.", "Ziel", False),
        ("La banque et les clients sont pour Orange dans une ville.", "Orange", True),
        ("La banque et les clients sont pour une orange dans une ville.", "Orange", False),
        ("\u6211\u559c\u6b22\u5c0f\u7c73\u7ca5\u3002", "\u5c0f\u7c73", False),
        ("\u0421\u0431\u0435\u0440 \u0445\u043e\u0440\u043e\u0448.", "\u0421\u0431\u0435\u0440", True),
        ("The best buy is this one.", "Best Buy", False),
        ("You may go to Best Buy for it.", "Best Buy", True),
        ("They write ey for a sound, and EY for a firm.", "EY", True),
        ("They write ey for a sound.", "EY", False),
    ],
)
def test_a_capital_tells_where_the_language_sets_none_by_itself(answer, name, counts):
    assert read(answer, name).mentioned is counts


def test_a_longer_name_at_the_same_place_takes_the_doubt():
    org = Watched("Target Corporation", ("Target Corporation", "Target"), (), ())

    assert read("Target Corporation is large.", org).mentioned


@pytest.mark.parametrize(
    ("answer", "spoken"),
    [
        ("It is the best of all.", "en"),
        ("Larch", "en"),
        ("Das ist die Bank und der Kunde.", "de"),
        ("\u3053\u308c\u306f\u9280\u884c\u3067\u3059", "ja"),
        ("\u63a8\u8350\u661f\u6cb3\u94f6\u884c", "zh"),
        ("\uc774 \uc740\ud589\uc740 \uc88b\ub2e4", "ko"),
        ("\u042d\u0442\u043e \u0431\u0430\u043d\u043a.", "ru"),
        ("\u0e41\u0e19\u0e30\u0e19\u0e33\u0e18\u0e19\u0e32\u0e04\u0e32\u0e23", None),
        ("12 34", "en"),
    ],
)
def test_the_language_of_an_answer(answer, spoken):
    assert language_of(answer, text(answer).words.line) == spoken


def test_where_there_is_no_list_no_word_is_common():
    answer = "\u0e41\u0e19\u0e30\u0e19\u0e33\u0e18\u0e19\u0e32\u0e04\u0e32\u0e23"

    assert not Doubt("\u0e14\u0e32\u0e27", text(answer)).is_common


def test_people_are_told_the_languages():
    assert "English" in common_in("Target")
    assert common_in("Larkspurbank") == []
    assert common_in("\u82f9\u679c") == ["zh"]


# --- not_names


ZOOM = Watched("Zoom Optics", ("Zoom Optics", "Zoom"), (), (), not_names=("Zoom Video", "Zoom In"))


def test_a_name_within_a_not_name_is_no_mention():
    answer = "Zoom is a maker of lenses. **Zoom** Video is another firm, and so is Zoom Video's parent."

    assert saying.marks(answer, ZOOM) == ["1.1"]
    assert saying.read(answer, ZOOM).mention_text == "Zoom is a maker of lenses."
    assert not extraction.occurs("Zoom Video is good, and Zoom video too.", ZOOM)
    assert extraction.occurs("Zoom Video is good. Zoom Optics, too.", ZOOM)


def test_the_name_of_a_competitor_is_no_name_of_the_org():
    org = Watched("Nordstern AG", ("Nordstern AG", "Umbra Insurance"), (), ("Umbra Insurance",))

    assert not extraction.occurs("Umbra Insurance is cheap.", org)


@pytest.mark.parametrize("line", ["Zoom Video x\n", "Zoom x\n", "zoom ", "Zoom Optics Zoom Video. "])
def test_many_occurrences_take_time_in_proportion(line):
    def seconds(times):
        answer, begun = line * times, process_time()
        read(answer, ZOOM)
        return process_time() - begun

    seconds(100)
    assert seconds(8000) < 40 * max(seconds(1000), 0.005)


@pytest.mark.parametrize("mark", ["⟦1.1⟧", "[1.1]", " 1.1 ", "1.1"])
def test_a_mark_may_come_back_with_its_signs(mark):
    reading = read("Larkspur is a fine shop.", "Larkspur", judged={"1.1": None, mark: "other-entity"})

    assert (reading.mentioned, kinds(reading)) == (False, ["other-entity", *kinds(reading)[1:]])
    assert "no-such-place" not in kinds(reading)
