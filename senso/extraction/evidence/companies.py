"""What the words of an answer show about the competitors that it names."""

from senso.extraction import general_words, same_name, showing, words
from senso.extraction.competitors import Evidence
from senso.extraction.evidence import rivals
from senso.extraction.evidence.watched import Watched, followed_by, names_in_use, own_keys
from senso.extraction.naming import doubt
from senso.extraction.naming.frequent import zipf
from senso.extraction.prompts.reply import Said
from senso.extraction.words.endings import inflected, is_latin, language

COMMON = 3.8  # Zipf; well-known brands are as common, so they need the model's word or a mark, too
LEAST_TOKENS = 3
GIVING_WAY = 2  # characters at the end of a word, at most, that an ending replaces
SHORTEST = 4  # of a name whose forms are looked for


def evidence(text: words.Text, org: Watched, told: Said) -> Evidence:
    return Evidence(
        occurs=lambda name: words.occurs(text, name),
        is_sure=lambda name: is_sure(text, name),
        is_word=lambda name: is_word(text, name),
        keys=same_name.keys,
        own=own_keys(org),
        tracked=followed_by(org),
        verdict=lambda one: rivals.verdict(told, one),
        is_form=lambda name, of: is_form(name, of, text),
        own_names=names_in_use(org),
    )


def is_sure(text: words.Text, name: str) -> bool:
    """It occurs with its capitals, and if it is a word of the answer's language, with one that shows it as a name."""
    found = words.namings(text, name)[: showing.MOST]
    places = [place for place in found if showing.in_its_case(text, name, place)]
    if places and not has_case(name):
        return not may_be_word(text, name) or showing.as_name(text, name)
    if not places or not name.isalpha():
        return bool(places)
    spoken = language(text.words.line)
    if not general_words.is_general(name, spoken):
        return True
    return spoken not in general_words.NOUNS_IN_CAPITALS and any(
        showing.has_own_capital(text, place) for place in places
    )


def is_form(name: str, of: str, text: words.Text) -> bool:
    """Whether `name` is `of` with an ending of the answer's language, a particle, or a suffix behind an apostrophe."""
    longer, shorter = words.key(name), words.key(of)
    if longer == shorter or shorter.split(" ")[0][:-GIVING_WAY] not in longer or len(shorter) < SHORTEST:
        return False
    if words.namings(words.text(name), of) == [(0, len(name))]:
        return True
    pattern = inflected(f" {shorter}", language(text.words.line)) if is_latin(shorter[-1]) else None
    found = pattern.search(f" {longer} ") if pattern else None
    return found is not None and len(found[0].strip()) == len(longer)


def has_case(name: str) -> bool:
    return name.upper() != name.lower()


def may_be_word(text: words.Text, name: str) -> bool:
    """Of a name in a script without capitals, by how common it is; without a list of words, by how short it is."""
    spoken = doubt.language_of(text.answer, text.words.line)
    if spoken is None:
        return len(words.key(name).split()) < LEAST_TOKENS
    return (zipf(name, spoken) or 0) >= COMMON


def is_word(text: words.Text, name: str) -> bool:
    spoken = language(text.words.line)
    if general_words.is_plural(name, spoken):
        return True
    return general_words.is_general(name, spoken) and not showing.as_name(text, name)
