"""Bodies that nobody who means well sends, each with what it is: what `test_hostile_bodies` posts."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

ORG = "20000000-0000-4000-8000-000000000001"
OTHER = "20000000-0000-4000-8000-000000000002"
UNKNOWN = "00000000-0000-4000-8000-000000000001"
# An event with this id was accepted for ORG.
USED = "used"
FAR_OFF = 4_102_444_800_000  # the year 2100, in milliseconds


def event(**more: Any) -> dict[str, Any]:
    return {"name": "org.process", "data": {"org_id": ORG}} | more


def with_data(**more: Any) -> dict[str, Any]:
    return event(data={"org_id": ORG} | more)


# By what they are in JSON.
NO_TEXTS: dict[str, Any] = {
    "0": 0,
    "1": 1,
    "-1": -1,
    "1.5": 1.5,
    "true": True,
    "false": False,
    "[]": [],
    "{}": {},
    "a list": ["org.process"],
    "an object": {"name": "org.process"},
    "a large number": 10**30,
    "a long list": list(range(1000)),
}
NO_OBJECTS: dict[str, Any] = {
    "0": 0,
    "1": 1,
    "true": True,
    "1.5": 1.5,
    '""': "",
    "a text": "org_id",
    "a JSON text": '{"org_id": 1}',
    "[]": [],
    "a list": [{"org_id": ORG}],
}
NO_NAMES = (
    *("", " ", "org.proces", "ORG.PROCESS", "org.process ", " org.process", "org.process\n", "org.process\x00", "org"),
    *("org/process", "org.process.", ".org.process", "org..process", "inngest/function.finished", "*", "%", "__init__"),
    *(
        "org.process; DROP TABLE batches",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "\u202eorg.process",
        "ｏrg.process",
    ),
    *(
        "network.process",
        "org.missing.process",
        "null",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ),
    "x" * 10_000,
)
NO_IDS = (
    *(
        "",
        " ",
        "1",
        "null",
        "None",
        "undefined",
        "NaN",
        ORG[:-1],
        ORG + "0",
        ORG.replace("-", "_"),
        ORG.replace("-", "")[:-1],
    ),
    *("g" + ORG[1:], ORG + "\x00", "{" + ORG, ORG + "}", f"{ORG},{OTHER}", f"{ORG} {OTHER}", f"{ORG}\n{OTHER}"),
    *("' OR 1=1 --", "٢" + ORG[1:], "http://" + ORG, "../" + ORG, "0x" + ORG, ORG[:8], "x" * 10_000),
)
NO_SHORT_TEXTS = ("x" * 256, "a\x00b", "two\nlines", "\u2028", " ", "\ufeff", "a\x1bb", "a\x85b")
MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "a byte": b"\x00",
    "half an object": b'{"name": "org.process"',
    "half a text": b'{"name": "org.pro',
    "a comma too many": b'{"name": "org.process",}',
    "single quotes": b"{'name': 'org.process'}",
    "two documents": json.dumps(event()).encode() * 2,
    "more after it": json.dumps(event()).encode() + b"x",
    "a form": b"name=org.process&org_id=" + ORG.encode(),
    "XML": b"<name>org.process</name>",
    "YAML": b"name: org.process",
    "a comment": b"// an event\n" + json.dumps(event()).encode(),
    "NaN": b'{"name": "org.process", "ts": NaN}',
    "Infinity": b'{"name": "org.process", "ts": Infinity}',
    "-Infinity": b'{"name": "org.process", "ts": -Infinity}',
    "NaN in data": b'{"name": "org.process", "data": {"x": NaN}}',
    "a number of 5,000 digits": b'{"name": "org.process", "ts": ' + b"9" * 5000 + b"}",
    "a leading zero": b'{"name": "org.process", "ts": 01}',
    "a hexadecimal number": b'{"name": "org.process", "ts": 0x10}',
    "a key without quotes": b'{name: "org.process"}',
    "a control character": b'{"name": "org.\x01process"}',
    "a line break in a text": b'{"name": "org.\nprocess"}',
    "an escape that is none": b'{"name": "\\x"}',
    "half of a surrogate pair": b'{"name": "org.process", "id": "\\ud800"}',
    "surrogates in the wrong order": b'{"name": "org.process", "id": "\\udc00\\ud800"}',
    "a byte-order mark": b"\xef\xbb\xbf" + json.dumps(event()).encode(),
    "UTF-16": json.dumps(event()).encode("utf-16"),
    "UTF-32": json.dumps(event()).encode("utf-32"),
    "Latin-1": '{"name": "org.process", "id": "é"}'.encode("latin-1"),
    "a stray byte": b'{"name": "org.process\xff"}',
    "a stray continuation": b'{"name": "org.process\x80"}',
    "an overlong form": b'{"name": "org.process\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"name": "org.process\xed\xa0\x80"}',
    "beyond Unicode": b'{"name": "org.process\xf4\x90\x80\x80"}',
    "a cut character": b'{"name": "org.process\xe2\x82',
    "gzip": gzip.compress(json.dumps(event()).encode()),
    "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "every byte": bytes(range(256)) * 16,
    "brackets": b"[" * 100_000,
    "braces": b'{"a":' * 100_000,
    "deep lists": b"[" * 50_000 + b"]" * 50_000,
    "deep data": b'{"name": "org.process", "data": ' + b'{"a":' * 500 + b"1" + b"}" * 501,
    "a deep event": b"[" * 300 + json.dumps(event()).encode() + b"]" * 300,
}
TOO_LONG: dict[str, bytes] = {
    "10 MB of zeros": bytes(10_000_000),
    "10 MB of an id": b'{"name": "org.process", "id": "' + b"x" * 10_000_000 + b'"}',
    "10 MB of events": b"[" + b",".join([json.dumps(event()).encode()] * 120_000) + b"]",
    "a byte too many": json.dumps(event()).encode().ljust(1_000_001),
    "2,001 events": b"[" + b",".join([json.dumps(event()).encode()] * 2001) + b"]",
}


def wrong_types() -> Iterator[tuple[str, Any]]:
    for what in ('"org.process"', "0", "1.5", "true", "false", "null"):
        yield f"the body is {what}", json.loads(what)
    for what, value in NO_TEXTS.items():
        yield f"name is {what}", event(name=value)
        yield f"id is {what}", event(id=value)
        yield f"org_id is {what}", with_data(org_id=value)
        yield f"triggered_by is {what}", with_data(triggered_by=value)
        yield f"user_id is {what}", with_data(user_id=value)
    for what, value in NO_OBJECTS.items():
        yield f"data is {what}", event(data=value)
        yield f"the event is {what}", [value]
    for what in ("true", '"1763712000000"', "1.5", "[]", "{}", '"now"', '"2026-11-21T00:00:00Z"', "1e999"):
        yield (
            f"ts is {what}",
            b'{"name": "org.process", "data": {"org_id": "%s"}, "ts": %s}' % (ORG.encode(), what.encode()),
        )


def wrong_values() -> Iterator[tuple[str, Any]]:
    yield from ((f"name {name[:20]!r}", event(name=name)) for name in NO_NAMES)
    yield from ((f"org_id {text[:20]!r}", with_data(org_id=text)) for text in NO_IDS)
    for member in ("triggered_by", "user_id"):
        yield from ((f"{member} {text[:20]!r}", with_data(**{member: text})) for text in NO_SHORT_TEXTS)
    yield from ((f"id {text[:20]!r}", event(id=text)) for text in NO_SHORT_TEXTS)
    yield from ((f"ts {moment}", event(ts=moment)) for moment in (FAR_OFF, 10**30, 2**63))
    for member in ("name", "data"):
        yield f"without {member}", {name: value for name, value in event().items() if name != member}
    yield "without org_id", event(data={})
    yield "an org_id elsewhere", {"name": "org.process", "org_id": ORG, "data": {}}
    yield "no event", []
    yield "an event in a list in a list", [[event()]]


def replays() -> Iterator[tuple[str, Any]]:
    other = event(data={"org_id": OTHER})
    yield "an id of another org", other | {"id": USED}
    yield "the same by its other name", other | {"id": USED, "name": "org.evaluation.process"}
    yield "with spaces around", other | {"id": f" {USED}\u200b"}
    yield "beside a good one", [other, other | {"id": USED}]
    yield "one id for two orgs", [event(id="new"), other | {"id": "new"}]
    yield "an unknown org", event(data={"org_id": UNKNOWN})
    yield "good ones before a bad one", [*[event()] * 20, event(data={"org_id": UNKNOWN})]
    yield "a network's", {"name": "network.org.process", "data": {"network_id": ORG, "org_id": ORG}}


def bodies() -> dict[str, bytes]:
    made = {what: body for kind in (wrong_types(), wrong_values(), replays()) for what, body in kind}
    encoded = {what: one if isinstance(one, bytes) else json.dumps(one).encode() for what, one in made.items()}
    return {**MALFORMED, **encoded, **TOO_LONG}


BODIES = bodies()
