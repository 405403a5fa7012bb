"""A database that can't be reached: told to clients as such, and not logged for each of them."""

import logging
import sqlite3
import time

import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, TimeoutError

from locker_app.api.problems import problem_response
from locker_app.domain.errors import DomainError

KINDS = (OperationalError, TimeoutError, psycopg.OperationalError, sqlite3.OperationalError)
"""What SQLAlchemy and the drivers raise for the outside world's faults. Prepared statements speak
to the driver, so its own kinds come as well."""

LOG_EVERY_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Unavailable(DomainError):
    """The database can't be reached right now. Nothing was lost; please try again in a moment."""

    status = 503


def handle_outages(app: FastAPI) -> None:
    """Have the app answer 503 while the database is away; logged once a minute."""
    logged_at = float("-inf")

    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        nonlocal logged_at
        now = time.monotonic()
        if now - logged_at >= LOG_EVERY_SECONDS:
            logged_at = now
            _log.error("the database can't be reached", exc_info=error)
        return problem_response(Unavailable(), {"Retry-After": "5"})

    for kind in KINDS:
        app.add_exception_handler(kind, unavailable)
