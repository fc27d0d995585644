"""Text on its way in: what stands around a value without being part of it."""

import string

# A byte-order mark, joiners and marks of direction are what a copied key brings along without anybody seeing it.
INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad"
SPACES = (
    "\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
AROUND = string.whitespace + SPACES + INVISIBLE


def cleaned(text: str) -> str:
    """Without spaces, line breaks and invisible characters around it."""
    return text.strip(AROUND)
