"""How the program is named in what a reader is to type."""

import sys

from senso.cli.program import command


def test_a_path_with_a_space_can_be_typed_as_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "our tools" / "senso")])

    assert command() == f"'{tmp_path}/our tools/senso'"


def test_a_path_without_one_is_left_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "bin" / "senso")])
    monkeypatch.chdir(tmp_path)

    assert command() == "bin/senso"
