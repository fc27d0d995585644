"""Which pages an answer cites, and who owns them. Determined by rule: an address is a fact, so no model is asked."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urldefrag, urlsplit

from tldextract import TLDExtract
from url_normalize import url_normalize

from senso.providers import Source

# Only the list that came with the library: no network call, and all workers judge alike. Private suffixes count, since
# a.github.io and b.github.io have different owners.
REGISTRABLE = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)

# Parameters that say where a reader came from, not which page is shown.
TRACKING = re.compile(
    r"utm_.*|hsa_.*|_hs(?:enc|mi|fp)|mtm_.*|pk_(?:campaign|kwd|source|medium|content)|matomo_.*|vero_.*|oly_.*|"
    r"gclid|gclsrc|dclid|gbraid|wbraid|gad_.*|_gsid|srsltid|_ga|_gl|fbclid|fb_(?:action_.*|ref|source)|msclkid|y[s]?clid|"
    r"twclid|ttclid|li_fat_id|igsh(?:id)?|epik|rdt_cid|sccid|irclickid|mc_(?:cid|eid)|mkt_tok|_openstat|s_kwcid|ef_id|"
    r"ref|ref_|ref_?src|ref_?url|referr?er|cmpid|trk|trkcampaign|spm|share_id|at_(?:medium|campaign)|xtor",
    re.IGNORECASE,
)
GOOGLE = re.compile(r"(?:www\.)?google(?:\.[a-z]{2,3}){1,2}")
ASSISTANT = re.compile(r"(?:www\.)?(?:chatgpt\.com|chat\.openai\.com)")
# Addresses that url_normalize returns unchanged, which are nearly all; the call would take a quarter of a millisecond.
PLAIN = re.compile(
    r"(?!https?://[^/]*--)https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
    r"(?:/[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)+/?"
    r"(?:\?[A-Za-z0-9_.~-]+=[A-Za-z0-9_.~-]+(?:&[A-Za-z0-9_.~-]+=[A-Za-z0-9_.~-]+)*)?"
)
WEB_HOST = re.compile(r"[^\s%]+[.:][^\s%]+")  # a name without a dot belongs to a private network
MOST_WRAPPERS = 3
LONGEST_URL = 2048  # longer ones are sessions and searches, and not every browser accepts them


@dataclass(frozen=True, slots=True)
class Citation:
    url: str  # as given
    canonical_url: str  # the same for every address of one page
    host: str
    registrable_domain: str  # the host itself if there is none: an IP address, a bare suffix
    title: str | None
    position: int
    cited: bool  # False: offered only
    spans: tuple[tuple[int, int], ...] = ()  # characters of the answer that refer to it, as far as the vendor says


class Page(NamedTuple):
    """What an address alone says, whichever answer it is in."""

    canonical_url: str
    host: str
    registrable_domain: str


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


def canonical(url: str) -> str | None:
    """None if the address is not of a page on the web."""
    parts = _parts(url)
    return None if parts is None else _joined(parts)


def is_primary(citation: Citation, websites: Iterable[str]) -> bool:
    """Whether the page belongs to one of the org's websites.

    A website without a path covers its whole registrable domain. One with a path (facebook.com/acme) is a page on a
    platform, and covers only that path and what is below it.
    """
    return any(_covers(domain, path, citation) for domain, path in map(_site, websites))


def kind(citation: Citation, websites: Iterable[str]) -> Literal["primary", "secondary"]:
    return "primary" if is_primary(citation, websites) else "secondary"


def _citation(source: Source) -> Citation | None:
    page = _page(source.url) if len(source.url) <= LONGEST_URL else None
    if page is None or len(page.canonical_url) > LONGEST_URL:  # percent-encoding makes nine characters of one letter
        return None
    return Citation(
        url=source.url,
        canonical_url=page.canonical_url,
        host=page.host,
        registrable_domain=page.registrable_domain,
        title=source.title,
        position=source.position,
        cited=source.cited,
        spans=source.spans,
    )


@lru_cache(maxsize=4096)
def _page(url: str) -> Page | None:
    """None if it is no citation. Cached: the answers to one org's questions cite the same pages again and again."""
    parts = _parts(url)
    if parts is None or not parts.hostname or _is_own_search(parts):
        return None
    return Page(_joined(parts), parts.hostname, _registrable(parts.hostname))


def _parts(url: str, wrappers: int = MOST_WRAPPERS) -> SplitResult | None:
    """The normalised parts of the page behind the address. The fragment is cut first: "#!" would become a query."""
    if not re.match(r"\s*https?://", url, re.IGNORECASE):
        return None
    try:
        parts = urlsplit(_normalised(urldefrag(url.strip()).url))
        port = parts.port
    except ValueError:  # invalid host or port; IDNA errors are ValueErrors too
        return None
    if not WEB_HOST.fullmatch(parts.hostname or "") or port == 0:
        return None
    inner = _unwrapped(parts)
    return _parts(inner, wrappers - 1) if inner and wrappers else parts


def _normalised(address: str) -> str:
    return address if PLAIN.fullmatch(address) else url_normalize(address) or ""


def _unwrapped(parts: SplitResult) -> str | None:
    if parts.path != "/url" or not GOOGLE.fullmatch(parts.hostname or ""):
        return None
    query = parse_qs(parts.query)
    return next(iter(query.get("q", []) + query.get("url", [])), None)


def _is_own_search(parts: SplitResult) -> bool:
    """Whether it is the assistant's own link to search further, which names no source."""
    host, query = parts.hostname or "", parse_qs(parts.query)
    if ASSISTANT.fullmatch(host):
        return "hints" in query or "q" in query
    return bool(GOOGLE.fullmatch(host)) and parts.path in {"/search", "/url"}


def _joined(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    kept = [pair for pair in parts.query.split("&") if pair and not TRACKING.fullmatch(unquote(pair.partition("=")[0]))]
    return f"https://{host}{port}{parts.path.rstrip('/')}" + ("?" + "&".join(kept) if kept else "")


@lru_cache(maxsize=4096)
def _registrable(host: str) -> str:
    return REGISTRABLE(host).top_domain_under_public_suffix or host


@lru_cache(maxsize=4096)
def _site(website: str) -> tuple[str, str]:
    """The registrable domain and the path of a website, which may be a bare host. ("", "") covers nothing."""
    parts = _parts(website if "://" in website else f"https://{website}")
    return ("", "") if parts is None else (_registrable(parts.hostname or ""), parts.path.rstrip("/").casefold())


def _covers(domain: str, path: str, citation: Citation) -> bool:
    page = urlsplit(citation.canonical_url).path.casefold()
    return citation.registrable_domain == domain and (page == path or page.startswith(f"{path}/") or not path)
