"""A database out of reach: which errors mean that, and one line in the log, not thousands."""

import logging
import sqlite3
import time

import psycopg
from sqlalchemy.exc import OperationalError, TimeoutError

KINDS = (OperationalError, TimeoutError, psycopg.OperationalError, sqlite3.OperationalError)
"""What SQLAlchemy and the drivers raise for the outside world's faults. Prepared statements speak
to the driver, so its own kinds come as well."""

LOG_EVERY_SECONDS = 60.0

logger = logging.getLogger(__name__)


class OutageLog:
    """Logs an outage when it begins and then once a minute, however many run into it."""

    def __init__(self) -> None:
        self._logged_at = float("-inf")

    def failed(self, error: BaseException) -> None:
        """Something failed because the database is away."""
        now = time.monotonic()
        if now - self._logged_at >= LOG_EVERY_SECONDS:
            self._logged_at = now
            logger.error("the database can't be reached: %s", str(error).splitlines()[0])


outages = OutageLog()
"""The one of this process."""
