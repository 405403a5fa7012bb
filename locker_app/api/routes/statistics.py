"""How a site was used, for its staff: in figures, and each table as a file for a spreadsheet."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from locker_app.api.answers.statistics import StatisticsAnswer
from locker_app.api.asked import PathId
from locker_app.api.caller import Anyone
from locker_app.api.openapi import problems
from locker_app.domain.spreadsheets import MEDIA_TYPE, file_name
from locker_app.queries import scoped
from locker_app.queries.statistics_tables import TableName, as_file

router = APIRouter(tags=["statistics"], responses=problems(401, 403, 404, 429))

Day = Annotated[date, Query(description="A day at the site.", examples=["2026-03-02"])]


@router.get("/sites/{site_id}/statistics")
async def site_statistics(who: Anyone, site_id: PathId, first: Day, last: Day) -> StatisticsAnswer:
    """How many lockers were held when, how long they were kept, who was refused and waited: in
    figures, without names."""
    found = await who.read(scoped.site_statistics, site_id=site_id, first=first, last=last)
    return StatisticsAnswer.of(found)


@router.get(
    "/sites/{site_id}/statistics/{table}.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def statistics_file(
    who: Anyone, site_id: PathId, table: TableName, first: Day, last: Day
) -> Response:
    """One of the tables, as CSV."""
    found = await who.read(scoped.site_statistics, site_id=site_id, first=first, last=last)
    name = f"{file_name(found.name, 'site')}-{table.value}-{found.first}-{found.last}.csv"
    return Response(
        as_file(table.value, found),
        media_type=MEDIA_TYPE,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
