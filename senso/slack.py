"""Messages to people: Slack's incoming webhook.

The address is the only credential, so it is in no error. Facts (docs.slack.dev, read in November 2026): `&`, `<`
and `>` are escaped and nothing else; the text of a block holds up to 3,000 characters; with `verbatim` nothing in it
becomes a link; about one message a second is taken, and 429 says in Retry-After when to come back.
"""

from typing import Final
from urllib.parse import urlsplit

from yarl import URL

from senso.errors import Malformed, Unavailable
from senso.http import SUCCESS, Response, failure, proxy_for

SERVICE: Final = "Slack"
ACCEPTED: Final = "ok"
MOST_CHARACTERS: Final = 3000
CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 10
# Of the answer: it is a word, such as `ok` or `no_service`.
MOST_BYTES: Final = 2000


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def body(text: str) -> dict[str, object]:
    """`text` is escaped already. Its first line is what a notification shows."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    return {
        "text": text.partition("\n")[0],
        "blocks": [section],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def post(url: str, text: str) -> str:
    """What Slack answered. Raises an OutsideError, which does not contain the address.

    `text`: escaped, at most MOST_CHARACTERS.
    """
    import requests  # noqa: PLC0415  takes a tenth of a second, and few programs send

    proxy = proxy_for(URL(url))
    try:
        with requests.Session() as session:
            session.trust_env = False  # the proxy is a setting, and no login comes from a .netrc
            with session.post(
                url,
                json=body(text),
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
                stream=True,
                proxies={"https": proxy} if proxy else None,
            ) as reply:
                content = next(reply.iter_content(MOST_BYTES), b"")
    # The library's messages, and those of the errors behind them, contain the address.
    except requests.Timeout:
        raise Unavailable(SERVICE, "did not answer in time") from None
    except (requests.RequestException, OSError, ValueError) as error:
        raise Unavailable(SERVICE, f"the connection failed: {type(error).__name__}") from None
    answer = Response(reply.status_code, reply.headers, content, secrets_of(url))
    if answer.status_code not in SUCCESS:
        raise failure(SERVICE, answer) from None
    if answer.text.strip() != ACCEPTED:
        raise Malformed(SERVICE, f"its answer is not {ACCEPTED}", status=answer.status_code)
    return ACCEPTED


def secrets_of(url: str) -> tuple[str, ...]:
    path = urlsplit(url).path
    return (url, path, path.rpartition("/")[2])
