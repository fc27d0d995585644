"""Who types: the operating system's word, since a variable in the environment can say anything."""

import os
import pwd


def actor() -> str:
    """The user's name; the number as text where the number has no name, as in many containers."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
