"""The client that is generated from our OpenAPI document, as its user would write with it, over real HTTP."""

import os
import re
import subprocess
import sys
import threading
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import pytest
from api_process import serving
from at_work import work_off
from cryptography.fernet import Fernet
from generated_client import DOCUMENT, PACKAGE, kept
from ground import NOWHERE, addresses
from hooks import keys

from senso.api.openapi import operations
from senso.states import Scope
from senso.tasks.stages import deliver

HELD = Fernet.generate_key().decode()
TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
USE = """
from datetime import date
from uuid import UUID

from senso_workflows_client import AuthenticatedClient
from senso_workflows_client.api.batches import list_batches
from senso_workflows_client.models import Batch, BatchState, PageBatch, Problem


def newest(client: AuthenticatedClient, org: UUID) -> Batch | None:
    page = list_batches.sync(client=client, org_id=org, state=[BatchState.COMPLETED], since=date(2026, 11, 1), limit=1)
    if isinstance(page, PageBatch):
        return page.items[0] if page.items else None
    problem: Problem | None = page
    raise LookupError(problem.detail if problem else "")
"""


@pytest.fixture(scope="module", autouse=True)
def client_folder():
    """With the client on the path."""
    folder = str(kept())
    sys.path.insert(0, folder)
    yield folder
    sys.path.remove(folder)


@pytest.fixture(scope="module")
def running_api(one_database, tmp_path_factory):
    given = addresses(NOWHERE) | {"DATABASE_URL": one_database.url}
    given |= {"ENCRYPTION_KEYS": HELD, "WEBHOOKS_TO_LOOPBACK": "true"}
    with serving(tmp_path_factory.mktemp("api"), given) as api:
        yield api


@pytest.fixture
def api(database, running_api):
    return running_api


@pytest.fixture
def client_for(api):
    from senso_workflows_client import AuthenticatedClient  # noqa: PLC0415  after it was generated

    with pytest.MonkeyPatch.context():
        made = []

        def client_with(token):
            made.append(AuthenticatedClient(api.url, token=token))
            return made[-1]

        yield client_with
        for one in made:
            one.get_httpx_client().close()


@pytest.fixture
def encrypting(environment):
    with keys(environment, HELD) as held:
        yield held


def names_of(tag):
    return {one["operationId"] for _, _, one in operations(DOCUMENT) if tag in one["tags"]}


def test_there_is_a_function_for_each_call(client_folder):
    files = {file.stem for file in Path(client_folder, PACKAGE, "api").glob("*/*.py")} - {"__init__"}

    assert files == {one["operationId"] for _, _, one in operations(DOCUMENT)}


def test_names_are_those_of_the_document_and_no_answer_is_of_any_type(client_folder):
    models = {file.stem for file in Path(client_folder, PACKAGE, "models").glob("*.py")}
    asking = [file for file in Path(client_folder, PACKAGE, "api").glob("*/*.py") if "events" not in file.name]

    assert [name for name in models if re.search(r"_type_\d|_item$|additional_property|response_\d", name)] == []
    assert [file.name for file in asking if re.search(r"-> .*\bAny \||\| Any\b", file.read_text())] == []
    assert [file.name for file in asking if re.search(r"\w+: [^=\n]*\bNone\b[^=\n]*= UNSET", file.read_text())] == []
