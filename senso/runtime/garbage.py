"""Python's collector of reference cycles, in a process that lives long: seldom, and not over the modules.

With Python's own settings it took a tenth of a call worker's time, most of it walking what the imports had made.
"""

import gc

# New objects, less those that are gone, between two collections. Python's own number is 700.
NEW_OBJECTS = 10_000


def spare_imported_modules() -> None:
    """What exists now is never looked at again: to be called once everything is imported. A cycle in it stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
