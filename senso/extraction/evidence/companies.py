"""What the words of an answer show about the competitors that it names."""

from functools import lru_cache

from senso.extraction import general_words, same_name, showing, words
from senso.extraction.competitors import Evidence
from senso.extraction.evidence.watched import Watched, followed_by, own_keys
from senso.extraction.words.endings import language


def evidence(text: words.Text, org: Watched) -> Evidence:
    return Evidence(
        occurs=lambda name: bool(words.namings(text, name)),
        is_sure=lambda name: is_sure(text, name),
        is_word=lambda name: is_word(text, name),
        keys=same_name.keys,
        own=own_keys(org),
        tracked=followed_by(org),
    )


def is_sure(text: words.Text, name: str) -> bool:
    """It occurs with its capitals, and if it is a word of the answer's language, with one that shows it as a name."""
    found = words.namings(text, name)[: showing.MOST]
    places = [place for place in found if showing.in_its_case(text, name, place)]
    if not places or not name.isalpha():
        return bool(places)
    spoken = language_of(text.words.line)
    if not general_words.is_general(name, spoken):
        return True
    return spoken not in general_words.NOUNS_IN_CAPITALS and any(
        showing.has_own_capital(text, place) for place in places
    )


language_of = lru_cache(maxsize=64)(language)


def is_word(text: words.Text, name: str) -> bool:
    spoken = language_of(text.words.line)
    if general_words.is_plural(name, spoken):
        return True
    return general_words.is_general(name, spoken) and not showing.as_name(text, name)
