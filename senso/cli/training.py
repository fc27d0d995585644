"""`export-training`: verified readings as fine-tuning lines, into a file or to stdout."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from senso import redaction
from senso.cli.acting_user import actor
from senso.cli.environment import connected
from senso.cli.leaving import sigterm_as_exit
from senso.cli.printing import err
from senso.cli.status import moment_since
from senso.db import looking, transaction
from senso.errors import ConfigError, NotFound
from senso.quantities import counted
from senso.queries import reevaluations, triggers
from senso.queries.training import Wanted
from senso.queries.triggers import Concerns
from senso.settings import secrets, settings
from senso.states import Action
from senso.workflows import prompt_versions, training
from senso.workflows.training import Written

STDOUT = "-"


def export(file: str, org: UUID | None, since: str | None, version: str | None, most: int | None) -> None:
    """Raises ConfigError for a file that cannot be written, NotFound for an org that there is not."""
    if version is not None:
        prompt_versions.require_known(version)
    wanted = Wanted(org, None if since is None else moment_since(since).date(), version)
    with sigterm_as_exit(), connected():
        require(org)
        found = Written()
        with opened(file) as out:
            write(out, training.examples(wanted, most, found), found)
        tell(file, wanted, found)


def require(org: UUID | None) -> None:
    with looking() as db:
        if org is not None and not reevaluations.is_org(db, org):
            raise NotFound(f"no org {org}; senso orgs lists them")


@contextmanager
def opened(file: str) -> Iterator[TextIO]:
    """A file gets its name only when the block has ended well; what was there before stays until then."""
    if file == STDOUT:
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(file).resolve()  # behind a link, which stays
    if path.exists() and not path.is_file():
        raise ConfigError(f"{file} cannot be written: it is no ordinary file; - writes to the output")
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with aside.open("x", encoding="utf-8") as made:
            yield made
            made.flush()
            os.fsync(made.fileno())
        aside.replace(path)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            aside.unlink()


def write(out: TextIO, chats: Iterable[dict[str, Any]], found: Written) -> None:
    """A line that held a secret of ours is left out and not counted: an answer may repeat what it was never told."""
    held = secrets(settings())
    for chat in chats:
        line = json.dumps(chat, ensure_ascii=False)
        if redaction.is_in(line.encode(), held):
            found.examples -= 1
        else:
            out.write(line + "\n")


def tell(file: str, wanted: Wanted, found: Written) -> None:
    with transaction() as db:
        said = {"file": file, "examples": found.examples, "since": wanted.since, "prompt": wanted.version}
        subject = f"org:{wanted.org_id}" if wanted.org_id else "training"
        triggers.audit(db, Action.EXPORT, actor(), Concerns(org=wanted.org_id), subject=subject, batch=None, **said)
    err.print(f"{counted(found.examples, 'example')} written.")
    if found.left_out:
        left = counted(found.left_out, "reading is", "readings are")
        err.print(f"{left} left out: by today's names and rules something else is read of the same reply.")
