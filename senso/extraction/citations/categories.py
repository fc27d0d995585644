"""What kind of site a domain is: by rules for public bodies and universities, then by the table of domains.txt."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from senso.extraction.citations import tables
from senso.extraction.citations.domains import anywhere, parents
from senso.states import Category

# Second-level domains of countries, and top-level domains, that only public bodies get.
PUBLIC: Final = {"gov", "govt", "gob", "gouv", "gub", "gv", "gc", "mil", "gouvernement", "government", "nhs", "police"}
GO: Final = {"jp", "kr", "th", "id", "ke", "tz", "ug", "ci", "cr"}  # go.jp; elsewhere "go" is a name like any other
WITH_STATES: Final = {"us", "ca"}
OF_STATES: Final = {"state", "gov", "gouv"}
PUBLIC_TOP: Final = {"gov", "mil", "int"}
ACADEMIC: Final = {"ac", "edu", "sch", "school"}
ACADEMIC_TOP: Final = {"edu", "museum"}
COUNTRY: Final = 2  # letters


@lru_cache(maxsize=4096)
def of_domain(host: str) -> Category | None:
    """None if neither the table nor a rule knows it. `host`: of a page, without "www."; or a domain."""
    return listed(host) or by_suffix(host)


def listed(host: str) -> Category | None:
    _, table = tables.categories()
    if not host:
        return None
    found = next((table[domain] for domain in parents(host) if domain in table), None) or table.get(anywhere(host))
    return Category(found) if found else None


def is_local(labels: Sequence[str]) -> bool:
    """Of a city in Japan, as city.osaka.lg.jp, or of a state or province, as state.ca.us and gov.bc.ca."""
    *_, third, second, top = ("", "", *labels)
    return (second, top) == ("lg", "jp") or (top in WITH_STATES and len(second) == COUNTRY and third in OF_STATES)


def by_suffix(host: str) -> Category | None:
    labels = host.split(".")
    top, second = labels[-1], labels[-2] if len(labels) > 1 else ""
    in_country = len(top) == COUNTRY and len(labels) > COUNTRY
    if top in PUBLIC_TOP or is_local(labels) or (in_country and (second in PUBLIC or (second == "go" and top in GO))):
        return Category.GOVERNMENT
    if top in ACADEMIC_TOP or (in_country and second in ACADEMIC):
        return Category.REFERENCE
    return None
