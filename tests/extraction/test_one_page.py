"""Addresses of one page, and of pages that must stay two; wrappers."""

import time

import pytest

from senso.extraction.citations import canonical, cite
from senso.extraction.citations.tables import hosts
from senso.providers import Source

SAME = [
    ("https://a.example/p?x=1&amp;utm_source=z", "https://a.example/p?x=1"),
    ("https://a.example/p?x=1&#38;y=2", "https://a.example/p?x=1&y=2"),
    ("https://a.example/p?x=1&amp;amp;y=2", "https://a.example/p?x=1&y=2"),
    ("https://www.a.example/p", "https://a.example/p"),
    ("https://m.a.example/p", "https://a.example/p"),
    ("https://mobile.a.example/p", "https://a.example/p"),
    ("https://m.youtube.com/watch?v=Ab", "https://www.youtube.com/watch?v=Ab"),
    ("https://www.youtube.com/watch?v=Ab&t=44s", "https://youtube.com/watch?v=Ab"),
    ("https://www.youtube.com/watch?feature=share&v=Ab-_1&list=PL1&index=2", "https://youtu.be/Ab-_1?si=x"),
    ("https://www.youtube.com/embed/dQw4w9WgXcQ?start=3", "https://youtu.be/dQw4w9WgXcQ?t=3"),
    ("https://www.youtube.com/shorts/dQw4w9WgXcQ", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
    ("https://dx.doi.org/10.1000/XY", "https://doi.org/10.1000/xy"),
    ("http://www.arxiv.org/pdf/2401.00001v2.pdf", "https://arxiv.org/abs/2401.00001v2"),
    ("https://arxiv.org/pdf/hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
    ("https://amp.a.example/p", "https://a.example/p"),
    ("https://a.example/p/amp", "https://a.example/p"),
    ("https://a.example/p/amp/", "https://a.example/p/"),
    ("https://a.example/amp/p", "https://a.example/p"),
    ("https://a.example/p?amp=1", "https://a.example/p"),
    ("https://a.example/p?amp", "https://a.example/p"),
    ("https://a.example/p?id=3&outputType=amp", "https://a.example/p?id=3"),
    ("https://a.example/p.amp.html", "https://a.example/p.html"),
    ("https://www.google.com/amp/s/www.a.example/p/amp", "https://a.example/p"),
    ("https://www.google.co.uk/amp/a.example/p", "https://a.example/p"),
    ("https://www-a-example.cdn.ampproject.org/c/s/www.a.example/p", "https://a.example/p"),
    ("https://cdn.ampproject.org/v/s/a.example/p?amp_js_v=0.1", "https://a.example/p?amp_js_v=0.1"),
    ("https://a.example/p/index.html", "https://a.example/p/"),
    ("https://a.example/index.php", "https://a.example"),
    ("https://a.example/Default.aspx", "https://a.example/"),
    ("https://a.example/p;jsessionid=A1B2?x=1", "https://a.example/p?x=1"),
    ("https://a.example/p?PHPSESSID=a1", "https://a.example/p"),
    ("https://a.example/#section", "https://a.example/"),
    ("https://a.example/#:~:text=low%20rates", "https://a.example/"),
    ("https://a.example/#/", "https://a.example/"),
    ("https://a.example/#/loans/?utm_source=x", "https://a.example/#/loans"),
    ("https://a.example/#/loans:~:text=x", "https://a.example/#/loans"),
    ("https://en.m.wikipedia.org/wiki/Acme", "https://en.wikipedia.org/wiki/Acme#History"),
    ("https://m.facebook.com/acme", "https://www.facebook.com/acme?mibextid=x&__tn__=-R"),
    ("https://web.facebook.com/acme", "https://fb.com/acme"),
    ("https://old.reddit.com/r/loans", "https://www.reddit.com/r/loans/"),
    ("https://np.reddit.com/r/a/comments/1ab2/the_title/", "https://new.reddit.com/r/a/comments/1ab2?rdt=4"),
    ("https://twitter.com/acme/status/12?s=20", "https://x.com/acme/status/12/photo/1"),
    ("https://mobile.twitter.com/acme", "https://x.com/acme"),
    (
        "https://www.amazon.de/Kettle-Steel/dp/B0ABCDEF12/ref=sr_1_3?tag=x",
        "https://amazon.de/gp/product/B0ABCDEF12?th=1",
    ),
    ("https://www.amazon.co.jp/-/en/dp/B0ABCDEF12", "https://www.amazon.co.jp/dp/B0ABCDEF12/"),
    ("https://uk.linkedin.com/company/acme", "https://www.linkedin.com/company/acme/"),
    ("https://a.example:443/%7euser/%c3%a9", "http://a.example:80/~user/%C3%A9"),
    ("https://www.instagram.com/reel/C1a2b3c4d5e/?igsh=1", "https://instagram.com/p/C1a2b3c4d5e/"),
    ("https://www.ncbi.nlm.nih.gov/pubmed/123456", "https://pubmed.ncbi.nlm.nih.gov/123456/"),
    ("https://stackoverflow.com/questions/11/how-to", "https://stackoverflow.com/q/11"),
    ("https://a.blogspot.com/2020/p.html?m=1", "https://a.blogspot.com/2020/p.html"),
    ("https://m.blog.naver.com/acme/1", "https://blog.naver.com/acme/1"),
    ("https://a.example/p?x=1&amp%3Butm_source=z", "https://a.example/p?x=1"),
    ("https://a.example/p?x=1&amp;amp;amp;amp;amp;utm_source=z", "https://a.example/p?x=1"),
    ("https://a.example/p?WT.mc_id=x&guccounter=1&_branch_match_id=2&icid=3", "https://a.example/p"),
    ("https://a.example/p?q=low+rates", "https://a.example/p?q=low%20rates"),
    ("https://a.example/p\u200b", "https://a.example/p"),
    ("https://a.example/p/amp.html", "https://a.example/p"),
    ("https://a.example/p?usqp=mq331AQ&amp_gsa=1", "https://a.example/p"),
    ("https://a.example/p?session_id=0123456789abcdef", "https://a.example/p"),
    ("https://a.example/#/loans#rates", "https://a.example/#/loans"),
    ("https://a.example/#%2Floans", "https://a.example/#/loans"),
    ("https://doi.org/10.1000%2FXY", "https://doi.org/doi:10.1000/xy"),
    ("https://x.com/Acme", "https://twitter.com/acme"),
    ("https://www.instagram.com/Acme.Bank/", "https://instagram.com/acme.bank?hl=en"),
    ("https://www.youtube.com/@Acme/videos", "https://youtube.com/@acme/videos?app=desktop"),
    ("https://www.tiktok.com/@Acme/video/12", "https://tiktok.com/@acme/video/12"),
    ("https://www.linkedin.com/company/Acme/?rcm=1", "https://linkedin.com/company/acme"),
    ("https://www.reddit.com/r/Loans", "https://reddit.com/r/loans"),
    ("https://github.com/Acme/Tool.git", "https://github.com/acme/tool?tab=readme-ov-file"),
    ("https://music.youtube.com/watch?v=Ab", "https://youtu.be/Ab"),
    ("https://en.wikipedia.org/wiki/Acme?wprov=sfla1", "https://en.m.wikipedia.org/wiki/Acme"),
    ("https://a.substack.com/p/t?r=1&showWelcomeOnShare=true", "https://a.substack.com/p/t"),
    ("https://medium.com/@a/t-0123456789ab?source=rss", "https://medium.com/@a/t-0123456789ab"),
    ("https://uk.trustpilot.com/review/www.acme.com", "https://www.trustpilot.com/review/acme.com"),
    ("https://itunes.apple.com/us/app/acme/id123456?mt=8", "https://apps.apple.com/us/app/id123456"),
    ("https://a.example/p&utm_source=chatgpt.com", "https://a.example/p"),
    ("https://a.example/p?x=1&utm-source=2&hsCtaTracking=3&rb_clickid=4&sca_esv=5", "https://a.example/p?x=1"),
    ("https://wap.a.example/p", "https://touch.a.example/p"),
    ("https://a.example/p?mode=amp", "https://a.example/p?noamp=mobile"),
    ("https://en.wikipedia.org/wiki/Acme%20Bank", "https://en.m.wikipedia.org/wiki/Acme_Bank"),
    ("https://de.pinterest.com/pin/123/", "https://www.pinterest.co.uk/pin/123"),
    ("https://amzn.com/B0ABCDEF12", "https://www.amazon.com/dp/B0ABCDEF12"),
    ("https://stackoverflow.com/a/11/22", "https://stackoverflow.com/a/11"),
    ("https://amp.cnn.com/cnn/2024/01/02/x", "https://www.cnn.com/2024/01/02/x"),
    ("https://www.quora.com/What-is?share=1", "https://quora.com/What-is"),
    ("https://www.msn.com/en-us/money/x?ocid=a&cvid=b", "https://msn.com/en-us/money/x"),
    ("https://nitter.net/acme/status/1", "https://x.com/acme/status/1"),
]
DIFFERENT = [
    ("https://a.example/#/loans", "https://a.example/#/cards"),
    ("https://a.example/#!/loans", "https://a.example/#!/cards"),
    ("https://groups.google.com/forum/#!topic/a/1", "https://groups.google.com/forum/#!topic/a/2"),
    ("https://a.example/#/p?id=1", "https://a.example/#/p?id=2"),
    ("https://www.youtube.com/watch?v=Ab", "https://www.youtube.com/watch?v=aB"),
    ("https://www.youtube.com/playlist?list=A", "https://www.youtube.com/playlist?list=B"),
    ("https://arxiv.org/abs/2401.00001v1", "https://arxiv.org/abs/2401.00001v2"),
    ("https://en.wikipedia.org/wiki/Acme", "https://de.wikipedia.org/wiki/Acme"),
    ("https://shop.a.example/p", "https://a.example/p"),
    ("https://m.b.a.example/p", "https://a.example/p"),
    ("https://a.example/amp", "https://a.example/"),
    ("https://a.example/amps/p", "https://a.example/p"),
    ("https://a.example/example/p", "https://a.example/p"),
    ("https://a.example/champ", "https://a.example/ch"),
    ("https://a.example/p?camp=1", "https://a.example/p"),
    ("https://a.example/my-index.html", "https://a.example/my-"),
    ("https://a.example/en/p", "https://a.example/de/p"),
    ("https://www.amazon.de/dp/B0ABCDEF12", "https://www.amazon.com/dp/B0ABCDEF12"),
    ("https://www.amazon.de/dp/B0ABCDEF12", "https://www.amazon.de/product-reviews/B0ABCDEF12"),
    ("https://x.com/acme/status/12", "https://x.com/acme/status/13"),
    ("https://mobile.free.fr/forfait", "https://free.fr/forfait"),
    ("https://a.example/p?copy=1&copyright=2", "https://a.example/p?copy=1"),
    ("https://www.reddit.com/r/a/comments/1ab2/t/c9", "https://www.reddit.com/r/a/comments/1ab2/t/c8"),
    ("https://de-de.facebook.com/acme", "https://fr-fr.facebook.com/acme"),
    ("https://a.example:8443/p", "https://a.example/p"),
    ("https://a.example/p?session_id=12", "https://a.example/p?session_id=13"),
    ("https://a.example/#/?id=1", "https://a.example/#/?id=2"),
    ("https://a.example/#%2Floans", "https://a.example/#%2Fcards"),
    ("https://a.example/p?q=a%2Bb", "https://a.example/p?q=a+b"),
    ("https://youtube.com/channel/UCab", "https://youtube.com/channel/UCAB"),
    ("https://a.example/p&category=1", "https://a.example/p"),
    ("https://a.example/p?ocid=1", "https://a.example/p?ocid=2"),
    ("https://a.example/A%20B", "https://a.example/A_B"),
    ("https://wap.b.a.example/p", "https://a.example/p"),
    ("https://github.com/a/b/blob/main/A.md", "https://github.com/a/b/blob/main/a.md"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_are_one_page(one, other):
    assert canonical(one) == canonical(other) is not None


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_these_may_be_two_pages(one, other):
    assert None not in {canonical(one), canonical(other)}
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("url", sorted({url for pair in (*SAME, *DIFFERENT) for url in pair}))
def test_the_canonical_address_is_its_own(url):
    assert canonical(canonical(url)) == canonical(url)


WRAPPED = [
    "https://www.google.com/url?sa=t&amp;url=https%3A%2F%2Facme.com%2Floans&amp;usg=x",
    "https://www.google.de/imgres?imgurl=https://i.example/x.png&imgrefurl=https://acme.com/loans",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Facme.com%2Floans%3Ffbclid%3Dx&h=AT1",
    "https://lm.facebook.com/l.php?u=https%3A%2F%2Facme.com%2Floans",
    "https://l.instagram.com/?u=https%3A%2F%2Facme.com%2Floans&e=A",
    "https://out.reddit.com/t3_1?url=https%3A%2F%2Facme.com%2Floans&token=x",
    "https://t.umblr.com/redirect?z=https%3A%2F%2Facme.com%2Floans&t=x",
    "https://www.linkedin.com/redir/redirect?url=https%3A%2F%2Facme%2Ecom%2Floans&urlhash=x",
    "https://slack-redir.net/link?url=https%3A%2F%2Facme.com%2Floans",
    "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Facme.com%2Floans&data=05%7C",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__acme.com_loans&d=DwM",
    "https://urldefense.com/v3/__https://acme.com/loans__;!!AbC!x$",
    "https://urldefense.com/v3/__https://acme.com/loans*top__;Iw!!AbC!x$",
    "https://www.bing.com/ck/a?!&&p=1&u=a1aHR0cHM6Ly9hY21lLmNvbS9sb2Fucw&ntb=1",
    "https://duckduckgo.com/l/?uddg=https%3A%2F%2Facme.com%2Floans&rut=x",
    "https://yandex.ru/clck/jsredir?from=x&url=https%3A%2F%2Facme.com%2Floans",
    "https://r.search.yahoo.com/_ylt=A/RV=2/RE=1/RO=10/RU=https%3a%2f%2facme.com%2floans/RK=2/RS=x-",
    "https://web.archive.org/web/20200101000000/https://acme.com/loans",
    "https://web.archive.org/web/2020*/acme.com/loans",
    "https://web.archive.org/web/20200101000000id_/http://www.acme.com:80/loans",
    "https://archive.ph/2023.01.01-010203/https://acme.com/loans",
    "https://acme-com.translate.goog/loans?_x_tr_sl=en&_x_tr_tl=de",
    "https://translate.google.com/translate?sl=en&tl=de&u=https://acme.com/loans",
    "https://proxy.lib.example.edu/login?url=https://acme.com/loans",
    "https://acme-com.ezproxy.lib.example.edu/loans",
    "https://acme.com.proxy.lib.example.edu/loans",
    "https://www.youtube.com/redirect?event=v&q=https%3A%2F%2Facme.com%2Floans",
    "https://link.zhihu.com/?target=https%3A//acme.com/loans",
    "https://webcache.googleusercontent.com/search?q=cache:Ab1:https://acme.com/loans+loans&hl=en",
    "https://href.li/?https://acme.com/loans",
    "https://r.jina.ai/https://acme.com/loans",
    "https://vk.com/away.php?to=https%3A%2F%2Facme.com%2Floans",
    "https://images.google.com/imgres?imgurl=https://i.example/x.png&imgrefurl=https://acme.com/loans",
    "https://maps.google.co.uk/url?q=https://acme.com/loans",
    "https://www.google.com/amp/s/acme.com/loans%3Famp=1",
    "https://m.facebook.com/l.php?u=https://acme.com/loans",
    "https://www.facebook.com/sharer/sharer.php?u=https://acme.com/loans",
    "https://twitter.com/intent/tweet?url=https://acme.com/loans",
    "https://www.linkedin.com/sharing/share-offsite/?url=https://acme.com/loans",
    "https://cn.bing.com/ck/a?u=a1aHR0cHM6Ly9hY21lLmNvbS9sb2Fucw",
    "https://www.bing.com/news/apiclick.aspx?ref=x&url=https%3a%2f%2facme.com%2floans",
    "https://html.duckduckgo.com/l/?uddg=https%3A%2F%2Facme.com%2Floans",
    "https://adclick.g.doubleclick.net/pcs/click?xai=1&adurl=https://acme.com/loans",
    "https://ad.doubleclick.net/ddm/clk/1;2;x?https://acme.com/loans",
    "https://web.archive.org/save/https://acme.com/loans",
    "https://web.archive.org/http://acme.com/loans",
    "https://webarchive.nationalarchives.gov.uk/ukgwa/20200101/https://acme.com/loans",
    "https://rd.yahoo.co.jp/x/*https://acme.com/loans",
    "https://jump.5ch.net/?https://acme.com/loans",
    "https://weibo.cn/sinaurl?u=https%3A%2F%2Facme.com%2Floans",
    "https://away.vk.com/away.php?to=https%3A%2F%2Facme.com%2Floans",
    "https://disq.us/url?url=https%3A%2F%2Facme.com%2Floans%3AaBcDeF_12&cuid=1",
    "https://go.redirectingat.com?id=1&url=https%3A%2F%2Facme.com%2Floans",
    "https://deref-gmx.net/mail/client/x/dereferrer/?redirectUrl=https%3A%2F%2Facme.com%2Floans",
    "https://mp.weixinbridge.com/mp/wapredirect?url=https%3A%2F%2Facme.com%2Floans&action=x",
    "https://www.jianshu.com/go-wild?ac=2&url=https%3A%2F%2Facme.com%2Floans",
    "https://acme.onelink.me/Ab1?pid=x&af_web_dp=https%3A%2F%2Facme.com%2Floans",
    "https://acme.app.link/?$desktop_url=https%3A%2F%2Facme.com%2Floans",
    "https://medium.com/m/global-identity-2?redirectUrl=https%3A%2F%2Facme.com%2Floans",
    "https://acme.sjv.io/c/1/2/3?u=https%3A%2F%2Facme.com%2Floans",
    "https://www.startpage.com/do/proxy?u=https%3A%2F%2Facme.com%2Floans",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%253A%252F%252Facme.com%252Floans",
]


@pytest.mark.parametrize("url", WRAPPED)
def test_the_page_behind_a_wrapper_is_cited(url):
    (found,) = cite([Source(url=url, title=None, position=1, cited=True)]).citations

    assert found.canonical_url == "https://acme.com/loans"
    assert found.registrable_domain == "acme.com"


VERTEX = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/AbF9wXE"


@pytest.mark.parametrize(
    ("url", "title", "domain"),
    [
        (VERTEX, "acme.com", "acme.com"),
        (VERTEX, "www.Acme.co.uk", "acme.co.uk"),
        (VERTEX, "Loans - acme.com", "acme.com"),
        (VERTEX, "Loans | loans.acme.com", "acme.com"),
        (VERTEX, "acme.example", "acme.example"),
        (VERTEX, "https://www.acme.com/", "acme.com"),
        (VERTEX, "Acme loans", ""),
        (VERTEX, "How to use node.js", ""),
        (VERTEX, "acme.com - globex.com", ""),
        (VERTEX, None, ""),
        ("https://bit.ly/3abc", None, ""),
        ("https://l.facebook.com/l.php?h=AT1", None, ""),
        ("https://www.baidu.com/link?url=Ab_1", "Acme", ""),
        ("https://feedproxy.google.com/~r/acme/~3/x", "acme.com", "acme.com"),
        ("https://perma.cc/AB12-CD34", None, ""),
        ("https://acme.onelink.me/Ab1", None, ""),
        ("https://www.mimecast.com/blog/x", None, "mimecast.com"),
        ("https://news.google.com/rss/articles/CBMi1", "acme.com", "acme.com"),
    ],
)
def test_what_hides_its_page_is_never_credited_to_the_wrapper(url, title, domain):
    (found,) = cite([Source(url=url, title=title, position=1, cited=True)]).citations

    assert found.registrable_domain == domain
    assert found.category is None


def test_a_wrapper_within_a_wrapper_without_end_is_not_followed():
    url = "https://acme.com/loans"
    for _ in range(9):
        url = f"https://l.facebook.com/l.php?u={url}"

    (found,) = cite([Source(url=url, title=None, position=1, cited=True)]).citations
    assert found.registrable_domain == ""


HOSTILE = [
    "(",
    "%",
    "&amp;",
    "/amp",
    "//",
    "__",
    "#!/",
    "https://",
    "a.",
    "-",
    ";jsessionid=",
    "[",
    "\u3010",
    "=&",
    "?",
    "@:",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("start", ["https://a.example/", "https://www.google.com/url?q=", "https://proxy.a.example/"])
def test_a_long_address_takes_no_time(start, piece):
    for length in (2_000, 8_000, 100_000):
        url = start + piece * (length // len(piece))
        before = time.process_time()
        canonical(url)
        assert time.process_time() - before < 1


def test_the_table_of_hosts_is_sound():
    table = hosts()

    assert not table.separate & set(table.places)
    assert not set(table.places.values()) & set(table.places)
