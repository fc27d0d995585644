"""Addresses as a model is shown them: by their hosts, because the rest is tokens that say nothing of an organisation.

What is left of an address is one for `words`, too, and ends where the whole one ends. So what a model copies is found
in the answer, and what is stored is the answer's own text.
"""

import re

# Only signs that cannot be text behind an address; brackets in pairs.
# An entity ends it, such as &nbsp; or &quot;, but for that of the ampersand itself.
SIGN = r"(?:[!#-%'*-;=?-Z_a-z~]|&(?!(?!amp;)#?\w{1,31};))"
TAIL = rf"[/?#](?:{SIGN}{{1,2048}}+|\({SIGN}{{0,200}}\)){{0,7}}+"
ADDRESS = re.compile(rf"https?://(?:www\.)?([a-zA-Z\d_.-]{{1,253}}+(?::\d{{1,5}})?)(?:({TAIL})|(?!{SIGN}))", re.ASCII)
ENDING = ".,;:!?*_'~"  # may be of the text around an address
LONGEST = 2000  # of what `words` takes for one address; no longer one is cut


def cut(text: str) -> str:
    """`text`: an answer with its marks."""
    return ADDRESS.sub(shown, text) if "://" in text else text


def shown(found: re.Match[str]) -> str:
    whole, text = found[0], found.string
    start, end = found.span()
    if len(whole) > LONGEST:
        return whole
    host, tail = found.groups()
    if text[start - 2 : start] == "](" and text[end : end + 1] == ")":
        label = start - 2 - len(host)
        return "" if text[label : start - 2] == host and text[label - 1] in "[⟧" else host
    if not tail:
        return whole
    kept = tail[len(tail.rstrip(ENDING)) :]
    if not kept and text[end : end + 1] == "<" and not tail[-1].isalnum():
        kept = tail[-1]  # without it, the host would be one word with what follows the tag
    return f"{whole[: whole.index(':')]}://{host}{kept}"
