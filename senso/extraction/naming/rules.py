"""Which of the names that a model proposes count by themselves.

A proposed name counts if its words come from the org's own name, its domains or aliases, or say what kind of business
it is, and if together they are no everyday word; also an acronym of the name. What is the name of a competitor or of
another org of the account is rejected. Everything else waits for a person.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from senso.extraction.naming.doubt import NO_LIST, SCRIPTS, SHOWN_LANGUAGES
from senso.extraction.naming.frequent import VERY_COMMON, zipf
from senso.extraction.naming.kinds import KINDS, distinctive
from senso.extraction.naming.known import Known, distinct
from senso.extraction.naming.sites import domains, labels
from senso.extraction.words import key
from senso.extraction.words.wanted import UMLAUTS, as_domain

MOST_NAMES = MOST_PROPOSALS = 20
LONGEST_NAME = 80
SHORTEST_NAME, SHORTEST_ACRONYM, LONGEST_ACRONYM = 3, 3, 6
CAPITALS_OF_MIXED = 2  # in BofA
COMMON_ELSEWHERE = 4.7  # Zipf; what is less common in one language only may well be a brand: "ziraat", "telekom"
SCRIPT_OF_NAMES = re.compile("[a-z\u00df-\u024f]+")
LETTER = re.compile(r"[^\W\d_]")
PIECE = re.compile(r"[^\W\d_][^\W\dA-Z_]*|\d+")  # SchoolsFirst: Schools, First
OF_GROUPS = frozenset({"group", "holding", "holdings", "company", "gruppe", "groupe", "grupo", "gruppo"})
BEFORE_PLACE = frozenset({"of", "in", "at", "de", "von", "di"})
CONNECTORS = frozenset(
    re.findall(
        r"\w+",
        "the a of and for in at de la le les l d du des der die das und fur et y e i do da dos das di del della degli",
    )
)


class Proposal(NamedTuple):
    """`reason`: why it is not used by itself, for a person to decide."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """`names`: in use, the org's own name first. `proposals` wait; `rejected` are never used."""

    names: list[str]
    proposals: list[Proposal]
    rejected: list[Proposal]


def judged(known: Known, variations: Iterable[str]) -> Judged:
    rules = Rules(known)
    names, proposals, rejected = list(known.given), [], []
    for variation in distinct(variations):
        if not LETTER.search(variation) or len(variation) > LONGEST_NAME or not key(variation):
            continue
        if variation.casefold() in (name.casefold() for name in known.given):
            continue
        if refused := rules.refusal(variation):
            rejected.append(Proposal(variation, refused))
        elif objection := rules.objection(variation):
            proposals.append(Proposal(variation, objection))
        else:
            names.append(variation)
    return Judged(distinct(names)[:MOST_NAMES], proposals[:MOST_PROPOSALS], rejected[:MOST_PROPOSALS])


def claimed_by(known: Known, name: str) -> str | None:
    """Whose name it is already, in words; None if nobody's."""
    wanted = "".join(key(name).split())
    if wanted in {"".join(key(one).split()) for one in known.competitors}:
        return "the name of a competitor that the org tracks"
    if wanted in {"".join(key(one).split()) for one in known.neighbours}:
        return "the name of another org of the account"
    return None


def tokens_of(name: str) -> list[str]:
    return f"{key(name)} ".replace(" + ", " and ").split()


def is_short_for(tokens: Sequence[str], own: Sequence[str]) -> bool:
    """Whether they are the whole name, with words joined to their initials ("FCU"), and without "Group" at its end."""
    if not tokens or not own:
        return not tokens and set(own) <= OF_GROUPS
    sizes = [size for size in range(2, len(own) + 1) if tokens[0] == "".join(token[0] for token in own[:size])]
    sizes += [1] if tokens[0] == own[0] else []
    return any(is_short_for(tokens[1:], own[size:]) for size in sizes)


@lru_cache(maxsize=1024)
def elsewhere(word: str) -> float:
    """How common a word in Latin letters is in other languages than English; 0 if it is rather a name there.

    `word`: with its accents, as the lists have it.
    """
    if not SCRIPT_OF_NAMES.fullmatch(word):
        return 0
    most = max(zipf(word, tag) or 0 for tag in SHOWN_LANGUAGES if tag != "en")
    return most if most >= COMMON_ELSEWHERE else 0


