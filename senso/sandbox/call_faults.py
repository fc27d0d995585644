"""Faults that every vendor has: of any call, of an answer, of a reading."""

# What can happen to any call, before the work is done.
CALL = {
    "400": "400: the request is wrong",
    "401": "the key is refused",
    "404": "404: the model or the address does not exist",
    "410": "410: what was asked for is gone for good",
    "429": "the rate limit is reached; `retry_after=N` says after how many seconds to come back",
    "429-quota": "the account has no money left",
    "429-too-large": "this one request is too large",
    "500": "an internal error",
    "502": "a proxy's HTML page with status 502",
    "503": "overloaded; with `retry_after=N` it says when to come back",
    "drop": "the connection is cut at once, without a reply",
    "hang": "no reply for `seconds=N` (3600 if not said), then the connection is cut",
    "slow": "the reply comes `seconds=N` (3600 if not said) later, and is in order",
    "malformed": "status 200 with a body that is broken JSON",
    "page": "status 200 with an HTML page in place of the reply",
    "cut-within": "status 200, and the connection is cut in the middle of the reply",
}

# The work is done, and the reply is lost.
LATE = {"drop-after": "the work is done, then the connection is cut without a reply"}

# Faults of an answer, which is made and paid for.
ANSWER = {
    "refusal": "the model refuses to answer",
    "length": "the answer is cut off in the middle: its tokens ran out",
    "empty": "the answer has no text",
    "null-texts": "every text of the answer is null",
    "long": "the answer is longer by a megabyte",
}
TWO_MESSAGES = {"two-messages": "a commentary, then two messages"}
READING = {
    "malformed": "the reading is no JSON, in a reply that is in order",
    "refusal": "the model refuses to read",
    "length": "the reading is cut off in the middle: its tokens ran out",
    "empty": "the reading has no text: all tokens went into thinking",
}
