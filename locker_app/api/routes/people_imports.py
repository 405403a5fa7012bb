"""Imports of people: a file is sent and looked through, then somebody confirms it."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from fastapi.responses import StreamingResponse

from locker_app.api.answers.people import (
    ChangedAnswer,
    ImportAnswer,
    ImportCardAnswer,
    ImportRowsAnswer,
    ImportsAnswer,
    NewImportAnswer,
)
from locker_app.api.asked import ChosenColumns, Confirmed, PathId
from locker_app.api.caller import Anyone, Poster
from locker_app.api.exports import send_file
from locker_app.api.openapi import problems
from locker_app.domain.people_import import MAX_BYTES, RowKind
from locker_app.queries import scoped_people
from locker_app.queries.people_imports import MAX_PAGE, PAGE
from locker_app.services import people_import as commands
from locker_app.services.import_work import look_at
from locker_app.services.runtime import call_now, current

router = APIRouter(
    prefix="/people/imports", tags=["imports of people"], responses=problems(401, 403, 429)
)


@router.post("", responses=problems(409))
async def send_import(
    file: Annotated[UploadFile, File(description="CSV; encoding and separator are recognised.")],
    who: Poster,
) -> NewImportAnswer:
    """Send a file of people. It is looked through, and changes nobody until it is confirmed."""
    await who.read(scoped_people.imports)  # who may not need not be looked at
    data = await file.read(MAX_BYTES + 1)
    upload = await asyncio.to_thread(look_at, file.filename or "", data, current().seal)
    return NewImportAnswer(id=await who.run(commands.open_import, upload=upload))


@router.get("")
async def imports(who: Anyone) -> ImportsAnswer:
    """The last imports, the newest first."""
    rows = await who.read(scoped_people.imports)
    return ImportsAnswer(imports=[ImportCardAnswer.model_validate(row) for row in rows])


@router.get("/{import_id}", responses=problems(404))
async def one_import(import_id: PathId, who: Anyone) -> ImportAnswer:
    """One import, and how far it is."""
    view = await who.read(scoped_people.one_import, import_id=import_id)
    return ImportAnswer.model_validate(view)


@router.get("/{import_id}/rows", responses=problems(404))
async def import_rows(
    import_id: PathId,
    who: Anyone,
    kind: Annotated[RowKind, Query(description="What the rows would do.")] = RowKind.WRONG,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="Behind this line.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = PAGE,
) -> ImportRowsAnswer:
    """Rows of one kind: what they say, or what is wrong with them."""
    rows = await who.read(
        scoped_people.import_rows, import_id=import_id, kind=kind, after=after, limit=limit
    )
    return ImportRowsAnswer.of(rows, limit)


@router.get(
    "/{import_id}/report.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}} | problems(404),
)
async def import_report(import_id: PathId, who: Anyone) -> StreamingResponse:
    """What is wrong with the file, line by line, as CSV."""
    asking = who.asking(scoped_people.import_report, call_now("api").now, import_id=import_id)
    return await send_file(current().db, asking, f"import-{import_id}-wrong.csv")


@router.put("/{import_id}/columns", responses=problems(404, 409))
async def choose_columns(import_id: PathId, asked: ChosenColumns, who: Anyone) -> ChangedAnswer:
    """Have the file read anew, with these columns."""
    changed = await who.run(
        commands.choose_columns,
        import_id=import_id,
        columns={str(name): column for name, column in asked.columns.items()},
        has_head=asked.has_head,
        encoding=asked.encoding,
        delimiter=asked.delimiter,
    )
    return ChangedAnswer(changed=changed)


@router.post("/{import_id}/confirm", responses=problems(404, 409))
async def confirm_import(import_id: PathId, asked: Confirmed, who: Poster) -> ChangedAnswer:
    """Have it done: everybody in it at one moment, or nobody."""
    confirmed = await who.run(
        commands.confirm_import, import_id=import_id, good_only=asked.good_only
    )
    return ChangedAnswer(changed=confirmed)


@router.post("/{import_id}/discard", responses=problems(404, 409))
async def discard_import(import_id: PathId, who: Poster) -> ChangedAnswer:
    """Forget the file. Nobody was changed by it."""
    return ChangedAnswer(changed=await who.run(commands.discard_import, import_id=import_id))
