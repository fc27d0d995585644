"""Old and new processes at work together: a renamed argument, one that is new, a column that is new."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]


def next_version(folder: Path) -> Path:
    """This version with every first argument renamed, and one more that its messages carry."""
    shutil.copytree(ROOT / "senso", folder / "senso")
    renamed = 0
    for file in (folder / "senso" / "tasks").glob("*.py"):
        functions = [with_new_names(function) for function in file.read_text().split("\n\n\n")]
        renamed += sum("the_batch_id: str" in function or "the_run_ids: str" in function for function in functions)
        file.write_text("\n\n\n".join(functions))
    assert renamed >= 6
    change(folder / "senso/tasks/canvas.py", "args=arguments,", 'args=arguments, kwargs={"priority": 1},')
    at_start = (
        'import os\nos.close(os.open(os.environ["SABOTAGE_FOLDER"] + f"/next version.{os.getpid()}", os.O_CREAT))\n'
    )
    change(folder / "senso/worker/queues.py", "CALL_QUEUES = ", at_start + "CALL_QUEUES = ")
    return folder


def with_new_names(function: str) -> str:
    if not re.search(r"def \w+\(\*?(batch_id|run_ids): str, .*\*\*_", function):
        return function
    return re.sub(r"(?<![.\w])(batch_id|run_ids)\b(?!=)", r"the_\1", function)


def change(file: Path, old: str, new: str) -> None:
    assert file.read_text().count(old) == 1
    file.write_text(file.read_text().replace(old, new))


def test_old_and_new_workers_together(fault, tmp_path):
    new = next_version(tmp_path / "next")
    with fault(23, "half of the processes with renamed and new arguments; columns added under load",
        control_workers=2, code_of={"call-2": new, "control-2": new}) as it:  # fmt: skip
        it.strikes(calls=it.product.wait_for_flight(20), processes=it.product.strikes("next version"))
        it.product.make.sql("ALTER TABLE question_runs ADD COLUMN of_the_next_version integer NOT NULL DEFAULT 1")
        it.product.make.sql("ALTER TABLE batches ADD COLUMN of_the_next_version integer")
        it.hit(columns=2)
        it.recovered(it.product.next_end())

    assert it.row.struck["processes"] >= 2
    assert it.row.twice == 0