class Rules:
    def __init__(self, known: Known) -> None:
        self.known = known
        given = (known.name, *known.aliases)
        self.own = [tokens_of(name) for name in dict.fromkeys((*given, *(one.translate(UMLAUTS) for one in given)))]
        self.labels = labels(known.websites)
        self.rejected = set(map(key, known.rejected))

    def refusal(self, name: str) -> str | None:
        """Why it may never be used, whatever a person says."""
        if holder := claimed_by(self.known, name):
            return holder
        tokens = f" {key(name)} "
        if any(f" {key(one)} " in tokens for one in self.known.not_names):
            return "among the not_names of the import"
        return "rejected before" if key(name) in self.rejected else None

    def objection(self, name: str) -> str | None:
        """Why it waits; None: it counts by itself."""
        tokens = tokens_of(name)
        marks = distinctive(tokens)
        if len(tokens) > 1 and any(is_short_for(tokens, own) for own in self.own):
            return None
        if not marks:
            return "says only what kind of business it is"
        if as_domain(name):
            return self.objection_to_domain(name)
        if self.is_acronym(name):
            return None
        if self.is_short(name, tokens):
            return "too short"
        return None if tokens in self.own else self.objection_to_words(name, tokens, marks)

    def is_short(self, name: str, tokens: Sequence[str]) -> bool:
        """Of a language whose common words are not known, tokens count, as a Thai consonant with its vowels."""
        if NO_LIST.search(name):
            return len(tokens) < SHORTEST_NAME
        return len("".join(tokens)) < SHORTEST_NAME and not self.is_east_asian(name)

    def objection_to_words(self, name: str, tokens: Sequence[str], marks: Sequence[str]) -> str | None:
        if not self.comes_from_own(tokens, marks):
            return "has words that are neither the name's nor the domains'"
        if len(tokens) > 1 and self.has_gap(tokens):
            return "leaves out a word within the name"
        if self.leaves_out_place(tokens, marks):
            return "leaves out the place, and others may be called so elsewhere"
        everyday = None if self.has_whole_name(tokens) else self.everyday(name, tokens, marks)
        return everyday or self.shared(tokens, marks)

    def has_gap(self, tokens: Sequence[str]) -> bool:
        """ "Wells Fargo" for Wells Larch Fargo: what is left out may be what tells the org from another."""
        marks = set(distinctive(tokens))
        gaps = [self.left_out(tokens, own) for own in self.own if marks and marks <= set(own)]
        return bool(gaps) and all(map(distinctive, gaps))

    def leaves_out_place(self, tokens: Sequence[str], marks: Sequence[str]) -> bool:
        """ "First National" for First National Bank of Larch: of common words, the place tells it from others."""
        rests = [own[len(tokens) :] for own in self.own if own[: len(tokens)] == list(tokens)]
        following = (next((one for one in rest if one in BEFORE_PLACE or one not in KINDS), "") for rest in rests)
        return any(one in BEFORE_PLACE for one in following) and all(map(self.frequency, marks))

    def left_out(self, tokens: Sequence[str], own: Sequence[str]) -> list[str]:
        """The words of `own` between the first and the last that the tokens have."""
        places = [place for place, word in enumerate(own) if word in tokens]
        return [word for word in own[places[0] : places[-1]] if word not in tokens]

    def has_whole_name(self, tokens: Sequence[str]) -> bool:
        """ "Capital One Bank" for Capital One: what is added says what kind of business it is."""
        places = ((own, i) for own in self.own for i in range(len(tokens) - len(own) + 1))
        return any(
            list(tokens[i : i + len(own)]) == own and KINDS.issuperset([*tokens[:i], *tokens[i + len(own) :]])
            for own, i in places
            if len(own) > 1 or (self.frequency("".join(own)) or 0) < VERY_COMMON
        )

    def objection_to_domain(self, name: str) -> str | None:
        own = domains(self.known.websites)
        is_below = any(name.casefold().endswith(f".{one}") for one in own)
        return None if is_below else "a domain that is not among the websites"

    def comes_from_own(self, tokens: Sequence[str], marks: Sequence[str]) -> bool:
        return "".join(tokens) in self.glued or all(token in self.words for token in marks)

    @cached_property
    def words(self) -> frozenset[str]:
        """Of the name, the aliases and the domains."""
        of_labels = (part for label in self.labels for part in label.split("-"))
        return frozenset([*(token for tokens in self.own for token in tokens), *of_labels])

    @cached_property
    def initials(self) -> frozenset[str]:
        """Of words that follow each other: "cu" for Credit Union."""
        runs = (tokens[i:j] for tokens in self.own for i in range(len(tokens)) for j in range(i + 2, len(tokens) + 1))
        return frozenset("".join(token[0] for token in run) for run in runs)

    @cached_property
    def glued(self) -> frozenset[str]:
        """The same written together: "warmupinbox"."""
        written = [form for tokens in self.own for form in (tokens, distinctive(tokens))]
        return frozenset([*map("".join, written), *(label.replace("-", "") for label in self.labels)]) - {""}

    def everyday(self, name: str, tokens: Sequence[str], marks: Sequence[str]) -> str | None:
        """Of common words, two that are the org's own identify it; one only if a domain of the org says so."""
        together = "".join(marks)
        is_one = len(tokens) == 1 or self.is_east_asian(together)
        frequency = [self.frequency(one) or 0 for one in marks]
        if is_one:
            frequency = [self.frequency(together) or elsewhere(name.strip().casefold())]
        if not all(frequency) or (not is_one and all(token in self.words | self.initials for token in tokens)):
            return None
        is_label = "".join(tokens) in {label.replace("-", "") for label in self.labels}
        if is_label and max(frequency) < VERY_COMMON:
            return None
        return "a common word, or common words, that may mean something else"

    def shared(self, tokens: Sequence[str], marks: Sequence[str]) -> str | None:
        """ "Larch Hill" for Larch Hill Bank, if there is a Larch Hill Credit Union among the others."""
        if any(token in KINDS for token in tokens):
            return None
        others = (*self.known.competitors, *self.known.neighbours)
        twin = next((other for other in others if distinctive(key(other).split()) == list(marks)), None)
        return None if twin is None else f"may also mean {twin}"

    def frequency(self, word: str) -> float | None:
        """Of a word without kana that may be Chinese or Japanese, in the language where it is more common."""
        language = next((tag for tag, pattern in SCRIPTS if pattern.search(word)), "en")
        found = [zipf(word, one) or 0 for one in ({language, "ja"} if language == "zh" else {language})]
        return max(found) or None

    def is_east_asian(self, word: str) -> bool:
        return not word.isascii() and re.search("[\u3041-\u9fff\uac00-\ud7a3]", word) is not None

    def is_acronym(self, name: str) -> bool:
        """In capitals, made of the beginnings of the name's words in order; one of two letters only by a domain."""
        letters = name.replace(".", "").replace("&", "").replace(" ", "") if name.isupper() else name
        if not letters.isalpha() or len(letters) > LONGEST_ACRONYM:
            return False
        if sum(letter.isupper() for letter in letters) < (CAPITALS_OF_MIXED if len(letters) > 1 else 1):
            return False
        if (zipf(letters, "en") or 0) >= VERY_COMMON:  # "YOU" for You.com
            return False
        if letters.casefold() in self.labels:
            return letters.isupper()
        return len(letters) + ("&" in name) >= SHORTEST_ACRONYM and any(
            self.begins(letters.casefold(), pieces) for pieces in self.pieces() if not self.known.name.isupper()
        )

    def pieces(self) -> Iterator[list[str]]:
        for name in (self.known.name, *self.known.aliases):
            words = [one for one in re.findall(r"[^\W_]+", name) if one.casefold() != "the"]
            yield [word.casefold() for word in words]
            yield [piece.casefold() for word in words for piece in PIECE.findall(word)]

    def begins(self, letters: str, pieces: Sequence[str], used: int = 0) -> bool:
        """Whether the letters are beginnings of these words, in order.

        Connectors may be left out, and at the end a place, or words that say what kind of business it is.
        """
        if not letters:
            return used > 1 and (all(piece in KINDS for piece in pieces) or pieces[0] in BEFORE_PLACE)
        if not pieces:
            return False
        first, *rest = pieces
        longest = next((n for n in range(min(len(first), len(letters)), 0, -1) if first.startswith(letters[:n])), 0)
        if any(self.begins(letters[n:], rest, used + 1) for n in range(1, longest + 1)):
            return True
        return first in CONNECTORS and self.begins(letters, rest, used)
