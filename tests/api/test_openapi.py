"""The OpenAPI document: valid, complete, and true."""

from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.schemas import schema_v31
from pydantic import TypeAdapter
from referencing import Registry, Resource

from locker_app.api import asked, asked_charging
from locker_app.api.problems import MEDIA_TYPE
from tests.api.clients import APP, DOCUMENT, Library

OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


_RULES: dict[str, Any] = dict(schema_v31)
_KNOWN: Registry[Any] = Registry().with_resource(_RULES["$id"], Resource.from_contents(_RULES))


class Validator(OpenAPIV31SpecValidator):
    """With the rules of such documents looked through once, and not at each reference: 2 and not
    8 s."""

    schema_validator = Draft202012Validator({"$ref": _RULES["$id"]}, registry=_KNOWN.crawl())


def test_it_is_served_and_valid(library: Library) -> None:
    answer = library.program().get("/api/v1/openapi.json")

    assert answer.json() == DOCUMENT
    Validator(DOCUMENT).validate()


def test_what_is_not_valid_is_seen() -> None:
    response = {"responses": {"200": {"description": 1}}}
    wrong = {**DOCUMENT, "paths": {"/x": {"get": response}}}
    assert not Validator(wrong).is_valid()


def test_no_page_that_loads_scripts_from_elsewhere(library: Library) -> None:
    for path in ("/docs", "/redoc", "/api/v1/docs", "/openapi.json"):
        assert library.program().get(path).status_code == 404


def test_every_route_is_in_it_except_those_of_the_pages() -> None:
    routes = {
        (method.lower(), route.path_format)
        for route in iter_route_contexts(APP.routes)
        for method in (route.methods or set()) - {"HEAD"}
        if not (route.path or "").startswith(("/auth/", "/qr/", "/go/"))
        and route.path_format != "/api/v1/openapi.json"
    }

    assert routes == {(method, path) for method, path, _ in OPERATIONS}


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_an_operation_is_described(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["operationId"].isidentifier()
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    problems = {
        status: response
        for status, response in operation["responses"].items()
        if status >= "400" and path != "/health"
    }
    assert {"422", "500"} <= set(problems) or path == "/health"
    for response in problems.values():
        assert response["description"]
        schema = response["content"][MEDIA_TYPE]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(set(ids)) == len(ids)


OF_DEVICES = {"/api/v1/terminals/provision", "/api/v1/terminals/keys"}
"""A code is good once by itself, and keys are only read."""


def test_every_post_declares_its_idempotency_key() -> None:
    for method, path, operation in OPERATIONS:
        keys = [p for p in operation.get("parameters", []) if p["name"] == "Idempotency-Key"]
        needed = method == "post" and path not in OF_DEVICES
        assert [key["required"] for key in keys] == ([True] if needed else []), path


def test_both_ways_of_being_somebody_are_declared() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]

    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["cookie"]["in"], schemes["cookie"]["name"]) == ("cookie", "cubby_session")
    for _, path, operation in OPERATIONS:
        if path not in {"/health", *OF_DEVICES}:
            assert {"bearer": []} in operation["security"], path
            assert {"cookie": []} in operation["security"], path


def test_examples_are_what_is_accepted() -> None:
    bodies = [
        kind
        for kind in {**vars(asked), **vars(asked_charging)}.values()
        if isinstance(kind, type) and issubclass(kind, asked.Asked) and kind is not asked.Asked
    ]
    assert len(bodies) >= 6
    for body in bodies:
        examples = {
            name: field.examples[0] for name, field in body.model_fields.items() if field.examples
        }
        needed = {name for name, field in body.model_fields.items() if field.is_required()}
        assert needed <= set(examples), body
        TypeAdapter(body).validate_python(examples)
