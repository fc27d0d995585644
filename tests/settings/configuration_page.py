"""`docs/configuration.md` and `.env.example`: what the settings say of themselves."""

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from senso.settings.variable_list import Variable, variables

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT / ".env.example"
HEAD = """\
# Every setting

All settings are variables of the environment; `.env` of the working folder may hold them too, and
[.env.example](../.env.example) is one with all of them commented out. Nothing need be set to try the product out; what
production needs is in [production.md](production.md). This page and `.env.example` are made from the settings
themselves: `WRITE_CONFIGURATION=1 python -m pytest tests/settings/test_configuration.py`.

**What counts when a thing is given twice:** the variable in the environment, then the file that `NAME_FILE` in the
environment names, then the line in `.env`, then `NAME_FILE` in `.env`. What is empty counts as not given. Names may be
written in small letters.

**Files.** What says yes under "file" may stand in a file instead, as in
`OPENAI_API_KEY_FILE=/run/secrets/openai_api_key`. The file is UTF-8 and holds the value alone, in one line. It, and
`.env`, is a regular file or a link to one: a pipe could let every command wait.

**Values** are taken as written. White space, line breaks, byte-order marks and other invisible characters around one
are taken away. Refused, with the name of the variable and never the value: quotes that nothing has taken away, a second
line, control characters; in keys also spaces, invisible characters, and what is not ASCII.

**`.env`** has one `NAME=value` a line; `export` before it is allowed. A `#` after a space begins a comment. Quotes
around a value are taken away; inside them a backslash is refused, since it could mean two things. Nothing is put into
`${...}`. A line that cannot be read, that has no `=`, or that sets a name a second time, is refused with its number.

`senso doctor` says which of these are set, which are set and not used, and which names are nearly one of these.
"""
UNUSED = """\

## Accepted, and not used by this version

Names of parts to come, and of what this product replaces: an environment made for them starts this version, and
`senso doctor` says of each "set, not used by this version".
"""
RETIRED = """\

## No longer used

Accepted, so that an environment made for a former version starts this one; `senso doctor` says so of each.

| variable | instead |
|---|---|
"""
REFUSED = """\

## Refused

Each promises a limit or a protection. A program that does not keep the promise must not take the setting.

| variable | why |
|---|---|
"""


def page() -> str:
    by_use = {use: [one for one in variables() if one.use == use] for use in ("used", "unused", "retired", "refused")}
    parts = [HEAD]
    parts += [f"\n## {title}\n{table(group)}" for title, group in sections(by_use["used"])]
    parts += [UNUSED, table(by_use["unused"]), RETIRED]
    parts += [f"| `{one.name}` | {one.meaning} |\n" for one in by_use["retired"]]
    parts += [REFUSED]
    parts += [f"| `{one.name}` | {one.meaning} |\n" for one in by_use["refused"]]
    return "".join(parts)


def sections(found: Iterable[Variable]) -> Iterator[tuple[str, list[Variable]]]:
    yield from ((title, list(group)) for title, group in groupby(found, lambda one: one.section))


def table(found: Iterable[Variable]) -> str:
    rows = [f"| {' | '.join(cells(one))} |" for one in found]
    return "\n".join(["", "| variable | default | what it is | secret | file |", "|---|---|---|---|---|", *rows, ""])


def cells(one: Variable) -> list[str]:
    default = f"`{one.default}`" if one.default else ""
    return [f"`{one.name}`", default, one.meaning, "yes" if one.secret else "", "yes" if one.filed else ""]


EXAMPLE_HEAD = """\
# Every setting, with its default. To set one, copy this file to `.env` and take away the # before its name.
# A variable of the environment goes before a line of `.env`. Values stand as written; nothing is put into ${...}.
# A secret may stand in a file instead: OPENAI_API_KEY_FILE=/run/secrets/openai_api_key. More: docs/configuration.md.
"""


def example() -> str:
    used = [one for one in variables() if one.use == "used"]
    parts = [EXAMPLE_HEAD]
    parts += [f"\n# === {title} ===\n" + "".join(map(entry, group)) for title, group in sections(used)]
    idle = [one for one in variables() if one.use == "unused"]
    parts += [
        "\n# === Accepted, and not used by this version ===\n\n",
        *(f"#{one.name}={one.default}\n" for one in idle),
    ]
    return "".join(parts)


def entry(one: Variable) -> str:
    meaning = f"{one.meaning[0].upper()}{one.meaning[1:]}.{' A secret.' if one.secret else ''}"
    return textwrap.indent(textwrap.fill(meaning, 116), "# ", lambda _: True) + f"\n#{one.name}={one.default}\n"
