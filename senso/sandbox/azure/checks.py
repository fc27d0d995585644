"""What Azure OpenAI refuses besides what OpenAI refuses: keys, versions, and names that are no deployment."""

from senso.sandbox.azure.errors import no_version_here, not_found, unauthorized, unknown
from senso.sandbox.env import KEY_START
from senso.sandbox.openai.errors import invalid
from senso.sandbox.openai.models import SNAPSHOTS

# Deployment -> the model behind it. Most people name a deployment after its model.
DEPLOYMENTS = {name: name for name in SNAPSHOTS} | {"our-answers": "gpt-4.1"}


def check_key(key: str | None) -> None:
    if key is None or not key.startswith(KEY_START):
        raise unauthorized()


def check_version(version: str | None, *, classic: bool) -> None:
    if classic and not version:
        raise not_found()
    if version and not classic:
        raise no_version_here()


def model_behind(deployment: object, *, classic: bool) -> str:
    if not isinstance(deployment, str) or not deployment:
        raise invalid("you must provide a model parameter", None, None)
    if deployment not in DEPLOYMENTS:
        raise unknown(deployment, classic=classic)
    return DEPLOYMENTS[deployment]
