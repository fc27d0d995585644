"""What the log of calls says of a reading: for whom an answer was read, and not the answer itself."""

import hashlib

from senso.sandbox.calls import Call
from senso.sandbox.reader import request_in


def note_reading(call: Call, user: str) -> bool:
    """False if nothing is to be read."""
    request = request_in(user)
    if request is None:
        return False
    names = [task.organisation for task in request.tasks]
    call.organisation = names[0] if len(names) == 1 else request.beside
    if call.organisation is None:
        call.organisations = names
    call.question = request.question or None
    call.answer = request.digest or hashlib.sha256(request.answer.encode(errors="surrogatepass")).hexdigest()[:12]
    return True
