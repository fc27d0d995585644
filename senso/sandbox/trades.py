"""The wording of answers by trade: for the made-up lenders, and for any other organisation."""

from collections.abc import Mapping
from dataclasses import dataclass

from senso.sandbox.vocabulary import OPINIONS, OWN_PAGES, PRESS

Pages = tuple[tuple[str, str], ...]  # URL or path, and title


@dataclass(frozen=True, slots=True)
class Trade:
    """{town}, {topic} and {name} in the texts are placeholders."""

    intros: tuple[str, ...]
    not_found: str
    heading: str
    checks: str
    customer: str
    closings: tuple[str, ...]
    opinions: Mapping[str, tuple[str, ...]]
    press: Pages
    own_pages: Pages


LENDING = Trade(
    intros=(
        "Here is how lenders in {town} are usually compared for {topic}.",
        "It depends on what matters most to you, but these names come up for {topic} in {town}:",
        "Based on recent reviews, these are worth a look for {topic} in {town}.",
    ),
    not_found="I could not find much about that lender, so these are others that people in {town} compare.",
    heading="### Lenders in {town}",
    checks="""### What to compare

* **Fees:** look at the yearly total, not at the monthly figure.
* **Rates:** ask whether the rate is fixed.
* **Service:** try the app and the phone line before you sign.""",
    customer="If you already use {name}, ask its branch about current terms.",
    closings=(
        "Would you like a side-by-side table, or help with the paperwork?",
        "If you tell me your budget, I can narrow this down.",
        "Terms change often, so please check them before you decide.",
    ),
    opinions=OPINIONS,
    press=PRESS,
    own_pages=OWN_PAGES,
)

ANYTHING = Trade(
    intros=(
        "Here is what is usually compared.",
        "It depends on what matters most to you, but these names come up most often:",
        "Based on recent reviews, these are worth a look.",
    ),
    not_found="I could not find much about that one, so these are others that people compare.",
    heading="### Names that come up",
    checks="""### What to compare

* **Cost:** look at the yearly total.
* **Service:** call once before you decide.
* **Terms:** ask what happens when you change your mind.""",
    customer="If you already use {name}, ask there about what is new.",
    closings=(
        "Would you like a side-by-side table?",
        "If you tell me your budget, I can narrow this down.",
        "Offers change often, so please check them before you decide.",
    ),
    opinions={
        "positive": (
            "is often recommended for its friendly staff and competitive prices",
            "is praised by customers for quick and helpful service",
            "is a popular choice with excellent online reviews",
            "is trusted by many and known as reliable",
        ),
        "negative": (
            "is often criticised for high fees",
            "is the subject of complaints about slow service",
            "is frequently described as outdated and hard to reach",
            "is named in reviews for poor communication",
        ),
        "neutral": (
            "offers several plans, also online",
            "has been around for some years",
            "lists its current offers on its website",
            "serves households and small firms",
        ),
    },
    press=(
        ("https://www.listlark.example/guides/compared", "Compared | Listlark"),
        ("https://thriftyheron.example/reviews?sort=newest", "Newest reviews - Thrifty Heron"),
        ("https://www.buyersalmanack.example/compare", "Compare - Buyers' Almanack"),
        ("https://forum.askaround.example/t/who-do-you-use/4711", "Who do you use? - Ask Around forum"),
        ("https://www.reviewquill.example/best", "Best rated | ReviewQuill"),
        ("https://news.countytelegraph.example/2026/02/choices", "A guide to choices - County Telegraph"),
        ("https://en.allpedia.example/wiki/Comparison", "Comparison - Allpedia"),
    ),
    own_pages=(("/offers", "Offers"), ("/about-us", "About us"), ("/contact", "Contact"), ("/", "Welcome")),
)
