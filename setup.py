"""Metadata is in setup.cfg. This only puts what stands beside the package, migrations and timetable, into it."""

from pathlib import Path
from shutil import copy2, copytree

from setuptools import setup
from setuptools.command.build_py import build_py

BESIDE = ("alembic", "celerybeat-schedule.py")


class WithWhatStandsBeside(build_py):
    """An installed wheel must be able to migrate and to find the timetable: senso/packaged/ holds its copies."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        packaged = Path(self.build_lib) / "senso" / "packaged"
        packaged.mkdir(parents=True, exist_ok=True)
        for name in BESIDE:
            if Path(name).is_dir():
                copytree(name, packaged / name, dirs_exist_ok=True, ignore=lambda *_: {"__pycache__"})
            else:
                copy2(name, packaged / name)


setup(cmdclass={"build_py": WithWhatStandsBeside})
