"""People, for staff: found, added, changed, archived, erased, handed out what there is of them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, StreamingResponse

from locker_app.api.answers.people import (
    ChangedAnswer,
    NewPersonAnswer,
    PeopleAnswer,
    PersonSeenAnswer,
)
from locker_app.api.asked import ChangedPerson, Erase, Leave, NewPerson, PathId, QueryId, Reason
from locker_app.api.caller import Anyone, Poster
from locker_app.api.exports import send_file
from locker_app.api.openapi import problems
from locker_app.domain.spreadsheets import file_name
from locker_app.queries import scoped_people
from locker_app.queries.people_list import MAX_PAGE, PAGE
from locker_app.services import leaving, people
from locker_app.services.runtime import current

router = APIRouter(tags=["people"], responses=problems(401, 403, 429))


@router.get("/people")
async def people_page(
    who: Anyone,
    text: Annotated[
        str,
        Query(
            max_length=scoped_people.MAX_TEXT,
            description="How their number, or words of their name, begin.",
            examples=["Sharma"],
        ),
    ] = "",
    shown: Annotated[
        scoped_people.Shown,
        Query(description="`no_pin`: those who have chosen none yet; `archived`: the archive."),
    ] = "",
    after: Annotated[QueryId, Query(description="Those after this one, by their id.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = PAGE,
) -> PeopleAnswer:
    """People by name, or, when a number is looked for, by number."""
    rows = await who.read(scoped_people.people, text=text, shown=shown, after=after, limit=limit)
    return PeopleAnswer.of(rows, limit)


@router.post("/people", responses=problems(409))
async def add_person(asked: NewPerson, who: Poster) -> NewPersonAnswer:
    """Make somebody known. They choose their PIN when they sign in."""
    added = await who.run(
        people.add_person, number=asked.number, name=asked.name, accessible=asked.accessible
    )
    return NewPersonAnswer(id=added)


@router.get(
    "/people.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def people_file(
    who: Anyone,
    archived: Annotated[bool, Query(description="Those in the archive instead.")] = False,
) -> StreamingResponse:
    """All people as CSV, which can be imported again. How many there are, the header `X-Rows`
    says."""
    now = datetime.now(UTC)
    return await send_file(
        current().db,
        who.asking(scoped_people.people_file, now, archived=archived),
        f"people-{now.date()}.csv",
    )


@router.get("/people/{person_id}", responses=problems(404))
async def person(person_id: PathId, who: Anyone) -> PersonSeenAnswer:
    """One person, with what they have at the sites that you see."""
    return PersonSeenAnswer.of(await who.read(scoped_people.person, person_id=person_id))


@router.put("/people/{person_id}", responses=problems(404, 409))
async def change_person(person_id: PathId, asked: ChangedPerson, who: Anyone) -> ChangedAnswer:
    """Change what is known of a person."""
    changed = await who.run(
        leaving.change_person,
        person_id=person_id,
        number=asked.number,
        name=asked.name,
        accessible=asked.accessible,
        near_last=asked.near_last,
        version=asked.version,
    )
    return ChangedAnswer(changed=changed)


@router.post("/people/{person_id}/archive", responses=problems(404, 409))
async def archive_person(person_id: PathId, asked: Leave, who: Poster) -> ChangedAnswer:
    """Let a person sign in no more. Their history stays, and they can come back."""
    changed = await who.run(
        leaving.archive_person, person_id=person_id, release=asked.release, reason=asked.reason
    )
    return ChangedAnswer(changed=changed)


@router.post("/people/{person_id}/unarchive", responses=problems(404))
async def unarchive_person(person_id: PathId, who: Poster) -> ChangedAnswer:
    """Let a person sign in again."""
    return ChangedAnswer(changed=await who.run(leaving.unarchive_person, person_id=person_id))


@router.post("/people/{person_id}/erase", status_code=204, responses=problems(404, 409))
async def erase_person(person_id: PathId, asked: Erase, who: Poster) -> None:
    """Take out of the database, for good, all that says who somebody was. What happened is still
    counted, and nobody's."""
    await who.run(
        leaving.erase_person,
        person_id=person_id,
        typed=asked.number,
        release=asked.release,
        reason=asked.reason,
    )


@router.get(
    "/people/{person_id}/data",
    response_class=JSONResponse,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}}
    | problems(404),
)
async def data_of_person(person_id: PathId, who: Anyone) -> JSONResponse:
    """All that is known of one person, to be handed out to them."""
    return as_file(await who.read(scoped_people.data_of_person, person_id=person_id))


@router.post("/people/{number:path}/reset-pin", status_code=204, responses=problems(404))
async def reset_pin(
    number: Annotated[str, Path(max_length=200, examples=["CS2021001"])],
    asked: Reason,
    who: Poster,
) -> None:
    """Let a person choose a new PIN: the old one, its lock and all sessions end."""
    await who.run(people.reset_pin, number=number, reason=asked.reason)


def as_file(data: dict[str, object]) -> JSONResponse:
    """What there is of a person as a file of theirs."""
    whose = data["person"]
    number = whose["number"] if isinstance(whose, dict) else ""
    name = f"{file_name(str(number), 'person')}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return JSONResponse(data, headers=headers)
