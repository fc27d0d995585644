"""One form for all addresses of a page, and whose domain it is."""

import re
from functools import lru_cache
from html import unescape
from typing import Final, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from url_normalize import url_normalize

from senso.extraction.citations.categories import of_domain
from senso.extraction.citations.domains import anywhere, is_listed, registrable, without_www
from senso.extraction.citations.tables import Rule, hosts
from senso.extraction.citations.wrappers import BARE, behind, host_of, reserved
from senso.states import Category

# Parameters that say where a reader came from or which session it is, not which page is shown.
TRACKING: Final = re.compile(
    r"utm[_-].*|hsa_.*|hsctatracking|rb_clickid|sca_esv|_hs(?:enc|mi|fp)|__hs(?:tc|sc|fp)|mtm_.*|(?:pk|piwik)_(?:campaign|kwd|keyword|content|source|medium)|"
    r"matomo_.*|vero_.*|oly_.*|itm_.*|wt[._](?:mc|mc_id|zmc)|dm_i|n?icid|s_cid|sc_cid|_branch_.*|guccounter|guce_.*|"
    r"gclid|gclsrc|dclid|gbraid|wbraid|gad_.*|_gsid|srsltid|_ga|_gl|fbclid|fb_(?:action_.*|ref|source)|msclkid|y[s]?clid|"
    r"twclid|ttclid|li_fat_id|igsh(?:id)?|epik|rdt_cid|sccid|irclickid|mc_(?:cid|eid)|mkt_tok|_openstat|s_kwcid|ef_id|"
    r"tblci|dicbo|ob_click_id|oborigurl|wickedid|__cf_chl_.*|usqp|amp_(?:js_v|gsa|r|cb)|trkinfo|originalreferer|"
    r"ref|ref_|ref_?src|ref_?url|referr?er|cmpid|trk|trkcampaign|spm|share_id|at_(?:medium|campaign)|xtor|"
    r"phpsessid|jsessionid|aspsessionid[a-z]*|cfid|cftoken|zenid|oscsid",
    re.IGNORECASE,
)
MOBILE: Final = frozenset(("m", "mobile", "amp", "wap", "touch"))
GOOGLE: Final = re.compile(r"(?:www\.)?google(?:\.[a-z]{2,3}){1,2}")
ASSISTANT: Final = re.compile(r"(?:www\.)?(?:chatgpt\.com|chat\.openai\.com|copilot\.microsoft\.com)")
# Host and path of a page of results.
RESULTS: Final = re.compile(
    r"(?:www\.)?(?:(?:[a-z]{2}\.)?bing\.com/search|perplexity\.ai/search(?:/new)?|duckduckgo\.com/?|ecosia\.org/search"
    r"|search\.yahoo\.com/search|search\.brave\.com/search|startpage\.com/(?:do|sp)/search|baidu\.com/s"
    r"|yandex\.(?:com|ru)/search/?)"
)
# Addresses that url_normalize returns unchanged, which are nearly all; the call would take a quarter of a millisecond.
PLAIN: Final = re.compile(
    r"(?!https?://[^/]*--)https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
    r"(?:/[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)+/?"
    r"(?:\?[A-Za-z0-9_.~-]+=[A-Za-z0-9_.~-]+(?:&[A-Za-z0-9_.~-]+=[A-Za-z0-9_.~-]+)*)?"
)
# Parameters that are a session's where their value is long, and else may say which page it is: a conference's session.
SESSION_PAIR: Final = re.compile(r"session_?id=[^=]{16,}", re.IGNORECASE)
INVISIBLE: Final = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
WEB_HOST: Final = re.compile(r"[^\s%]+[.:][^\s%]+")  # a name without a dot belongs to a private network
AND: Final = re.compile(r"&(?:amp(?:;|%3b)){1,20}", re.IGNORECASE)  # escaped once or more, for HTML and for an address
ENTITY: Final = re.compile(r"&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,5}|amp|lt|gt|quot|apos|equals|num|quest|sol|colon);")
SESSION: Final = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?;]*|/\([SAF]\([^/()]{1,80}\)\)(?=/|$)", re.IGNORECASE)
HOME: Final = re.compile(
    r"/(?:index\.(?:html?|xhtml|shtml|php\d?|aspx?|jsp|jsf|cfm|cgi|pl|do)|default\.(?:aspx?|html?|php)|home\.aspx)$",
    re.IGNORECASE,
)
AMP: Final = re.compile(r"^/amp(?=/.)|(?<=.)/amp(?:/|\.html?)?$|(?<=.)(?:\.amp)(?=\.html?$|$)", re.IGNORECASE)
# A parameter that was appended as if there were others before it.
APPENDED: Final = re.compile(r"(?:&utm_[a-z_]{1,20}=[^/?&]{0,200}){1,8}$", re.IGNORECASE)
SPECIAL: Final = re.compile(r"[;(]|amp|&utm_|/(?:index|default|home)\.", re.IGNORECASE)
AMP_PAIR: Final = re.compile(
    r"_?amp(?:=(?:1|true|amp)?)?|(?:outputType|output|view|renderMode|mode|format)=amp|noamp(?:=(?:1|true|mobile))?",
    re.IGNORECASE,
)
ESCAPED: Final = re.compile(r"^(?:%21)?(?:%2f)?", re.IGNORECASE)
ROUTE: Final = re.compile(r"!?/[^#]*|![^#/]*/[^#]*")
MOST_WRAPPERS: Final = 4
LONGEST: Final = 2048  # longer ones are sessions and searches, and not every browser accepts them
LONGEST_WRAPPED: Final = 8192


