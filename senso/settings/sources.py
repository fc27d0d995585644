"""Reads the given values from environment variables, secret files and lines of `.env`.

If a setting is given more than once, the first of these wins: NAME in the environment, NAME_FILE there, NAME in `.env`,
NAME_FILE there. An empty value counts as not given.
"""

import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv.parser import Binding, parse_stream

from senso.errors import ConfigError
from senso.settings.texts import cleaned

LONGEST_SECRET_BYTES: Final = 65_536


class Dotenv:
    """The path of `.env`, by default in the working folder. Tests and benchmarks set None: no file is read."""

    path: Path | None = Path(".env")


@dataclass(frozen=True, slots=True)
class Given:
    """`where` begins each message about the value: the variable, after file and line if it is set in `.env`."""

    text: str
    where: str


def given(names: Collection[str], filed: Collection[str]) -> dict[str, Given]:
    """Returns values by lower-case name. `filed`: names that may also be given as NAME_FILE. Raises ConfigError."""
    found: dict[str, Given] = {}
    for layer in layers(names):
        for name in names:
            if name in found and found[name].text:
                continue
            one = from_layer(layer, name, filed)
            if one is not None:
                found[name] = one
    return found


def layers(names: Collection[str]) -> tuple[Mapping[str, Given], Mapping[str, Given]]:
    """Names are case-insensitive; if two differ only in case, the upper-case one wins."""
    ours = {*names, *(f"{name}_file" for name in names)}
    variables = {name.lower(): Given(text, name.upper()) for name, text in sorted(os.environ.items(), reverse=True)}
    return {name: one for name, one in variables.items() if name in ours}, from_dotenv(ours)


def from_layer(layer: Mapping[str, Given], name: str, filed: Collection[str]) -> Given | None:
    here = layer.get(name)
    if here is not None and cleaned(here.text):
        return Given(cleaned(here.text), here.where)
    file = layer.get(f"{name}_file")
    if name in filed and file is not None and cleaned(file.text):
        text = cleaned(secret_file(Path(cleaned(file.text)), file.where))
        return Given(text, file.where.removesuffix("_FILE") if text else file.where)
    return None if here is None else Given("", here.where)


def secret_file(path: Path, where: str) -> str:
    """Raises ConfigError."""
    try:
        if is_no_file(path):
            raise ConfigError(f"{where}: {path} is a pipe or a device; name a regular file")
        with path.open("rb") as file:
            content = file.read(LONGEST_SECRET_BYTES + 1)
        if len(content) > LONGEST_SECRET_BYTES:
            raise ConfigError(f"{where}: {path} is longer than {LONGEST_SECRET_BYTES} bytes; is it the right file?")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{where}: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: {path} is not text") from None
    except ValueError:  # a NUL in the path
        raise ConfigError(f"{where}: no path of a file") from None


def is_no_file(path: Path) -> bool:
    """Whether it is a pipe or a device, where a read could block or never end. Raises OSError and ValueError."""
    mode = path.stat().st_mode
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def from_dotenv(ours: Collection[str]) -> dict[str, Given]:
    """Raises ConfigError for a line that cannot be parsed, and for one of our names that is ambiguous."""
    found: dict[str, Given] = {}
    for line, binding in bindings():
        name = (binding.key or "").lower()
        if name not in ours:
            continue
        where = f"{Dotenv.path}:{line}"
        if name in found:
            raise ConfigError(f"{where}: {name.upper()} is set a second time; keep one of the two lines")
        found[name] = Given(as_written(binding, where), f"{where}: {name.upper()}")
    return found


def as_written(binding: Binding, where: str) -> str:
    """Raises ConfigError if the parser changed the value: inside quotes, it reads a backslash as an escape."""
    text = binding.value or ""
    if text not in binding.original.string:
        raise ConfigError(f"{where}: {str(binding.key).upper()} has a backslash in quotes; write it without the quotes")
    return text


def bindings() -> list[tuple[int, Binding]]:
    """Each `NAME=value` of `.env` with its line number. `${NAME}` is not expanded. Raises ConfigError."""
    read = list(parse_stream(StringIO(dotenv_text())))
    numbered = [(line_of(one), one) for one in read]
    for line, one in numbered:
        if one.error:
            raise ConfigError(f"{Dotenv.path}:{line}: cannot be read; write NAME=value, a quote closed where it opened")
        if one.key and one.value is None:
            raise ConfigError(f"{Dotenv.path}:{line}: has no = in it; write NAME=value, or take the line away")
    return numbered


def line_of(binding: Binding) -> int:
    """The line of the name: a binding also includes the empty lines before it."""
    before = binding.original.string[: len(binding.original.string) - len(binding.original.string.lstrip())]
    return binding.original.line + before.count("\n")


def dotenv_text() -> str:
    if Dotenv.path is None:
        return ""
    try:
        if is_no_file(Dotenv.path):
            raise ConfigError(f"{Dotenv.path}: a pipe or a device; it must be a regular file")
        return Dotenv.path.read_text("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):  # some projects keep a virtual environment in a folder named .env
        return ""
    except UnicodeDecodeError:
        raise ConfigError(f"{Dotenv.path}: not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f"{Dotenv.path}: cannot read it: {error.strerror}") from None


def every_name() -> dict[str, str]:
    """Every variable that is not empty in the environment or in `.env`: its lower-case name and where it is set."""
    lines = {str(one.key).lower(): f"{Dotenv.path}:{line}: {one.key}" for line, one in bindings() if one.value}
    return lines | {name.lower(): name for name, text in os.environ.items() if text}
