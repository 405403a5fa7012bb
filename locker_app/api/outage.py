"""A database that can't be reached, told to clients as such."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from locker_app.api.problems import problem_response
from locker_app.db.outage import KINDS, outages
from locker_app.domain.errors import DomainError


class Unavailable(DomainError):
    """The database can't be reached right now. Nothing was lost; please try again in a moment."""

    status = 503


def handle_outages(app: FastAPI) -> None:
    """Have the app answer 503 while the database is away."""

    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        outages.failed(error)
        return problem_response(Unavailable(), {"Retry-After": "5"})

    for kind in KINDS:
        app.add_exception_handler(kind, unavailable)
