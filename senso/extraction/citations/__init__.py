"""Which pages an answer cites, whose they are, and on what kind of site. By rules and tables: no model is asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from senso.extraction.citations import addresses, sites
from senso.extraction.citations.addresses import LONGEST, PLAIN, canonical
from senso.extraction.citations.categories import of_domain
from senso.extraction.citations.domains import registrable
from senso.providers import Source
from senso.states import Category

__all__ = ["PLAIN", "Citation", "Cited", "canonical", "category", "cite", "is_primary", "kind", "of_domain"]


@dataclass(frozen=True, slots=True)
class Citation:
    """`host` and `registrable_domain` are "" where a wrapper hides the page and its title names no domain."""

    url: str  # as given
    canonical_url: str  # the same for every address of one page
    host: str  # of the page, as given behind all wrappers
    registrable_domain: str  # of the canonical address; the host itself if there is none: an IP address, a bare suffix
    title: str | None
    position: int
    cited: bool  # False: offered only
    spans: tuple[tuple[int, int], ...] = ()  # characters of the answer that refer to it, as far as the vendor says
    category: Category | None = None  # of its domain, by the table; None: unknown there


@dataclass(frozen=True, slots=True)
class Cited:
    citations: tuple[Citation, ...]
    dropped: int  # sources that are no citation: no web address, or a search link of the assistant
    merged: int  # sources whose page was already listed


def cite(sources: Sequence[Source]) -> Cited:
    read = [citation for citation in map(_citation, sources) if citation]
    pages: dict[str, Citation] = {}
    for citation in read:
        first = pages.setdefault(citation.canonical_url, citation)
        if first is not citation:
            title, cited = first.title or citation.title, first.cited or citation.cited
            spans = tuple(dict.fromkeys((*first.spans, *citation.spans)))
            pages[citation.canonical_url] = replace(first, title=title, cited=cited, spans=spans)
    return Cited(tuple(pages.values()), dropped=len(sources) - len(read), merged=len(read) - len(pages))


def is_primary(citation: Citation, websites: Iterable[str]) -> bool:
    """Whether the page belongs to one of the org's websites: see `sites`."""
    return any(sites.covers(website, citation.canonical_url, citation.registrable_domain) for website in websites)


def kind(citation: Citation, websites: Iterable[str]) -> Literal["primary", "secondary"]:
    return "primary" if is_primary(citation, websites) else "secondary"


def category(citation: Citation, websites: Iterable[str], of_competitors: Iterable[str] = ()) -> Category:
    """For one org. `of_competitors`: websites of the competitors that it tracks. OTHER: of a domain unknown so far."""
    if is_primary(citation, websites):
        return Category.OWN
    if is_primary(citation, of_competitors):
        return Category.COMPETITOR
    return citation.category or Category.OTHER


def _citation(source: Source) -> Citation | None:
    page = addresses.page(source.url)
    if page is None or (len(source.url) > LONGEST and not page.domain) or len(page.canonical_url) > LONGEST:
        return None
    if not page.domain and (host := addresses.domain_in(source.title)):
        page = page._replace(host=page.host, domain=registrable(host), category=of_domain(addresses.place(host)))
    return Citation(
        url=source.url,
        canonical_url=page.canonical_url,
        host=page.host,
        registrable_domain=page.domain,
        title=source.title,
        position=source.position,
        cited=source.cited,
        spans=source.spans,
        category=page.category,
    )
