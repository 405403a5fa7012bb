"""Imports of people, for those who manage them: the last ones, and how far one is."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.domain.people_import import ImportStatus, encoding_name
from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.queries.people_imports import import_view
from locker_app.queries.people_imports import imports as last_imports

_STATES = list(ImportStatus)


def imports(conn: Connection, _key: int, _now: datetime) -> Vars:
    """The last ones."""
    rows = [
        {
            **flat(row),
            "created_at": millis(row.created_at),
            "finished_at": millis(row.finished_at),
        }
        for row in last_imports(conn)
    ]
    return {"rows": rows, "ready": True}


def people_import(conn: Connection, import_id: int, _now: datetime) -> Vars:
    """One of them; `gone` when there is none."""
    view = import_view(conn, import_id)
    if view is None:
        return {"import_id": import_id, "gone": True}
    said = flat(view)
    del said["id"]
    return {
        **said,
        "import_id": import_id,
        "gone": False,
        "created_at": millis(view.created_at),
        "finished_at": millis(view.finished_at),
        "encoding_name": encoding_name(view.encoding),
        "turn": view.attempt * len(_STATES) + _STATES.index(ImportStatus(view.status)) + 1,
    }
