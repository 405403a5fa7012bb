"""The bookings of a site's charging spots as a file for a spreadsheet: those that began, or were to
begin, on some days, oldest first. Offers that nobody took are none.

Read in pieces, all in the one snapshot of whoever asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from locker_app.db.tables import booking, charger, person
from locker_app.domain.bookings import BookingStatus
from locker_app.domain.csv_text import harmless
from locker_app.domain.days import span
from locker_app.domain.spreadsheets import BYTE_ORDER_MARK, written
from locker_app.queries.sites import SiteView

CHUNK = 1000
HEAD = (
    *("id", "spot", "status", "how_it_ended", "person_number", "person_name", "shown_as"),
    *("made_at", "starts_at", "came_at", "said_first", "leaves_at", "overstayed_at", "ended_at"),
    *("minutes", "forecast_at", "forecast_low", "forecast_high"),
)
_B = booking.c
_COLUMNS = (
    *(_B.id, charger.c.name, _B.status, _B.end_cause, person.c.number.label("number")),
    *(person.c.name.label("person_name"), _B.shown_as, _B.made_at, _B.starts_at, _B.came_at),
    *(_B.stated_at, _B.leaves_at, _B.overstayed_at, _B.ended_at),
    *(_B.likely_at, _B.low_at, _B.high_at),
)


@dataclass(frozen=True, slots=True)
class BookingsFile:
    """A file that is read while it is sent."""

    site: SiteView
    first: date
    last: date
    rows: int
    """How many it will have, without its head."""
    pieces: Iterator[tuple[int, str]]
    """How many rows have been read so far, with the next piece of the text."""


def bookings_file(
    conn: Connection, site: SiteView, first: date, last: date, charger_id: int | None = None
) -> BookingsFile:
    """The bookings of these days, of one spot or of all. Times are those of the site. To be read
    while the connection's snapshot lasts.

    Raises:
        BadInput: as `days.span`.
    """
    start, end = span(first, last, site.time_zone)
    which = [_B.site_id == site.id, _B.starts_at >= start, _B.starts_at < end]
    which.append(or_(_B.stated_at.is_not(None), _B.status != BookingStatus.OFFERED.value))
    which.append(or_(_B.ended_at.is_(None), _B.end_cause.not_in(("lapsed", "declined"))))
    if charger_id is not None:
        which.append(_B.charger_id == charger_id)
    count = conn.scalar(select(func.count()).select_from(booking).where(*which)) or 0
    pieces = _pieces(conn, which, ZoneInfo(site.time_zone))
    return BookingsFile(site, first, last, count, pieces)


def _pieces(
    conn: Connection, which: list[ColumnElement[bool]], zone: ZoneInfo
) -> Iterator[tuple[int, str]]:
    yield 0, BYTE_ORDER_MARK + written([HEAD])
    statement = (
        select(*_COLUMNS)
        .join(charger, charger.c.id == _B.charger_id)
        .outerjoin(person, person.c.id == _B.person_id)
        .where(*which)
        .order_by(_B.starts_at, _B.id)
        .limit(CHUNK)
    )
    rows, done = conn.execute(statement).all(), 0
    while rows:
        done += len(rows)
        yield done, written([_cells(row, zone) for row in rows])
        last = rows[-1]
        behind = and_(_B.starts_at == last.starts_at, _B.id > last.id)
        after = statement.where(or_(_B.starts_at > last.starts_at, behind))
        rows = conn.execute(after).all() if len(rows) == CHUNK else []


def _cells(row: Any, zone: ZoneInfo) -> list[Any]:
    texts = (row.number, row.person_name, row.shown_as)
    times = (row.made_at, row.starts_at, row.came_at, row.stated_at, row.leaves_at)
    forecast = (row.likely_at, row.low_at, row.high_at)
    return [
        *(row.id, harmless(row.name), row.status, row.end_cause or ""),
        *(harmless(text or "") for text in texts),
        *(_local(at, zone) for at in (*times, row.overstayed_at, row.ended_at)),
        _minutes(row),
        *(_local(at, zone) for at in forecast),
    ]


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _minutes(row: Any) -> float | str:
    """How long the stay was; empty while it goes on, or when it never began."""
    if row.ended_at is None or row.ended_at <= row.starts_at:
        return ""
    length = row.ended_at.astimezone(UTC) - row.starts_at.astimezone(UTC)
    return round(length.total_seconds() / 60, 1)
