"""Who may control the sandbox: programs on this machine and the sandbox's own page.

It listens on the loopback address only, but every page that is open in a browser on the same machine can send it
requests, and a host name that points to 127.0.0.1 (DNS rebinding) makes them look like the sandbox's own.
"""

from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError

OWN_NAMES = ("127.0.0.1", "localhost")
READING = ("GET", "HEAD")


def require_own(request: HTTPServerRequest) -> None:
    """Raises HTTPError 403. Programs send no Origin; browsers do with every request that could change something."""
    if request.host_name not in OWN_NAMES:
        raise HTTPError(403, "the sandbox is asked for as 127.0.0.1 or localhost only")
    if request.method in READING:
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin not in (None, f"http://{request.host}") or site not in (None, "same-origin", "none"):
        raise HTTPError(403, "another site's page may not change the sandbox")
