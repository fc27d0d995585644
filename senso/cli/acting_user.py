"""The user of a command, from the operating system, because an environment variable can have any value."""

import os
import pwd


def actor() -> str:
    """The user's name; the number as text where the number has no name, as in many containers."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
