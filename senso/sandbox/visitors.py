"""Who may turn what the sandbox does: programs and pages of this machine.

It listens on the loopback address only, but every page that is open in a browser on the same machine can send it
requests, and a name that its owner points at 127.0.0.1 makes them look like the sandbox's own.
"""

from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError

OWN_NAMES = ("127.0.0.1", "localhost")
READING = ("GET", "HEAD")


def require_own(request: HTTPServerRequest) -> None:
    """Raises HTTPError 403. Programs send no Origin; browsers send one with everything that could change something."""
    if request.host_name not in OWN_NAMES:
        raise HTTPError(403, "the sandbox is asked for as 127.0.0.1 or localhost only")
    if request.method in READING:
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin not in (None, f"http://{request.host}") or site not in (None, "same-origin", "none"):
        raise HTTPError(403, "another site's page may not change the sandbox")
