"""Makes wheels.txt anew: the wheels that exist for each version in constraints.txt, by the package index.

Run it after constraints.txt has changed: `python tests/wheel_list.py`. It asks the index that pip uses by default.
"""

import json
import urllib.request
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).parent
CONSTRAINTS = HERE.parent / "constraints.txt"
LIST = HERE / "wheels.txt"
INDEX = "https://pypi.org/simple"
JSON = "application/vnd.pypi.simple.v1+json"


def pinned() -> dict[str, str]:
    """Versions by normalised name, as in constraints.txt."""
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if line and not line.startswith("#")]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in found}


def files(name: str, version: str) -> list[str]:
    asked = urllib.request.Request(f"{INDEX}/{name}/", headers={"Accept": JSON})
    with urllib.request.urlopen(asked, timeout=60) as reply:
        listed = [one["filename"] for one in json.load(reply)["files"]]
    wheels = [one for one in listed if one.endswith(".whl") and one.split("-")[1] == version]
    sources = [one for one in listed if one.endswith(f"-{version}.tar.gz")]
    return sorted(wheels) or sorted(sources)


if __name__ == "__main__":
    LIST.write_text("".join(f"{file}\n" for name, version in pinned().items() for file in files(name, version)))
