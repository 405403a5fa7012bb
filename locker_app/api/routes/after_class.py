"""What became of a queue's tickets, for its staff: in figures, and each in a file for a
spreadsheet, which is sent as it is read."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from locker_app.api.answers.after_class import AfterClassAnswer
from locker_app.api.asked import PathId
from locker_app.api.caller import Anyone
from locker_app.api.openapi import problems
from locker_app.domain.spreadsheets import (
    BYTE_ORDER_MARK,
    MEDIA_TYPE,
    file_name,
    harmless,
    written,
)
from locker_app.queries import scoped
from locker_app.queries.tickets_file import Look, tickets_of
from locker_app.services.runtime import current

router = APIRouter(tags=["queues"], responses=problems(401, 403, 404, 429))

Day = Annotated[date, Query(description="A day at the site.", examples=["2026-03-02"])]
HEAD = (
    *("round", "number", "group", "person_number", "person_name", "status"),
    *("joined_at", "called_at", "ended_at", "wait_seconds", "service_seconds"),
    *("served_by", "question", "note"),
)


@router.get("/queues/{queue_id}/after")
async def after_class(who: Anyone, queue_id: PathId, first: Day, last: Day) -> AfterClassAnswer:
    """How many were helped on these days, how long they waited, by hour, day, group and staff."""
    found = await who.read(scoped.queue_looked_back, queue_id=queue_id, first=first, last=last)
    return AfterClassAnswer.of(found)


@router.get(
    "/queues/{queue_id}/tickets.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def tickets_file(who: Anyone, queue_id: PathId, first: Day, last: Day) -> StreamingResponse:
    """The tickets that ended on these days, with times of the site, as CSV."""
    look = await who.read(scoped.tickets_looked_back, queue_id=queue_id, first=first, last=last)
    name = f"{file_name(look.name, 'queue')}-{look.first}-{look.last}.csv"
    return StreamingResponse(
        _lines(look),
        media_type=MEDIA_TYPE,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _lines(look: Look) -> AsyncIterator[str]:
    """The file in pieces, each read when the one before is on its way."""
    zone, after = ZoneInfo(look.time_zone), None
    yield BYTE_ORDER_MARK + written([HEAD])
    while True:
        rows = await current().db.aread(lambda conn: tickets_of(conn, look, after))  # noqa: B023
        if not rows:
            return
        yield written([_cells(row, zone) for row in rows])
        after = rows[-1]


def _cells(row: Any, zone: ZoneInfo) -> list[Any]:
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
