"""The name variations of an organisation that follow from its name and its websites alone."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

# Endings that people leave out, longest first.
ENDINGS = (
    "Federal Credit Union", "Credit Union", "Savings Bank", "Home Loans", "Insurance Group", "Lending Group",
    "Bank", "Mortgage", "Insurance", "Company", "Partners", "Group", "Loans", "Inc.", "Inc", "LLC", "Ltd", "Corp", "Co",
)  # fmt: skip
SHORT = {"Federal Credit Union": "FCU", "Credit Union": "CU", "Savings Bank": "Savings", "Lending Group": "Lending"}

# One of these words alone is an ordinary word rather than a name.
ORDINARY = """
advance advantage alliance allied american anchor apex apple atlas beacon best bright capital central century
choice citizens city clear coast coastal community compass cornerstone country county cover credit delta
direct discover eagle empire evergreen express family farmers federal fidelity financial first focus freedom
frontier general global golden grand great green guardian harbor heritage home horizon independence integrity
key keystone lake landmark legacy lending liberty lighthouse loan loans local main market max meridian metro
mutual national neighbors network new north northern one pacific partners patriot people peoples pioneer
plains premier prime progress progressive prosper province regional reliance republic river royal savings
security select shield simple smart southern sterling strong summit sun target the town trust trusted union
united unity universal valley visible vision wealth west western world
"""
ORDINARY_WORDS = frozenset(ORDINARY.split())


def ordinary(name: str) -> bool:
    return name.lower() in ORDINARY_WORDS


def name_variations(organisation: str, websites: Sequence[str]) -> list[str]:
    """The full name always comes first; any other name is left out if it is a single ordinary word or too short."""
    found = dict.fromkeys(_variations(organisation.strip(), websites))
    return [name for name in found if name == organisation.strip() or (len(name) > 2 and not ordinary(name))]  # noqa: PLR2004


def _variations(organisation: str, websites: Sequence[str]) -> Iterator[str]:
    yield organisation
    name = re.sub(r" of [A-Z].*$", "", organisation.removeprefix("The "))
    yield name
    ending = next((ending for ending in ENDINGS if name.endswith(" " + ending)), None)
    if ending:
        rest = name.removesuffix(" " + ending)
        yield rest
        if ending in SHORT:
            yield f"{rest} {SHORT[ending]}"
    initials = "".join(word[0] for word in name.split() if word[0].isupper())
    if len(initials) > 2:  # noqa: PLR2004 - two letters are ambiguous
        yield initials
    for website in websites:
        yield from _spaced(_label(website), name)


def _label(website: str) -> str:
    host = urlsplit(website if "//" in website else f"//{website}").hostname or ""
    return host.removeprefix("www.").split(".")[0]


def _spaced(label: str, name: str) -> Iterator[str]:
    """`communityfinancialcu` becomes "Community Financial CU": words of the name are recognised, the rest is kept."""
    words, left = [], label.replace("-", "").lower()
    for word in name.split():
        plain = re.sub(r"\W", "", word.lower())
        if plain and left.startswith(plain):
            words.append(word)
            left = left.removeprefix(plain)
    if len(words) > 1 and len(left) <= 3:  # noqa: PLR2004 - the rest must be initials
        yield " ".join([*words, left.upper()] if left else words)
    elif label:
        yield label
