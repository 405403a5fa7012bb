"""The event log for staff: by the page, and as a file for a spreadsheet."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, AwareDatetime

from locker_app.api.answers.events import EventsAnswer
from locker_app.api.asked import QueryId
from locker_app.api.caller import Anyone
from locker_app.api.exports import send_file
from locker_app.api.openapi import problems
from locker_app.queries import scoped
from locker_app.queries.event_filter import MAX_TEXT, Asked
from locker_app.queries.events import MAX_PAGE, PAGE
from locker_app.services.runtime import current

router = APIRouter(tags=["events"], responses=problems(401, 403, 429))

MAX_KINDS = 20
_EXAMPLE = "2026-03-02T08:00:00+01:00"


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such time in UTC") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


def _moment(description: str) -> Any:
    return Query(description=description, examples=[_EXAMPLE])


def _text(description: str, example: str) -> Any:
    return Query(max_length=MAX_TEXT, description=description, examples=[example])


def asked(
    since: Annotated[Moment | None, _moment("From then on.")] = None,
    until: Annotated[Moment | None, _moment("Before that moment.")] = None,
    kind: Annotated[
        list[str] | None,
        Query(max_length=MAX_KINDS, description="Any of these.", examples=[["LockerAssigned"]]),
    ] = None,
    refused: Annotated[
        bool | None, Query(description="Refused attempts alone, or all but them.")
    ] = None,
    by: Annotated[
        str, _text("Who did it: number, login, name, `system` or `nobody`.", "admin")
    ] = "",
    who: Annotated[str, _text("To whom: number or name.", "CS2021001")] = "",
    door: Annotated[str, _text("To which door, as written on it.", "A17")] = "",
    bank_id: QueryId = None,
    queue_id: QueryId = None,
    charger_id: QueryId = None,
    terminal_id: QueryId = None,
    locker_id: QueryId = None,
    site_id: QueryId = None,
) -> Asked:
    """What is asked for; all of it has to hold."""
    return Asked(
        since=since,
        until=until,
        kinds=tuple(kind or ()),
        refused=refused,
        by=by,
        who=who,
        door=door,
        bank_id=bank_id,
        queue_id=queue_id,
        charger_id=charger_id,
        terminal_id=terminal_id,
        locker_id=locker_id,
        site_id=site_id,
    )


Wanted = Annotated[Asked, Depends(asked)]


@router.get("/events")
async def events(
    who: Anyone,
    wanted: Wanted,
    before: Annotated[QueryId, Query(description="Older than this one, by its id.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = PAGE,
) -> EventsAnswer:
    """The event log, newest first, of the sites where you may see it; refused attempts too."""
    page = await who.read(scoped.history, asked=wanted, before=before, limit=limit)
    return EventsAnswer.of(page, limit)


@router.get(
    "/events.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def events_file(who: Anyone, wanted: Wanted) -> StreamingResponse:
    """All events that are asked for, newest first, as CSV, with times of their sites. How many
    there are, the header `X-Rows` says."""
    now = datetime.now(UTC)
    return await send_file(
        current().db, who.asking(scoped.history_file, now, asked=wanted), f"events-{now.date()}.csv"
    )
