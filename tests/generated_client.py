"""A typed Python client, which openapi-python-client generates from our OpenAPI document.

`python tests/generated_client.py build/client` writes it there, for `pip install build/client`.
"""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from senso.api.application import application
from senso.api.context import Facts, Limits
from senso.api.events import Door
from senso.api.openapi import Json, document

FACTS = Facts(False, ("gpt-6-luna",), "gpt-6-luna", lambda name: False, 500, None)
DOCUMENT: Json = document(application(Door(None, lambda: None, 30), 2, Limits(600, 50), FACTS))
PACKAGE = "senso_workflows_client"
# Installed by `make test`, from tests/generator.txt, apart from all else.
GENERATOR = Path(sys.prefix, "generator")
PINNED = Path(__file__).with_name("generator.txt")
KEPT = Path(__file__).parents[1] / "build" / "clients"


def kept() -> Path:
    """A folder with PACKAGE, made anew when the document or the generator is another."""
    said = json.dumps(DOCUMENT) + PINNED.read_text()
    folder = KEPT / sha256(said.encode()).hexdigest()[:16]
    if not folder.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=KEPT) as beside:
            generate(Path(beside, "client"))
            Path(beside, "client").rename(folder)
    return folder


def generate(folder: Path) -> None:
    """Raises CalledProcessError also where a part of the document had to be left out."""
    with TemporaryDirectory() as beside:
        given = Path(beside, "openapi.json")
        given.write_text(json.dumps(DOCUMENT))
        options = ["--meta", "setup", "--fail-on-warning", "--overwrite", "--path", given, "--output-path", folder]
        subprocess.run([sys.executable, "-m", "openapi_python_client", "generate", *options], check=True, env=apart())


def apart() -> dict[str, str]:
    """With the generator's own libraries; it formats what it has made by the ruff beside Python."""
    return {
        **os.environ,
        "PYTHONPATH": str(GENERATOR),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
