"""`senso`: parsing and printing, nothing else. An error is one line on stderr that says what to do."""

import os
import sys
from typing import NoReturn

import click

from senso.errors import SensoError

WRONG_USE = 2
INTERRUPTED = 130


def main() -> NoReturn:
    from senso.cli.commands import app  # noqa: PLC0415  `senso --help` and errors should not wait for what is not used

    try:
        code = app(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = WRONG_USE
    except click.ClickException as error:
        code = fail(error.format_message(), WRONG_USE)
    except SensoError as error:
        code = fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        code = INTERRUPTED
    except BrokenPipeError:  # senso ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if os.environ.get("SENSO_DEBUG"):
            raise
        code = fail(f"internal error, {type(error).__name__}: {error}; SENSO_DEBUG=1 shows where", 1)
    sys.exit(code if isinstance(code, int) else 0)


def fail(message: str, code: int) -> int:
    print("senso: " + " ".join(message.split()), file=sys.stderr)  # noqa: T201
    return code
