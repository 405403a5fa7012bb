"""Past sessions at charging spots, read from a file; what is wrong with it is said by line."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

COLUMNS = ("arrival", "departure", "holder", "spot", "stated_departure")
_YEARS = range(2, 9998)
"""Whatever the zone, its clocks have a name for each moment of these."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody was at a spot; all times in UTC."""

    arrival: datetime
    departure: datetime
    holder: str | None = None
    spot: str | None = None
    stated_departure: datetime | None = None


@dataclass
class Sessions:
    """What a file has in it."""

    good: list[Session] = field(default_factory=list)
    """In order of arrival."""
    left_out: list[str] = field(default_factory=list)
    """Why a row could not be used, with its line."""


class Unreadable(Exception):
    """The file as a whole can't be used; the message says why."""


class _Wrong(Exception):
    """One row can't be used."""


def read_sessions(path: Path) -> Sessions:
    """All sessions of a CSV file, in any order.

    Raises:
        Unreadable: it is not there, not text, or has not the columns.
    """
    found = Sessions()
    seen: dict[Session, int] = {}
    try:
        for line, row in _rows(path):
            try:
                session = _session(row)
                if session in seen and (session.holder or session.spot):
                    raise _Wrong(f"the same as line {seen[session]}")
            except _Wrong as wrong:
                found.left_out.append(f"line {line}: {wrong}")
            else:
                seen.setdefault(session, line)
                found.good.append(session)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: not UTF-8 text ({error.reason})") from error
    found.good.sort(key=lambda one: (one.arrival, one.departure))
    return found


def write_sessions(path: Path, sessions: list[Session]) -> None:
    """The same as a file that `read_sessions` reads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in sessions:
            stated = one.stated_departure.isoformat() if one.stated_departure else ""
            times = one.arrival.isoformat(), one.departure.isoformat()
            writer.writerow([*times, one.holder or "", one.spot or "", stated])


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        try:
            head = [name.strip().lower() for name in next(reader, [])]
            missing = [name for name in COLUMNS if name not in head]
            if not head:
                raise Unreadable(f"{path}: empty; its first line has to be {','.join(COLUMNS)}")
            if missing:
                raise Unreadable(f"{path}: line 1: no column {', '.join(missing)}")
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    cells += [""] * (len(head) - len(cells))
                    yield reader.line_num, dict(zip(head, cells, strict=False))
        except csv.Error as error:
            raise Unreadable(f"{path}: line {reader.line_num}: {error}") from error


def _session(row: dict[str, str]) -> Session:
    arrival, departure = _time(row, "arrival"), _time(row, "departure")
    if departure < arrival:
        raise _Wrong("departure before arrival")
    stated = _time(row, "stated_departure") if row["stated_departure"].strip() else None
    return Session(
        arrival, departure, row["holder"].strip() or None, row["spot"].strip() or None, stated
    )


def _time(row: dict[str, str], column: str) -> datetime:
    text = row[column].strip()
    if not text:
        raise _Wrong(f"no {column}")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong(f"{column} is no time: {text[:40]!r}") from None
    if found.tzinfo is None:
        raise _Wrong(f"{column} without a zone: write {text[:40]}Z if it is in UTC")
    if found.year not in _YEARS:
        raise _Wrong(f"{column} is in the year {found.year}")
    return found.astimezone(UTC)
