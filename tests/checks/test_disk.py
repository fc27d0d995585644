"""Room for the embedded servers."""

from types import SimpleNamespace

import pytest

from senso.checks import disk


@pytest.mark.parametrize(("free_mb", "state"), [(50, "fault"), (1_000, "warning"), (10_000, "ok")])
def test_room_that_runs_out_is_said_before_it_has(tmp_path, monkeypatch, free_mb, state):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=free_mb << 20))

    (found,) = disk.findings(tmp_path)

    assert found.state == state
    assert f"{free_mb} MB free" in found.said


def test_a_folder_that_is_not_there_yet_is_looked_at_where_it_will_be(tmp_path):
    (found,) = disk.findings(tmp_path / "not" / "yet")

    assert found.state in {"ok", "warning"}
