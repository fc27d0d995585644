"""The garbage collector of a long process. In a process of its own: it is changed for good."""

import subprocess
import sys

PROGRAM = """
import gc, weakref
class Node: pass
def cycle():
    node = Node()
    node.itself = node
    return weakref.ref(node)
from senso.runtime.garbage import spare_imported_modules
old, modules = cycle(), len(gc.get_objects())
spare_imported_modules()
new = cycle()
gc.collect()
print(old() is None, new() is None, len(gc.get_objects()) < modules / 10, gc.get_freeze_count() > modules / 2)
"""


def test_modules_are_not_walked_again_and_cycles_are_still_collected() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["True"] * 4


def test_a_worker_that_is_ready_spares_its_modules() -> None:
    program = """
import gc
from senso.tasks import lifecycle
from senso.worker import shutdown, watchdog
shutdown.close_slots_when_told_to_stop = watchdog.watch = lambda *_: None
lifecycle.take_messages()
print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0] == 10_000)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["True", "True"]
