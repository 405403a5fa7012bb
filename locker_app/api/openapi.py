"""The OpenAPI document: what the framework writes, with problems where it says errors."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from locker_app.api.problems import MEDIA_TYPE, Problem
from locker_app.version import VERSION

ADDRESS = "/api/v1/openapi.json"

_TITLE = "Cubby"
_DESCRIPTION = """\
Lockers, lines for help and charging spots, live. Sign in for a token, send it as
`Authorization: Bearer …`, and give every POST an `Idempotency-Key` of your own: the same request
with the same key changes nothing more and gets the same answer.

Errors are `application/problem+json` (RFC 9457). Programs go by `code`, which never changes.
"""
_MEANINGS = {
    400: "The request cannot be read, or has no idempotency key",
    401: "Nobody is signed in, or what was entered is wrong",
    403: "Not allowed, or sent by another site's page",
    404: "It does not exist, or no longer",
    409: "Refused as things stand; `code` says why",
    413: "The request is too large",
    422: "Something that was sent is not as it should be",
    429: "Too many tries",
    500: "Something went wrong on our side",
    503: "The database can't be reached right now",
}
_OF_EVERY_POST = (400, 403, 413, 422, 500, 503)
_OF_EVERY_OPERATION = (422, 500, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares of its refusals, besides those that every route has."""
    return {status: {"model": Problem, "description": _MEANINGS[status]} for status in statuses}


def operation_id(route: APIRoute) -> str:
    """The name of an operation in clients made from the document: that of its function."""
    return route.name


def describe(app: FastAPI) -> None:
    """Have the app give our document instead of the framework's."""
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(_document(app))
        return document

    app.openapi = openapi


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=_TITLE, version=VERSION, description=_DESCRIPTION, routes=app.routes
    )
    schemas = document["components"]["schemas"]
    for path in document["paths"].values():
        for method, operation in path.items():
            if "health" not in operation["tags"]:  # that answers in its own way when all is down
                _describe_problems(method, operation)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _describe_problems(method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status in _OF_EVERY_OPERATION if method == "get" else _OF_EVERY_POST:
        responses[str(status)] = {"description": _MEANINGS[status]}
    for response in responses.values():
        if response["description"] in _MEANINGS.values():
            reference = {"$ref": "#/components/schemas/Problem"}
            response["content"] = {MEDIA_TYPE: {"schema": reference}}
    operation["responses"] = dict(sorted(responses.items()))
