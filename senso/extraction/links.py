"""Addresses as a model is shown them: by their hosts, because the rest is tokens that say nothing of an organisation.

What is left of an address is one for `words`, too, and ends where the whole one ends. So what a model copies is found in
the answer, and what is stored is the answer's own text.
"""

import re
from collections.abc import Iterator

# Only signs that cannot be text behind an address; brackets in pairs.
SIGN = "[!#-'*-;=?-Z_a-z~]"
TAIL = rf"[/?#](?:{SIGN}{{1,2048}}+|\({SIGN}{{0,200}}\)){{0,7}}+"
ADDRESS = re.compile(
    rf"(https?://)(?:www\.)?([a-z\d_.-]{{1,253}}+(?::\d{{1,5}})?)(?:({TAIL})|(?!{SIGN}))", re.IGNORECASE | re.ASCII
)
ENDING = ".,;:!?*_'~"  # may be of the text around an address
LONGEST = 2000  # of what `words` takes for one address; no longer one is cut


def cuts(answer: str) -> Iterator[tuple[int, int, str]]:
    """Where an address stands, and what is shown in its place."""
    if "://" not in answer:
        return
    for found in ADDRESS.finditer(answer):
        start, end = found.span()
        scheme, host, tail = found.groups()
        if end - start > LONGEST:
            continue
        if answer.startswith("](", start - 2) and answer.startswith(")", end):
            yield start, end, "" if answer.endswith(f"[{host}", 0, start - 2) else host
        elif tail:
            yield start, end - len(tail) + len(tail.rstrip(ENDING)), scheme + host