class Page(NamedTuple):
    """What an address alone says, whichever answer it is in. `host`, `domain`: "" if nothing tells whose page it is."""

    canonical_url: str
    host: str
    domain: str
    category: Category | None = None


class Read(NamedTuple):
    """An address without what leads to it. `closed`: it is a wrapper that could not be opened."""

    parts: SplitResult
    route: str
    closed: bool = False


@lru_cache(maxsize=4096)
def page(url: str) -> Page | None:
    """None if it is no citation. Cached: the answers to one org's questions cite the same pages again and again."""
    read = opened(url)
    if read is None or not read.parts.hostname or is_own_search(read.parts):
        return None
    if read.closed:
        return Page(joined(read), "", "")
    found = joined(one_place(read))
    host = urlsplit(found).hostname or ""
    return Page(found, read.parts.hostname, registrable(host), of_domain(host))


def canonical(url: str) -> str | None:
    """None if the address is not of a page on the web."""
    read = opened(url)
    if read is None:
        return None
    return joined(read if read.closed else one_place(read))


def opened(url: str, wrappers: int = MOST_WRAPPERS) -> Read | None:
    """The normalised address behind all wrappers. The fragment is cut first: "#!" would become a query."""
    url = url.strip().strip(INVISIBLE)
    if not SCHEME.match(url) or len(url) > LONGEST_WRAPPED:
        return None
    whole, _, fragment = without_entities(url).partition("#")
    try:
        raw = urlsplit(whole)
        inner = behind(raw, place((raw.hostname or "").rstrip(".")))
        found = opened(inner, wrappers - 1) if isinstance(inner, str) and wrappers else None
        return found or normalised(whole, fragment, closed=inner is not None)
    except ValueError:  # invalid host or port; IDNA errors are ValueErrors too
        return None


def normalised(whole: str, fragment: str, *, closed: bool) -> Read | None:
    parts = urlsplit(whole if PLAIN.fullmatch(whole) else url_normalize(whole) or "")
    if not WEB_HOST.fullmatch(parts.hostname or "") or parts.port == 0:
        return None
    return Read(parts, route(fragment), closed)


def without_entities(url: str) -> str:
    """Of HTML, as far as they end with a semicolon: "&copy=1" is a parameter."""
    url = AND.sub("&", url)
    for _ in range(3):
        if "&" not in url or not ENTITY.search(url):
            break
        url = ENTITY.sub(lambda entity: unescape(entity[0]), url)
    return url.replace("\\u0026", "&")


