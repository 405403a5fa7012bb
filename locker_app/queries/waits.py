"""Reads for the estimate of a wait: what a queue's last calls teach, and what to promise now."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from locker_app.db.statement import Statement
from locker_app.db.tables import ticket
from locker_app.domain.waits import LOOK_BACK, Pace, PastCall, Wait, estimate, learn

_T = ticket.c


class _Seconds(FunctionElement[float]):
    """A time as seconds since 1970, made by the database: a hundred of them for every ticket that
    is taken would be slow to convert here."""

    type = NullType()  # as the driver has it  # pyright: ignore[reportAssignmentType]
    inherit_cache = True


@compiles(_Seconds, "sqlite")
def _on_sqlite(element: _Seconds, compiler: SQLCompiler, **more: Any) -> str:
    column = compiler.process(element.clauses, **more)
    return f"(julianday({column}) - 2440587.5) * 86400.0"


@compiles(_Seconds, "postgresql")
def _on_postgresql(element: _Seconds, compiler: SQLCompiler, **more: Any) -> str:
    column = compiler.process(element.clauses, **more)
    return f"CAST(EXTRACT(EPOCH FROM {column}) AS DOUBLE PRECISION)"


def _seconds(column: ColumnElement[datetime]) -> _Seconds:
    return _Seconds(column)


_CALL = select(
    *(_seconds(_T.called_at), _seconds(_T.joined_at), _T.ahead_at_join, _T.steps),
    *(_T.low_seconds, _T.likely_seconds, _T.high_seconds),
).where(_T.queue_id == bindparam("queue_id"))
_ENDED = Statement(
    _CALL.where(_T.ended_at.is_not(None), _T.called_at.is_not(None))
    .order_by(_T.ended_at.desc())
    .limit(literal_column(str(LOOK_BACK + 1)))
)
_AT_DESKS = Statement(
    # the status written out, as it stands in the partial index
    _CALL.where(
        _T.status == literal_column("'serving'"),
        _T.staff_id.is_not(None),
        _T.called_at.is_not(None),
    )
)


def pace_of(conn: Connection, queue_id: int, now: datetime) -> Pace:
    """What the queue's last calls teach. It changes with calls, not as time passes."""
    ended, at_desks = (s.rows(conn, queue_id=queue_id) for s in (_ENDED, _AT_DESKS))
    return _learned((*ended, *at_desks))


def promise(conn: Connection, queue_id: int, ahead: int, now: datetime) -> Wait | None:
    """What to promise who joins now with so many before them; None while nothing is known."""
    return estimate(pace_of(conn, queue_id, now), ahead, now)


@lru_cache(maxsize=256)
def _learned(rows: tuple[Any, ...]) -> Pace:
    """Between two calls everybody who joins, and every screen, asks the same."""
    return learn(_calls(rows))


def _calls(rows: Sequence[Any]) -> list[PastCall]:
    calls: list[PastCall] = []
    for called, joined, ahead, steps, low, likely, high in rows:
        promised = None if steps or not likely else Wait(low, likely, high)
        calls.append(PastCall(called, round(called - joined, 3), ahead, promised))
    return calls
