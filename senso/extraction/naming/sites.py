"""Which websites are an org's own, and which are its pages on somebody's platform."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from iso3166 import countries_by_alpha2
from tldextract import TLDExtract

# ISO 639-1.
LANGUAGES = frozenset(
    re.findall(
        r"\w+",
        """
        aa ab af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
        en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it
        iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt
        my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl
        sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo
        za zh zu
        """,
    )
)
REGIONS = frozenset(code.lower() for code in countries_by_alpha2) | {"uk", "eu", "global", "int", "intl", "emea"}
SCRIPTS = frozenset({"hans", "hant", "latn", "cyrl", "419", "001", "150"})
# Pages on these belong to their members, whatever the path looks like.
PLATFORMS = re.compile(
    r"(?:.*\.)?(?:facebook|fb|instagram|threads|twitter|x|linkedin|youtube|tiktok|pinterest|snapchat|reddit|tumblr|"
    r"whatsapp|telegram|t|vk|ok|weibo|xing|discord|twitch|quora|medium|substack|patreon|github|gitlab|bitbucket|npmjs|"
    r"pypi|apple|google|amazon|ebay|etsy|aliexpress|alibaba|taobao|tmall|rakuten|mercadolibre|allegro|zalando|yelp|"
    r"tripadvisor|trustpilot|g2|capterra|glassdoor|indeed|crunchbase|bloomberg|wikipedia|linktr|about|notion|"
    r"wordpress|blogspot|wixsite|weebly|squarespace|behance|dribbble|opentable|booking|airbnb|doordash|ubereats|"
    r"bbb|yellowpages|nextdoor|meetup|eventbrite|vimeo|soundcloud|spotify|shopify|myshopify|wix|webflow|jimdo|"
    r"naver|kakao|line|note|qiita|zhihu|bilibili)"
    r"\.(?:[a-z]{2,5})(?:\.[a-z]{2})?"
)
START_PAGE = re.compile(r"(?:index|default|home|start|main|welcome)(?:\.\w{2,5})?")
# Private suffixes count: acme.github.io is a member's.
SUFFIXES = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
MOST_SEGMENTS = 3


def domains(websites: Iterable[str]) -> list[str]:
    """Hosts without "www."; skips a page on a platform (facebook.com/acme), but not a site's start page in a language
    (acme.com/en-us/)."""
    found = [host for website in websites if (host := own_host(website))]
    return list(dict.fromkeys(found))


def labels(websites: Iterable[str]) -> frozenset[str]:
    """Of each of the org's domains, the name that it registered: "acme-bank" of www.acme-bank.co.uk."""
    return frozenset(map(label, domains(websites)))


def label(host: str) -> str:
    """On a platform, the name of the member: "acme" of acme.wordpress.com."""
    found = SUFFIXES(host)
    if not found.suffix:
        return host.rpartition(".")[0].rpartition(".")[2] or host
    if found.subdomain and PLATFORMS.fullmatch(host):
        return found.subdomain.rpartition(".")[2]
    return found.domain or host.partition(".")[0]


def own_host(website: str) -> str | None:
    parts = urlsplit(website if "://" in website else f"https://{website}")
    host, segments = parts.hostname or "", [one for one in parts.path.lower().split("/") if one]
    if segments and (PLATFORMS.fullmatch(host) or not is_start_page(segments)):
        return None
    return host.removeprefix("www.") or None


def is_start_page(segments: Sequence[str]) -> bool:
    """Whether a path only says which language or country of the whole site is shown."""
    *first, last = segments
    if len(segments) > MOST_SEGMENTS or not all(map(is_locale, first)):
        return False
    return is_locale(last) or START_PAGE.fullmatch(last) is not None


def is_locale(segment: str) -> bool:
    """As en, en-us, us-en, pt_BR, zh-hans-cn, us, global."""
    first, *more = re.split("[-_]", segment)
    is_known = first in LANGUAGES | REGIONS and all(one in LANGUAGES | REGIONS | SCRIPTS for one in more)
    return is_known and len(more) < MOST_SEGMENTS