def route(fragment: str) -> str:
    """Of a page that a script shows by the address's fragment: "#/loans" or "#!/loans", but not "#loans"."""
    shown = ESCAPED.sub(lambda found: unquote(found[0]), fragment.partition(":~:")[0]).partition("#")[0]
    if not ROUTE.fullmatch(shown):
        return ""
    path, _, query = shown.rstrip("/").partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and not is_tracking(pair))
    path = path.rstrip("/")
    if path in {"", "!"}:
        return f"#{path}/?{kept}" if kept else ""
    return f"#{path}" + (f"?{kept}" if kept else "")


def is_tracking(pair: str) -> bool:
    return is_tracking_name(unquote(pair.partition("=")[0])) or bool(
        AMP_PAIR.fullmatch(pair) or SESSION_PAIR.fullmatch(pair)
    )


@lru_cache(maxsize=1024)
def is_tracking_name(name: str) -> bool:
    return bool(TRACKING.fullmatch(name))


def place(host: str) -> str:
    """The host that stands for all hosts of the same place."""
    host = without_www(host)
    table = hosts()
    if host in table.places or host in table.separate:
        return table.places.get(host, host)
    for one in table.wildcards.get(registrable(host), ()):
        if match := one.hosts.fullmatch(host):
            return match.expand(one.becomes)
    kind, _, rest = host.partition(".")
    return rest if kind in MOBILE and rest == registrable(host) else host


def one_place(read: Read) -> Read:
    parts = read.parts
    given = parts.hostname or ""
    host = place(given)
    path = parts.path
    if SPECIAL.search(path):
        path = AMP.sub("", HOME.sub("/", SESSION.sub("", APPENDED.sub("", path))))
    pairs = [pair.replace("+", "%20") for pair in parts.query.split("&") if pair and not is_tracking(pair)]
    for one in rules(host):
        if match := one.path.search(path.rstrip("/")):
            host, path, pairs = applied(one, match, host, path, pairs)
    path, _, query = path.partition("?")
    netloc = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return Read(
        parts._replace(netloc=netloc + port, path=path, query="&".join([query, *pairs] if query else pairs)), read.route
    )


def rules(host: str) -> list[Rule]:
    table = hosts().pages
    if found := table.get(host):
        return found
    if ".blogspot." in host:
        return table["blogspot.*"]
    if host == registrable(host):
        return table.get(anywhere(host), [])
    return table.get(f"*.{registrable(host)}", [])


def applied(one: Rule, match: re.Match[str], host: str, path: str, pairs: list[str]) -> tuple[str, str, list[str]]:
    kept = [pair for pair in pairs if is_kept(one, unquote(pair.partition("=")[0]))]
    path = match.expand(one.becomes) if one.becomes is not None else path
    path = path.replace("%20", "_") if one.underscores else path
    return one.host or host, path.lower() if one.lower else path, kept


def is_kept(one: Rule, name: str) -> bool:
    return name not in one.drop and (one.keep is None or name in one.keep)


def is_own_search(parts: SplitResult) -> bool:
    """Whether it is a link to search further, as assistants add, which names no source."""
    host, query = parts.hostname or "", parse_qs(parts.query)
    if ASSISTANT.fullmatch(host):
        return "hints" in query or "q" in query
    if GOOGLE.fullmatch(host):
        return parts.path in {"/search", "/url"}
    return not query.keys().isdisjoint(("q", "p", "wd", "text", "query")) and bool(RESULTS.fullmatch(host + parts.path))


def joined(read: Read) -> str:
    parts = read.parts
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    kept = [pair for pair in parts.query.split("&") if pair and not is_tracking(pair)] if parts.query else []
    return f"https://{host}{port}{parts.path.rstrip('/')}" + ("?" + "&".join(kept) if kept else "") + read.route


TITLE_PARTS: Final = re.compile(r"\s[|\u2013\u2014\u00b7\u2022:-]\s|[()\[\]]")


def domain_in(title: str | None) -> str:
    """The host that a page's title consists of or names as its site, as "Loans | acme.com" does; "" if it has none."""
    parts = [part.strip() for part in TITLE_PARTS.split((title or "")[:500].lower())]
    named = {host for host in map(named_host, parts) if host}
    return named.pop() if len(named) == 1 else ""


def named_host(part: str) -> str:
    bare = SCHEME.sub("", part)
    if not BARE.match(bare) or " " in bare:
        return ""
    host = host_of(bare)
    return host if is_listed(host) or reserved(bare) else ""
