"""`/docs`: the OpenAPI document as a page, with a `curl` for each call. It loads nothing, and runs no script."""

import json
import shlex
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from senso.api.examples import example_of
from senso.api.idempotency import HEADER
from senso.api.openapi import Json, document, operations

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "reference.css").read_text()
POLICY = "default-src 'none'; style-src 'sha256-{}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY.format(b64encode(sha256(STYLE.encode()).digest()).decode()),
    "Cache-Control": "no-cache",
}
PAGES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def routes(made: FastAPI) -> APIRouter:
    router = APIRouter()

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(document(made), headers={"Cache-Control": "no-cache"})

    @router.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(page(document(made)), headers=HEADERS, media_type="text/html")

    return router


def page(found: Json) -> str:
    return PAGES.get_template("reference.html").render(info=found["info"], style=STYLE, groups=groups(found))


def groups(found: Json) -> dict[str, list[Json]]:
    """By tag, in the order of the routes: what the page says of each operation."""
    made: dict[str, list[Json]] = {}
    for path, method, operation in operations(found):
        tag = next(iter(operation.get("tags", [])), "other")
        made.setdefault(tag, []).append(said(path, method, operation, found["components"]["schemas"]))
    return made


def said(path: str, method: str, operation: Json, schemas: Json) -> Json:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "about": operation.get("description", operation.get("summary", "")),
        "scopes": [scope for one in operation.get("security", []) for scopes in one.values() for scope in scopes],
        "parameters": [parameter(one) for one in operation.get("parameters", [])],
        "members": members(body["schema"], schemas) if body else [],
        "curl": curl(path, method, operation, body),
        "answers": [answer(status, one) for status, one in sorted(operation["responses"].items())],
    }


def parameter(one: Json) -> Json:
    return {
        "name": one["name"],
        "place": one["in"],
        "required": one.get("required", False),
        "form": form(one.get("schema", {})),
        "about": one.get("description", ""),
    }


def members(schema: Json, schemas: Json) -> list[Json]:
    found = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    required = found.get("required", [])
    return [
        {"name": name, "place": "body", "required": name in required, "form": form(one), "about": about(one)}
        for name, one in found.get("properties", {}).items()
    ]


def about(schema: Json) -> str:
    return str(schema.get("description", ""))


def form(schema: Json) -> str:
    """In words: `integer, 1 to 200, default 50`."""
    kinds = [name(one) for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    parts = [" or ".join(dict.fromkeys(kinds))]
    if "minimum" in schema or "maximum" in schema:
        parts.append(f"{schema.get('minimum', '')} to {schema.get('maximum', '')}")
    parts += [f"one of {', '.join(map(str, schema['enum']))}"] if "enum" in schema else []
    parts += [f"default {schema['default']}"] if schema.get("default") is not None else []
    return ", ".join(part for part in parts if part)


def name(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if schema.get("type") == "array":
        return f"list of {name(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")


def answer(status: str, one: Json) -> Json:
    example = next((content.get("example") for content in one.get("content", {}).values()), None)
    is_good = status.startswith("2")
    return {
        "status": status,
        "about": one.get("description", ""),
        "example": json.dumps(example, indent=2) if is_good and example is not None else "",
    }


def curl(path: str, method: str, operation: Json, body: Json | None) -> str:
    words = [f'curl "$SENSO{path_of(path, operation)}"', '-H "Authorization: Bearer $TOKEN"']
    if method != "get":
        words.insert(1, f"-X {method.upper()}")
    if any(one["name"] == HEADER for one in operation.get("parameters", [])):
        words.append(f'-H "{HEADER}: $(uuidgen)"')
    if body is not None:
        words += ['-H "Content-Type: application/json"', f"-d {shlex.quote(json.dumps(body.get('example')))}"]
    return " \\\n  ".join(words)


def path_of(path: str, operation: Json) -> str:
    """With an example in the place of each parameter."""
    for one in operation.get("parameters", []):
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(example_of(one.get("schema", {}), {})))
    return path
