"""Which words are common in a language: those that occur at least once in a million words of it.

From the small lists of wordfreq 3.1.1 (github.com/rspeer/wordfreq): texts of Wikipedia, subtitles, news, books, the web
and forums up to 2021, in 42 languages. The code is under Apache 2.0, the lists under CC BY-SA 4.0. The lists know no
capitals, so well-known brands are common words by them, too.
"""

import gzip
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from unicodedata import normalize

import msgpack

# A list takes 8 to 30 ms to read and 2 to 6 MB to hold; a proposed name is looked up in eight of them.
MOST_LISTS = 12
VERY_COMMON = 5.5  # Zipf: the logarithm of occurrences in a thousand million words; "you", "best", "always", "first"


@lru_cache(maxsize=8192)
def zipf(word: str, language: str) -> float | None:
    """None for a word that is not common there, and for a language without a list. Articles in front do not count."""
    plain = normalize("NFKC", word).casefold().strip().removeprefix("the ")
    return listed(language).get(plain)


@lru_cache(maxsize=MOST_LISTS)
def listed(language: str) -> dict[str, float]:
    """The Zipf frequency of each word of a list; empty for a language without one."""
    found = lists() / f"small_{language}.msgpack.gz"
    _, *steps = msgpack.unpackb(gzip.decompress(found.read_bytes())) if found.is_file() else [None]
    words: dict[str, float] = {}
    for step, at_step in enumerate(steps):  # the nth: of a frequency of n hundredths of a power of ten below 1
        words |= dict.fromkeys(at_step, 9 - step / 100)
    return words


def lists() -> Path:
    """Found without importing the package, which takes 120 ms for what splits and mends text."""
    return Path(str(distribution("wordfreq").locate_file("wordfreq/data")))
