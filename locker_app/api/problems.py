"""Every error as `application/problem+json` (RFC 9457), with the stable code of its refusal."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from locker_app.api.refusals import BY_STATUS, BadJson, BadRequest, IdempotencyKeyNeeded
from locker_app.domain.errors import BadInput, DomainError, NumberLocked, TooManyTries, WrongPin
from locker_app.domain.people import LOCK_FOR

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong, for people in `detail`, for programs in `code`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:problem-type:cubby:already_holds",
                    "title": "Already holds",
                    "status": 409,
                    "detail": "Locker A17 is already yours. Give it back to get another.",
                    "code": "already_holds",
                }
            ]
        }
    )

    type: str = Field(description="Names the kind of problem; ends with the code.")
    title: str = Field(description="The kind of problem in a word or two.")
    status: int = Field(description="The HTTP status, once more.")
    detail: str = Field(description="What happened and what to do, in words for a person.")
    code: str = Field(description="The stable name of the refusal.")
    field: str | None = Field(default=None, description="Which input it is about, when known.")
    tries_left: int | None = Field(
        default=None, description="After a wrong PIN: tries before the number is locked."
    )


class ProblemResponse(JSONResponse):
    """A problem on its way out."""

    media_type = MEDIA_TYPE


def problem_response(refusal: DomainError, headers: dict[str, str] | None = None) -> JSONResponse:
    """The refusal as a response."""
    document = Problem(
        type=f"urn:problem-type:cubby:{refusal.code}",
        title=refusal.code.replace("_", " ").capitalize(),
        status=refusal.status,
        detail=str(refusal),
        code=refusal.code,
        field=getattr(refusal, "field", None),
        tries_left=refusal.tries_left if isinstance(refusal, WrongPin) else None,
    )
    return ProblemResponse(
        document.model_dump(exclude_none=True),
        status_code=refusal.status,
        headers={**_headers(refusal), **(headers or {})},
    )


def handle_problems(app: FastAPI) -> None:
    """Have the app answer all its refusals, and the framework's, as problems."""

    async def of_domain(_: Request, error: Any) -> JSONResponse:
        return problem_response(error)

    async def of_framework(_: Request, error: Any) -> JSONResponse:
        refusal = BY_STATUS.get(error.status_code, BadRequest)()
        refusal.status = error.status_code
        return problem_response(refusal, dict(error.headers or {}))

    async def of_validation(_: Request, error: Any) -> JSONResponse:
        return problem_response(_refusal_of(error.errors()))

    app.add_exception_handler(DomainError, of_domain)
    app.add_exception_handler(HTTPException, of_framework)
    app.add_exception_handler(RequestValidationError, of_validation)


def _headers(refusal: DomainError) -> dict[str, str]:
    if refusal.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(refusal, TooManyTries):
        return {"Retry-After": str(refusal.retry_after_seconds)}
    if isinstance(refusal, NumberLocked):
        return {"Retry-After": str(int(LOCK_FOR.total_seconds()))}  # the longest it may last still
    return {}


def _refusal_of(errors: list[dict[str, Any]]) -> DomainError:
    """The refusal for input that is not what a route declares; never with what was sent."""
    for error in errors:
        if error["type"] == "json_invalid":
            return BadJson()
        if error["loc"] == ("header", "Idempotency-Key") and error["type"] == "missing":
            return IdempotencyKeyNeeded()
    first = errors[0]
    if first["loc"] == ("body",):
        return BadInput(f"Send a JSON object as application/json: {first['msg']}.")
    if first["type"] == "extra_forbidden":  # whose name a stranger made up
        return BadInput("Please send only the fields that this address takes; there is another.")
    name = str(first["loc"][-1])
    why = first["msg"].removeprefix("Value error, ")
    return BadInput(f"Please check “{name}”: {why}.", field=name)
