"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import DateTime, Dialect, String, TypeDecorator


class _FromDriver(Protocol):
    def __call__(self, value: Any) -> datetime | None: ...


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC and read back aware. Naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps it without the zone, in a form that sorts by time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time cannot be stored: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def result_processor(self, dialect: Dialect, coltype: object) -> _FromDriver:
        """What makes an aware time in UTC of what the driver has: from SQLite a text. Boards read
        thousands of them, so it is one call for each, not SQLAlchemy's chain of four."""
        return _from_text if dialect.name == "sqlite" else _from_driver


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def _from_driver(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class InByteOrder(TypeDecorator[str]):
    """Text that both databases put into the same order: by its letters' numbers. So the beginning
    of a text is a range of an index, and a page begins where the last one ended."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """SQLite's order is this one; PostgreSQL's depends on the machine unless it is said."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(String(collation=collation))
