"""The file of a queue's tickets, row by row, for spreadsheets."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from locker_app.domain.csv_text import harmless

HEAD = (
    *("round", "number", "group", "person_number", "person_name", "status"),
    *("joined_at", "called_at", "ended_at", "wait_seconds", "service_seconds"),
    *("served_by", "question", "note"),
)


def cells(row: Any, zone: ZoneInfo) -> list[Any]:
    """A row of `tickets_file.tickets_of` as it stands in the file, with times of the site."""
    done = row.status == "done"
    return [
        *(row.round, row.number, harmless(row.group_number)),
        *(harmless(row.person_number or ""), harmless(row.person_name or ""), row.status),
        *(_local(at, zone) for at in (row.joined_at, row.called_at, row.ended_at)),
        _seconds(row.joined_at, row.called_at),
        _seconds(row.called_at, row.ended_at) if done else "",
        *(harmless(text or "") for text in (row.staff_name, row.question, row.note)),
    ]


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _seconds(since: datetime | None, until: datetime | None) -> int | str:
    if since is None or until is None:
        return ""
    return round((until.astimezone(UTC) - since.astimezone(UTC)).total_seconds())
