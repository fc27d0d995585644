"""Bringing in who is watched."""

from pathlib import Path

from senso.cli.commands.program import Json, app


@app.command("import")
def import_file(file: Path, as_json: Json = False) -> None:
    """Partners, orgs, networks, models from YAML or JSON; again, it changes only what differs."""
    from senso.cli import importing

    importing.import_file(file, as_json=as_json)
