"""A command in this process: as its user meets it, without the second that a process of its own takes."""

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from senso import log
from senso.cli import main, printing


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


class Shell:
    """`senso("status", batch)`; `senso.columns(60)` makes the terminal narrow."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        monkeypatch.setattr(log, "configure", lambda *_: None)  # handlers on a captured stderr outlive the test
        self.columns(100)

    def columns(self, number: int) -> None:
        for console in (printing.out, printing.err):
            self.monkeypatch.setattr(console, "_width", number)

    def __call__(self, *arguments: object) -> Done:
        self.monkeypatch.setattr(sys, "argv", ["senso", *map(str, arguments)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)
